using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Rewards.Judging;

/// <summary>What a judge is asked: its instructions, and the case.</summary>
internal sealed record Question(string System, string User)
{
    /// <summary>Stands for the question and for who answers it, whatever address they have.</summary>
    public string KeyFor(JudgeSource judge)
    {
        var text = string.Join('\0', judge.Model, judge.Temperature.ToString(global::System.Globalization.CultureInfo.InvariantCulture), judge.MaxTokens, System, User);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}

/// <summary>What a judge said, and what that took.</summary>
internal sealed record Answer(string Text, long InputTokens, long OutputTokens);
