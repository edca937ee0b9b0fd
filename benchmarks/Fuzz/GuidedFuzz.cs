using SharpFuzz;

namespace Rlhf.Benchmarks.Fuzz;

/// <summary>A parser under AFL++, which keeps the inputs that reach code no other did: finds what takes several right bytes at once.</summary>
internal static class GuidedFuzz
{
    /// <param name="folder">where the real inputs are written if it is empty; without AFL++ around the process that is all</param>
    public static int Run(FuzzTarget target, string folder)
    {
        if (Directory.CreateDirectory(folder).GetFiles().Length == 0)
        {
            foreach (var (number, original) in target.Originals().Index()) File.WriteAllBytes(Path.Combine(folder, $"{target.Format}-{number}"), original);
            return 0;
        }

        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            try
            {
                target.Parse(bytes.ToArray());
            }
            catch (Exception refusal) when (target.Refusals.Any(kind => kind.IsInstanceOfType(refusal)))
            {
                // Said in one line, as it should be.
            }
        });
        return 0;
    }
}
