namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>A folder that lives as long as a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rlhf-tokenizer-");

    public string Path => _folder.FullName;

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public TemporaryFolder With(string name, string content)
    {
        File.WriteAllText(At(name), content);
        return this;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
