namespace Rlhf.Reports.Charts;

/// <summary>How values are spread along an axis.</summary>
public enum ScaleKind
{
    Linear,

    /// <summary>Equal ratios at equal distances; values that are not above 0 have no place.</summary>
    Log,

    /// <summary>KL on this scale is drift d = √KL; values below 0 stand at 0.</summary>
    SquareRoot,
}
