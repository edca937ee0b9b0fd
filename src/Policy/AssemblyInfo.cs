using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Policy.Tests")]
