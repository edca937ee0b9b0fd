using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("RewardModel.Tests")]
