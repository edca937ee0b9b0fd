using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Rewards.Scorers;

/// <summary>Scores by a program of the user's, started once for each batch. It is ended with its children when it takes too long.</summary>
public sealed class CommandScorer(CommandSource source) : IScorer
{
    private const int MostErrorText = 500;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public string Name => "command";

    private string Program => $"command.run ({string.Join(' ', source.Run)})";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Chunk(source.BatchSize).SelectMany(ScoreBatch)];

    private double[] ScoreBatch(ScoredText[] items)
    {
        using var process = Start();
        var errors = process.StandardError.ReadToEndAsync();
        var answers = process.StandardOutput.ReadToEndAsync();
        var questions = Task.Run(() => Write(process.StandardInput, items));
        var all = Task.WhenAll(questions, answers, errors, process.WaitForExitAsync());
        if (!all.Wait(TimeSpan.FromSeconds(source.Timeout)))
        {
            process.Kill(entireProcessTree: true);
            throw new RlhfException($"{Program} did not answer for {items.Length} responses within {source.Timeout.ToString(CultureInfo.InvariantCulture)} s and was ended; raise command.timeout or lower command.batch_size");
        }

        if (process.ExitCode != 0) throw new RlhfException($"{Program} ended with code {process.ExitCode}{Said(errors.Result)}");
        return Parse(answers.Result, items.Length, errors.Result);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(source.Run[0])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = Utf8, StandardOutputEncoding = Utf8, StandardErrorEncoding = Utf8,
        };
        foreach (var argument in source.Run.Skip(1)) start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception error) when (error is Win32Exception or FileNotFoundException)
        {
            throw new RlhfException($"{Program} cannot be started: {error.Message}", error);
        }
    }

    /// <summary>A program that ends without reading everything is judged by its answer and exit code, not by the broken pipe.</summary>
    private static void Write(StreamWriter input, ScoredText[] items)
    {
        try
        {
            foreach (var item in items) input.WriteLine(JsonSerializer.Serialize(new { item.Prompt, item.Response }, JsonText.Lines));
            input.Close();
        }
        catch (IOException)
        {
            // The pipe is closed on the other side.
        }
    }

    private double[] Parse(string output, int expected, string errors)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length != expected) throw new RlhfException($"{Program} wrote {lines.Length} scores for {expected} responses{Said(errors)}");
        return [.. lines.Select((line, index) => Parse(line, index + 1))];
    }

    private double Parse(string line, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var value = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("score", out var named) ? named : json.RootElement;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var score) && double.IsFinite(score)) return score;
        }
        catch (JsonException)
        {
            // Said below, together with the other things a line may hold.
        }

        throw new RlhfException($"{Program}: line {number} of its output is '{Short(line)}', expected a number or {{\"score\": number}}");
    }

    private static string Said(string errors) => string.IsNullOrWhiteSpace(errors) ? " and said nothing on stderr" : $"; its stderr ends: {Tail(errors.Trim().ReplaceLineEndings(" "))}";

    private static string Short(string line) => line.Length <= 60 ? line : string.Concat(line.AsSpan(0, 59), "…");

    private static string Tail(string text) => text.Length <= MostErrorText ? text : string.Concat("…", text.AsSpan(text.Length - MostErrorText + 1));
}
