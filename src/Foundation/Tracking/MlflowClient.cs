using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Rlhf.Foundation.Tracking;

/// <summary>The few calls of MLflow's REST interface (2.0) that a run makes; each is tried again where that may help.</summary>
internal sealed class MlflowClient : IDisposable
{
    private const int MostSaid = 200, LongestBody = 1 << 20;

    private readonly MlflowOptions _options;
    private readonly HttpClient _http;
    private readonly string? _secret;

    /// <param name="variable">reads the environment</param>
    public MlflowClient(MlflowOptions options, Func<string, string?> variable)
    {
        _options = options;
        _http = new HttpClient { Timeout = options.Timeout, BaseAddress = new Uri(options.Address.AbsoluteUri.TrimEnd('/') + "/api/2.0/mlflow/"), MaxResponseContentBufferSize = LongestBody };
        if (variable("MLFLOW_TRACKING_TOKEN")?.Trim() is { Length: > 0 } token) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _secret = token);
        else if (variable("MLFLOW_TRACKING_USERNAME") is { Length: > 0 } user)
        {
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{_secret = variable("MLFLOW_TRACKING_PASSWORD") ?? ""}"));
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", pair);
        }
    }

    /// <summary>The id of the experiment of a name, which is made where there is none.</summary>
    public async Task<string> Experiment(string name, CancellationToken stop)
    {
        var query = $"experiments/get-by-name?experiment_name={Uri.EscapeDataString(name)}";
        if (await Call(HttpMethod.Get, query, null, stop).ConfigureAwait(false) is { } found) return Text(found, "experiment", "experiment_id");
        // Null where another run made it in the meantime.
        return await Call(HttpMethod.Post, "experiments/create", new { name }, stop).ConfigureAwait(false) is { } made ? Text(made, "experiment_id")
            : await Call(HttpMethod.Get, query, null, stop).ConfigureAwait(false) is { } theirs ? Text(theirs, "experiment", "experiment_id")
            : throw new RlhfException($"it neither has the experiment '{name}' nor makes it; it may be deleted there: restore it, or name another");
    }

    /// <summary>Sends a call whose answer says no more than that it was taken; false where what it is about is not there.</summary>
    public async Task<bool> Send(string path, object body, CancellationToken stop) => await Call(HttpMethod.Post, path, body, stop).ConfigureAwait(false) is not null;

    /// <summary>The id of a new run.</summary>
    public async Task<string> CreateRun(object body, CancellationToken stop) =>
        await Call(HttpMethod.Post, "runs/create", body, stop).ConfigureAwait(false) is { } made ? Text(made, "run", "info", "run_id") : throw new RlhfException("it does not know its own experiment");

    public void Dispose() => _http.Dispose();

    /// <returns>Null where it says that something does not exist, or exists already.</returns>
    private async Task<JsonElement?> Call(HttpMethod method, string path, object? body, CancellationToken stop)
    {
        for (var tried = 1; ; tried++)
        {
            string reason;
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
                using var response = await _http.SendAsync(request, stop).ConfigureAwait(false);
                var said = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(stop).ConfigureAwait(false));
                if (response.IsSuccessStatusCode) return Json(said) ?? throw new RlhfException($"what it answers is not JSON ('{Said(said)}'); is that MLflow's address?");
                if (Code(said) is "RESOURCE_DOES_NOT_EXIST" or "RESOURCE_ALREADY_EXISTS") return null;
                reason = $"{(int)response.StatusCode} {response.ReasonPhrase}: '{Said(said)}'";
                if (response.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests) && (int)response.StatusCode < 500) throw new RlhfException(reason);
            }
            catch (HttpRequestException error)
            {
                reason = Said(error.Message);
            }
            catch (TaskCanceledException) when (!stop.IsCancellationRequested)
            {
                reason = $"no answer within {_options.Timeout.TotalSeconds:0.#} s";
            }

            if (tried == _options.Tries) throw new RlhfException($"{reason} (tried {tried} times)");
            await Task.Delay(_options.FirstWait * Math.Pow(2, tried - 1), stop).ConfigureAwait(false);
        }
    }

    private static JsonElement? Json(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text.Length == 0 ? "{}" : text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Code(string text) =>
        Json(text) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("error_code", out var code) && code.ValueKind == JsonValueKind.String ? code.GetString() : null;

    private static string Text(JsonElement json, params string[] path)
    {
        foreach (var name in path)
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out json)) throw new RlhfException($"its answer has no {string.Join('.', path)}; is that MLflow's address?");
        return json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText();
    }

    private string Said(string text)
    {
        var line = (_secret is { Length: > 0 } ? text.Replace(_secret, "…", StringComparison.Ordinal) : text).ReplaceLineEndings(" ").Trim();
        return line.Length <= MostSaid ? line : line[..MostSaid] + "…";
    }
}
