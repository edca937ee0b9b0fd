namespace Rlhf.Foundation.Recipes;

/// <summary>Marks a key that does not change the numbers a run produces, so that a run may be resumed with another value.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MayChangeOnResumeAttribute : Attribute;
