using Rlhf.Cli.Tests.Scripts;
using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Commands;

public sealed class CompletionCommandTests : IDisposable
{
    private readonly Bash _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData("rlhf mod", "model")]
    [InlineData("rlhf model ex", "export")]
    [InlineData("rlhf ppo ppo.step", "ppo.steps=")]
    [InlineData("rlhf model export forma", "format=")]
    [InlineData("rlhf sft --dry", "--dry-run")]
    public void Bash_WordThatIsBegun_IsCompleted(string line, string expected)
    {
        File.WriteAllText(Path.Combine(_shell.Folder, "completion"), InProcess.Run("completion", "bash").Output);
        var words = line.Split(' ');
        var ending = _shell.Run($"source ./completion; COMP_WORDS=({line}); COMP_CWORD={words.Length - 1}; _rlhf; printf '%s\\n' \"${{COMPREPLY[@]}}\"");
        Assert.True(ending.Code == 0, ending.Error);
        Assert.Equal(expected, ending.Output.Trim());
    }

    [Fact]
    public void Zsh_ReadsTheScriptOfBash()
    {
        var (bash, zsh) = (InProcess.Run("completion", "bash"), InProcess.Run("completion", "zsh"));
        Assert.StartsWith("#compdef rlhf\n", zsh.Output, StringComparison.Ordinal);
        Assert.EndsWith(bash.Output, zsh.Output, StringComparison.Ordinal);
    }
}
