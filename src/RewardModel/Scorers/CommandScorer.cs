using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>
/// Scores by a program of the user's, started once for each batch, in a process of its own with limits of time, memory and
/// output. It is ended with its children when it passes one.
/// </summary>
public sealed class CommandScorer(CommandSource source) : IScorer
{
    private const int MostErrorText = 500, Megabyte = 1 << 20;

    // The limit is set by the shell, which the program then takes the place of.
    private static readonly string[] s_limited = ["-c", "ulimit -v \"$1\" && shift && exec \"$@\"", "sh"];

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public string Name => "command";

    private string Program => $"command.run ({string.Join(' ', source.Run)})";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Chunk(source.BatchSize).SelectMany(ScoreBatch)];

    private double[] ScoreBatch(ScoredText[] items)
    {
        using var process = Start();
        var errors = BoundedOutput.Tail(process.StandardError, MostErrorText);
        var answers = BoundedOutput.Whole(process.StandardOutput, (long)source.OutputMb * Megabyte, () => process.Kill(entireProcessTree: true));
        var questions = Task.Run(() => Write(process.StandardInput, items));
        var all = Task.WhenAll(questions, answers, errors, process.WaitForExitAsync());
        if (!all.Wait(TimeSpan.FromSeconds(source.Timeout)))
        {
            process.Kill(entireProcessTree: true);
            throw new RlhfException($"{Program} did not answer for {items.Length} responses within {source.Timeout.ToString(CultureInfo.InvariantCulture)} s and was ended; raise command.timeout or lower command.batch_size");
        }

        if (answers.Result is not { } written) throw new RlhfException($"{Program} wrote more than {source.OutputMb} MB for {items.Length} responses and was ended; raise command.output_mb or lower command.batch_size");
        if (process.ExitCode != 0)
            throw new RlhfException($"{Program} ended with code {process.ExitCode}{(source.MemoryMb > 0 ? $" (command.memory_mb allows it {source.MemoryMb} MB)" : "")}{Said(errors.Result)}");
        return Parse(written, items.Length, errors.Result);
    }

    private Process Start()
    {
        string[] line = source.MemoryMb == 0 ? [.. source.Run] : ["/bin/sh", .. s_limited, ((long)source.MemoryMb * 1024).ToString(CultureInfo.InvariantCulture), .. source.Run];
        var start = new ProcessStartInfo(line[0])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = s_utf8, StandardOutputEncoding = s_utf8, StandardErrorEncoding = s_utf8,
        };
        foreach (var argument in line.Skip(1)) start.ArgumentList.Add(argument);
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
    private void Write(StreamWriter input, ScoredText[] items)
    {
        try
        {
            foreach (var item in items) input.WriteLine(Line(item));
            input.Close();
        }
        catch (IOException)
        {
            // The pipe is closed on the other side.
        }
    }

    private string Line(ScoredText item) => source.Columns.Count == 0
        ? JsonSerializer.Serialize(new { item.Prompt, item.Response }, JsonText.Lines)
        : JsonSerializer.Serialize(new { item.Prompt, item.Response, Columns = source.Columns.ToDictionary(column => column, item.Fact) }, JsonText.Lines);

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
        catch (Exception error) when (error is JsonException or InvalidOperationException)   // the second: half a surrogate pair in a name
        {
            // Said below, together with the other things a line may hold.
        }

        throw new RlhfException($"{Program}: line {number} of its output is '{PlainText.Beginning(line)}', expected a number or {{\"score\": number}}");
    }

    private static string Said(string errors) => string.IsNullOrWhiteSpace(errors) ? " and said nothing on stderr" : $"; its stderr ends: {errors.Trim().ReplaceLineEndings(" ")}";
}
