using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf tokenizer info</c> and <c>rlhf tokenizer encode</c>: what a tokenizer is, and what it makes of a text.</summary>
internal static class TokenizerTools
{
    public static Command Info() => Command.For<TokenizerInfoRecipe>("tokenizer info", "Says what a tokenizer is: kind, size, special tokens, chat template.", PrintInfo) with
    {
        Positionals = ["tokenizer"],
        Examples = ["rlhf tokenizer info models/gpt2", "rlhf tokenizer info models/gpt2 --json"],
    };

    public static Command Encode() => Command.For<TokenizerEncodeRecipe>("tokenizer encode", "Shows the ids and tokens of a text.", PrintTokens) with
    {
        Positionals = ["tokenizer", "text"],
        Examples = ["rlhf tokenizer encode models/gpt2 \"Once upon a time\"", "rlhf tokenizer encode models/llama text=Hello with=specials --json"],
    };

    private static int PrintInfo(TokenizerInfoRecipe recipe, CommandContext context)
    {
        var info = Load(recipe.Tokenizer, "rlhf tokenizer info FOLDER").Describe();
        if (context.Format == OutputFormat.Json)
        {
            context.Output.WriteLine(JsonSerializer.Serialize(info, JsonText.Lines));
            return 0;
        }

        context.Output.WriteLine($"{recipe.Tokenizer}: {info.Kind}, {info.VocabularySize} tokens, {info.Merges} merges");
        context.Output.WriteLine($"  bos {info.Bos ?? "none"}, eos {info.Eos ?? "none"}, pad {info.Pad ?? "none"}; special: {string.Join(' ', info.SpecialTokens)}");
        context.Output.WriteLine($"  around a text: {string.Join(' ', [.. info.Before, "text", .. info.After])}; chat template: {info.ChatTemplate ?? "none"}");
        return 0;
    }

    private static int PrintTokens(TokenizerEncodeRecipe recipe, CommandContext context)
    {
        var tokenizer = Load(recipe.Tokenizer, "rlhf tokenizer encode FOLDER TEXT");
        var ids = recipe.With switch
        {
            TextReading.Specials => tokenizer.EncodeWithSpecials(recipe.Text),
            TextReading.Ordinary => tokenizer.EncodeOrdinary(recipe.Text),
            _ => tokenizer.Encode(recipe.Text),
        };
        if (context.Format == OutputFormat.Json) context.Output.WriteLine(JsonSerializer.Serialize(new { Ids = ids, Tokens = ids.Select(tokenizer.IdToToken) }, JsonText.Lines));
        else foreach (var id in ids) context.Output.WriteLine($"{id,7}  {tokenizer.IdToToken(id)}");
        return 0;
    }

    private static TextTokenizer Load(string folder, string usage)
        => folder.Length > 0 ? TextTokenizer.Load(folder) : throw new WrongUsageException($"no tokenizer given; expected {usage}");
}

internal sealed record TokenizerInfoRecipe
{
    [Describe("folder of the tokenizer")]
    public string Tokenizer { get; init; } = "";
}

internal sealed record TokenizerEncodeRecipe
{
    [Describe("folder of the tokenizer")]
    public string Tokenizer { get; init; } = "";

    [Describe("the text to encode")]
    public string Text { get; init; } = "";

    [Describe("text (special tokens in it are tokens), specials (and what the model expects around it), ordinary (all is text)")]
    public TextReading With { get; init; } = TextReading.Text;
}

internal enum TextReading
{
    Text,
    Specials,
    Ordinary,
}
