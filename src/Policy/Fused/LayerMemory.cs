using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>What one layer computes, [rows, …] in panels. In the last layer all behind attention is of the rows that are asked for.</summary>
internal sealed unsafe class LayerMemory
{
    /// <summary>Rows behind attention.</summary>
    public required int Behind { get; init; }

    /// <summary>x [N, D].</summary>
    public required Panels Input { get; init; }

    /// <summary>[N, 2].</summary>
    public required nint InputStatistics { get; init; }

    /// <summary>Queries, keys and values [N, H + 2·Hkv heads].</summary>
    public required Panels Fused { get; init; }

    /// <summary>[H, N].</summary>
    public required nint LogSums { get; init; }

    /// <summary>What attention gives [N, H heads].</summary>
    public required Panels Mixed { get; init; }

    /// <summary>x and what attention gives of the rows that are asked for.</summary>
    public required Panels AskedInput { get; init; }

    public required Panels AskedMixed { get; init; }

    /// <summary>x + attention.</summary>
    public required Panels Attended { get; init; }

    /// <summary>[rows, 2].</summary>
    public required nint AttendedStatistics { get; init; }

    /// <summary>Those of the nonlinearity between the products of the feed-forward layer, where there will be a way back; on it, the gradient of what the nonlinearity was given.</summary>
    public required Panels Slopes { get; init; }

    /// <summary>What the nonlinearity gave.</summary>
    public required Panels Hidden { get; init; }

    /// <summary>x + attention + feed-forward: the next layer's input.</summary>
    public required Panels Output { get; init; }

    /// <summary>The gradient of <see cref="Output"/>.</summary>
    public required Panels OutputGradient { get; init; }

    /// <summary>The gradient of <see cref="Attended"/>.</summary>
    public required Panels AttendedGradient { get; init; }

    /// <summary>The gradient of <see cref="Input"/>.</summary>
    public required Panels InputGradient { get; init; }
}
