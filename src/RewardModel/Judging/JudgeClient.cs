using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Judging;

/// <summary>Asks an address that speaks OpenAI's chat completions, again where that may help. The key is sent and appears nowhere else.</summary>
internal sealed class JudgeClient : IDisposable
{
    private const int MostSaid = 200, LongestBody = 1 << 20;

    private readonly JudgeSource _judge;
    private readonly string _name;
    private readonly string? _key;
    private readonly HttpClient _http;
    private long _requests, _retries;

    /// <param name="name">of the recipe's key, for messages</param>
    public JudgeClient(JudgeSource judge, string name)
    {
        (_judge, _name) = (judge, $"{name} ({judge.Model} at {judge.BaseUrl})");
        if (judge.KeyVariable.Length > 0)
        {
            _key = Environment.GetEnvironmentVariable(judge.KeyVariable)?.Trim();
            if (string.IsNullOrEmpty(_key)) throw new RlhfException($"{name}.key_variable: the environment variable {judge.KeyVariable} is not set; put the key there, or leave key_variable empty for a server that asks for none");
            if (!_key.All(c => c is > ' ' and <= '~')) throw new RlhfException($"{name}.key_variable: what {judge.KeyVariable} holds is no key; expected letters, digits and signs without spaces");
        }

        _http = new HttpClient { Timeout = TimeSpan.FromSeconds(judge.Timeout), BaseAddress = new Uri(judge.BaseUrl.TrimEnd('/') + "/"), MaxResponseContentBufferSize = LongestBody };
        if (_key is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _key);
    }

    /// <summary>Requests sent so far, those that failed included.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>How many of them asked again.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <param name="stop">asks no more; what is asked already is waited for, since it will be charged</param>
    /// <exception cref="RlhfException">No answer came, or asking again cannot help.</exception>
    public async Task<Answer> Ask(Question question, string key, CancellationToken stop)
    {
        for (var attempt = 0; ; attempt++)
        {
            var (answer, refusal) = await Try(question).ConfigureAwait(false);
            if (answer is not null) return answer;
            if (attempt == _judge.Retries)
                throw new RlhfException($"{_name}: no answer after {attempt + 1} {(attempt == 0 ? "try" : "tries")}: {refusal!.Reason}; what was answered so far is kept, run the same command again when the server is back");
            Interlocked.Increment(ref _retries);
            await Task.Delay(Patience.Before(attempt, TimeSpan.FromSeconds(_judge.Backoff), refusal!.Wait, key), stop).ConfigureAwait(false);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<(Answer? Answer, Refusal? Refusal)> Try(Question question)
    {
        Interlocked.Increment(ref _requests);
        try
        {
            using var content = JsonContent.Create(new
            {
                model = _judge.Model,
                temperature = _judge.Temperature,
                max_tokens = _judge.MaxTokens,
                messages = new[] { new { role = "system", content = question.System }, new { role = "user", content = question.User } },
            });
            using var response = await _http.PostAsync(new Uri("chat/completions", UriKind.Relative), content).ConfigureAwait(false);
            // Whatever charset it claims.
            var body = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false));
            if (!response.IsSuccessStatusCode) return (null, Refused(response, body));
            return Read(body) is { } answer ? (answer, null) : (null, new Refusal($"it said something that is no chat completion: '{Said(body)}'", null));
        }
        catch (HttpRequestException error)
        {
            return (null, new Refusal(Said(error.Message), null));
        }
        catch (TaskCanceledException)
        {
            return (null, new Refusal($"it took more than {_judge.Timeout:0.#} s", null));
        }
    }

    /// <summary>What may pass with time; what will not is thrown.</summary>
    private Refusal Refused(HttpResponseMessage response, string body)
    {
        var code = (int)response.StatusCode;
        var reason = $"{code} {response.ReasonPhrase}: '{Said(body)}'";
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw new RlhfException($"{_name}: {reason}; {(_judge.KeyVariable.Length > 0 ? $"check the key in {_judge.KeyVariable}" : "it wants a key: name the environment variable that holds it as key_variable")}");
        if (code is not (408 or 409 or 425 or 429) && code < 500) throw new RlhfException($"{_name}: {reason}; check base_url and model");
        var wait = response.Headers.RetryAfter is not { } after ? null : after.Delta ?? after.Date - DateTimeOffset.UtcNow;
        return new Refusal(reason, wait);
    }

    /// <summary>What a body says; null where it is no chat completion.</summary>
    internal Answer? Read(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0) return null;
            if (choices[0].ValueKind != JsonValueKind.Object || !choices[0].TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object
                || !message.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String) return null;
            var usage = json.RootElement.TryGetProperty("usage", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
            return new Answer(WithoutKey(content.GetString()!), Tokens(usage, "prompt_tokens"), Tokens(usage, "completion_tokens"));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)   // the second: half a surrogate pair in its words
        {
            return null;
        }
    }

    private static long Tokens(JsonElement usage, string name) =>
        usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty(name, out var tokens) && tokens.ValueKind == JsonValueKind.Number && tokens.TryGetInt64(out var count) ? count : 0;

    private string Said(string text) => PlainText.Beginning(WithoutKey(text).Trim(), MostSaid);

    /// <summary>A server may repeat what it was sent: the key is taken out of its words.</summary>
    private string WithoutKey(string text) => _key is null ? text : text.Replace(_key, "***", StringComparison.Ordinal);

    private sealed record Refusal(string Reason, TimeSpan? Wait);
}
