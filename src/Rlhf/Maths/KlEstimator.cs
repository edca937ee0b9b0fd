namespace Rlhf.Maths;

/// <summary>Which estimate of the divergence from the reference a token is charged for.</summary>
public enum KlEstimator
{
    K1,
    K2,
    K3,
}
