using Rlhf.Policies.Families;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>The angles of all of a model's layers: those that see a window alone may turn otherwise than the rest.</summary>
/// <param name="reach">the longest that sequences become; null: each pass goes by its own longest</param>
internal sealed class RotarySet(TransformerConfig config, long? reach = null) : IDisposable
{
    private readonly RotaryTables? _full = Of(config.Rotary, config, reach);
    private readonly RotaryTables? _windowed = Of(config.WindowRotary, config, reach);

    /// <summary>Angles of at least the first positions, as most layers have them; null where nothing turns.</summary>
    public (Tensor Cosines, Tensor Sines)? Covering(long length, Device device) => _full?.Covering(length, device);

    /// <summary>Those of one layer.</summary>
    public (Tensor Cosines, Tensor Sines)? Covering(int layer, long length, Device device) => config.RotaryOf(layer) switch
    {
        null => null,
        var rotary when _windowed is not null && ReferenceEquals(rotary, config.WindowRotary) => _windowed.Covering(length, device),
        _ => _full!.Covering(length, device),
    };

    public void Dispose()
    {
        _full?.Dispose();
        _windowed?.Dispose();
    }

    private static RotaryTables? Of(RotaryConfig? rotary, TransformerConfig config, long? reach) => rotary is null ? null : new RotaryTables(rotary, config.Context, reach);
}
