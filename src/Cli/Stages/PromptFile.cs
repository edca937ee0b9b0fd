using Rlhf.Cli.Shell;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Stages;

/// <summary>Prompts from a file, as the policy reads them.</summary>
internal static class PromptFile
{
    /// <param name="key">The recipe's key of the file, for messages.</param>
    /// <param name="section">Says how its rows are read.</param>
    /// <param name="scores">May ask for columns beside the prompt.</param>
    public static Prompt[] Read(string path, string key, PpoRecipe section, TextTokenizer tokenizer, CommandContext context, params ReadOnlySpan<ScoreOptions?> scores)
    {
        var log = new DefectLog(section.OnDefect);
        var columns = new List<string>();
        foreach (var score in scores) columns.AddRange(score?.Columns() ?? []);
        var rows = new PreferenceFile(section.Columns, DialogueForms.Of(section.ChatTemplate, tokenizer)).Prompts(path, log, [.. columns.Distinct()]).ToArray();
        if (log.Total > 0) context.Progress.Warn($"{path}: {log}");
        Prompt[] all = [.. rows.Select((row, i) => new Prompt(i, row.Prompt, ReplyTokens.Prompt(tokenizer, row.Prompt)) { Facts = row.Facts })];
        Prompt[] kept = [.. all.Where(prompt => prompt.Tokens.Length > 0 && prompt.Tokens.Length <= section.MaxPromptTokens)];
        if (kept.Length == 0) throw new RlhfException($"{key}: {path}: none of its {all.Length} prompts has 1 to {section.MaxPromptTokens} tokens (ppo.max_prompt_tokens)");
        if (kept.Length < all.Length) context.Progress.Warn($"{path}: {all.Length - kept.Length} of {all.Length} prompts are empty or longer than {section.MaxPromptTokens} tokens and left out");
        return kept;
    }

    public static Prompt[] Single(string text, TextTokenizer tokenizer) => [new Prompt(0, text, ReplyTokens.Prompt(tokenizer, text))];
}
