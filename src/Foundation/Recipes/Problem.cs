namespace Rlhf.Foundation.Recipes;

/// <summary>What is wrong with one property: <c>new Problem(nameof(Clip), "found 0.3; expected below clip_high")</c>.</summary>
public sealed record Problem(string Property, string Message);

/// <summary>A recipe record with rules between its keys; called once, after binding.</summary>
public interface IChecked
{
    IEnumerable<Problem> Problems();
}
