namespace Rlhf.Foundation.Recipes;

/// <summary>A bound on a number, or on a name; a recipe outside it is refused with the key's name.</summary>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public abstract class BoundAttribute : Attribute
{
    /// <summary>What the bound asks for, as it follows "expected": <c>at least 1</c>.</summary>
    public abstract string Wording { get; }

    public abstract bool Holds(IConvertible value);

    private protected static string Text(double limit) => Scalars.Number(limit);
}

/// <summary>value ≥ limit.</summary>
public sealed class AtLeastAttribute(double limit) : BoundAttribute
{
    public double Limit { get; } = limit;

    public override string Wording => $"at least {Text(Limit)}";

    public override bool Holds(IConvertible value) => value.ToDouble(null) >= Limit;
}

/// <summary>value ≤ limit.</summary>
public sealed class AtMostAttribute(double limit) : BoundAttribute
{
    public double Limit { get; } = limit;

    public override string Wording => $"at most {Text(Limit)}";

    public override bool Holds(IConvertible value) => value.ToDouble(null) <= Limit;
}

/// <summary>value &gt; limit.</summary>
public sealed class AboveAttribute(double limit) : BoundAttribute
{
    public double Limit { get; } = limit;

    public override string Wording => $"above {Text(Limit)}";

    public override bool Holds(IConvertible value) => value.ToDouble(null) > Limit;
}

/// <summary>value &lt; limit.</summary>
public sealed class BelowAttribute(double limit) : BoundAttribute
{
    public double Limit { get; } = limit;

    public override string Wording => $"below {Text(Limit)}";

    public override bool Holds(IConvertible value) => value.ToDouble(null) < Limit;
}
