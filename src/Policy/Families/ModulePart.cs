namespace Rlhf.Policies.Families;

/// <summary>A linear module of a checkpoint as rows of one of our projections.</summary>
/// <param name="CheckpointName">Its name in the checkpoint, without the family's prefix.</param>
/// <param name="Name">Our projection inside the trunk.</param>
/// <param name="Start">Its first row there.</param>
/// <param name="Rows">Its outputs.</param>
internal sealed record ModulePart(string CheckpointName, string Name, long Start, long Rows, WeightLayout Layout = WeightLayout.AsIs)
{
    /// <summary>The last part of the checkpoint's name, by which adapters choose modules.</summary>
    public string ShortName => CheckpointName[(CheckpointName.LastIndexOf('.') + 1)..];
}
