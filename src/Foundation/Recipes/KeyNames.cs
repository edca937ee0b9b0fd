using System.Text;

namespace Rlhf.Foundation.Recipes;

/// <summary>snake_case keys from C# names, and the known key nearest to a misspelt one.</summary>
internal static class KeyNames
{
    /// <summary><c>KlCoefficient</c> → <c>kl_coefficient</c>, <c>Beta1</c> → <c>beta1</c>, <c>BFloat16</c> → <c>bfloat16</c>.</summary>
    public static string Snake(string name)
    {
        var snake = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsUpper(name[i]) && i > 0 && !char.IsUpper(name[i - 1]);
            if (startsWord && name[i - 1] != '_') snake.Append('_');
            snake.Append(char.ToLowerInvariant(name[i]));
        }

        return snake.ToString();
    }

    /// <summary>The candidate a typist most likely meant, or null when none is near.</summary>
    public static string? Nearest(string typed, IEnumerable<string> candidates)
    {
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in candidates)
        {
            var distance = Distance(typed, candidate);
            var limit = Math.Max(2, Math.Max(typed.Length, candidate.Length) / 3);
            var holdsIt = typed.Length >= 3 && (candidate.Contains(typed, StringComparison.Ordinal) || typed.Contains(candidate, StringComparison.Ordinal));
            if (distance > limit && !holdsIt) continue;
            if (distance >= bestDistance) continue;
            (best, bestDistance) = (candidate, distance);
        }

        return best;
    }

    /// <summary>Damerau–Levenshtein (optimal string alignment) distance.</summary>
    internal static int Distance(string a, string b)
    {
        if (a.Length > 100 || b.Length > 100) return int.MaxValue;
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) table[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(substitution, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[a.Length, b.Length];
    }
}
