namespace Rlhf.Foundation.Recipes;

/// <summary>Marks a key that names a file, files or a folder a run's numbers depend on: the run goes on only while they are what they were.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InputAttribute : Attribute;
