using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;

namespace Rlhf.Cli.Web.Playing;

/// <summary>Draws responses from models of the shelf, a token at a time.</summary>
internal static class Sampled
{
    /// <summary>A response whose tokens are told as they come.</summary>
    /// <param name="tell">Is told each token, with the response so far.</param>
    public static async Task<TextStream> Draw(ModelShelf shelf, LoadedModel model, int[] prompt, SamplingOptions options, RandomKey key, int likeliest, Func<DrawnToken, TextStream, Task> tell, CancellationToken gone)
    {
        var stream = await shelf.Compute(() => new TextStream(model.Policy, model.Tokenizer, prompt, options, key, likeliest), gone);
        try
        {
            while (await shelf.Compute(stream.Next, gone) is { } token) await tell(token, stream);
            return stream;
        }
        finally
        {
            await shelf.Compute(() =>
            {
                stream.Dispose();
                return true;
            }, CancellationToken.None);
        }
    }
}
