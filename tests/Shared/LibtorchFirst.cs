using System.Runtime.CompilerServices;
using Rlhf.Foundation.Torch;

namespace Rlhf.TestSupport;

/// <summary>Some tests touch TorchSharp before anything of ours, which is what finds libtorch for it.</summary>
internal static class LibtorchFirst
{
    [ModuleInitializer]
    internal static void Find() => RuntimeHelpers.RunModuleConstructor(typeof(Libtorch).Module.ModuleHandle);
}
