using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Finds the prompt in two whole texts or dialogues that share it.</summary>
internal static class SharedPrompt
{
    /// <summary>
    /// Texts with turns marked <c>\n\nAssistant:</c> are split after the last mark; other texts at the last word
    /// boundary of what both begin with.
    /// </summary>
    public static Sides? Split(string chosen, string rejected, out Fault? fault)
    {
        fault = null;
        var (first, second) = (AfterLastMark(chosen), AfterLastMark(rejected));
        if (first < 0 || second < 0) return SplitPlain(chosen, rejected, out fault);
        if (chosen.AsSpan(0, first).SequenceEqual(rejected.AsSpan(0, second)))
            return new Sides(chosen[..first], chosen[first..], rejected[second..]);
        var same = chosen.AsSpan().CommonPrefixLength(rejected);
        fault = same == 0
            ? new Fault(DefectKind.NoSharedPrefix, "the two sides have no beginning in common")
            : new Fault(DefectKind.PromptsDiffer, $"the dialogues before the last reply differ from character {same + 1} on");
        return null;
    }

    /// <summary>Dialogues whose last turn is the reply.</summary>
    public static Sides? Split(IReadOnlyList<ChatMessage> chosen, IReadOnlyList<ChatMessage> rejected, DialogueForm form, out Fault? fault)
    {
        fault = Ending(chosen, "chosen") ?? Ending(rejected, "rejected");
        if (fault is not null) return null;
        var same = 0;
        while (same < Math.Min(chosen.Count, rejected.Count) && chosen[same] == rejected[same]) same++;
        if (same == 0) fault = new Fault(DefectKind.NoSharedPrefix, "the two dialogues have no turn in common");
        else if (chosen.Count != rejected.Count || same < chosen.Count - 1)
            fault = new Fault(DefectKind.PromptsDiffer, $"the dialogues before the last reply differ from turn {same + 1} on");
        if (fault is not null) return null;
        return new Sides(form.Prompt([.. chosen.SkipLast(1)]), Reply(chosen, form), Reply(rejected, form));
    }

    private static Sides? SplitPlain(string chosen, string rejected, out Fault? fault)
    {
        var end = LastBoundary(chosen, chosen.AsSpan().CommonPrefixLength(rejected));
        fault = chosen == rejected ? new Fault(DefectKind.IdenticalSides, "the two texts are the same")
            : end == 0 ? new Fault(DefectKind.NoSharedPrefix, "the two texts have no word at the beginning in common, and there is no prompt column")
            : null;
        return fault is null ? new Sides(chosen[..end], chosen[end..], rejected[end..]) : null;
    }

    /// <summary>The start of the white space before the word that <paramref name="end"/> falls into.</summary>
    private static int LastBoundary(string text, int end)
    {
        while (end > 0 && !char.IsWhiteSpace(text[end - 1])) end--;
        while (end > 0 && char.IsWhiteSpace(text[end - 1])) end--;
        return end;
    }

    private static int AfterLastMark(string text)
    {
        var at = text.LastIndexOf(DialogueForm.Assistant, StringComparison.Ordinal);
        return at < 0 ? -1 : at + DialogueForm.Assistant.Length;
    }

    private static Fault? Ending(IReadOnlyList<ChatMessage> dialogue, string side) => dialogue switch
    {
        [] => new Fault(DefectKind.NoReply, $"the {side} dialogue has no turns"),
        [.., { Role: "assistant" or "gpt" }] => null,
        [.., var last] => new Fault(DefectKind.NoReply, $"the {side} dialogue ends with a turn of '{last.Role}', not of the assistant"),
    };

    /// <summary>An empty reply stays empty, whatever the form puts before replies.</summary>
    private static string Reply(IReadOnlyList<ChatMessage> dialogue, DialogueForm form) =>
        dialogue[^1].Content.Length == 0 ? "" : form.Reply(dialogue[^1].Content);
}
