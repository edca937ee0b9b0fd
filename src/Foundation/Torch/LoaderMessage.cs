namespace Rlhf.Foundation.Torch;

/// <summary>What the system's loader said, without the advice that .NET puts around it.</summary>
internal static class LoaderMessage
{
    public static string Of(Exception failure, string path)
    {
        var lines = failure.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        // The first line is .NET's; of the places it tried, the file itself comes first.
        var told = lines.Skip(1).FirstOrDefault() ?? lines.FirstOrDefault() ?? "";
        return told.StartsWith(path + ":", StringComparison.Ordinal) ? told[(path.Length + 1)..].Trim() : told;
    }
}
