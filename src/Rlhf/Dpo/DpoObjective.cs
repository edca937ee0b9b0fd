namespace Rlhf.Dpo;

/// <summary>Which preference loss is used.</summary>
public enum DpoObjective
{
    /// <summary>Direct preference optimisation.</summary>
    Sigmoid,

    /// <summary>A squared distance from a margin that is enough.</summary>
    Ipo,

    /// <summary>Replies that are desirable or not, without pairs.</summary>
    Kto,

    /// <summary>The likelihood of the chosen reply and the odds against the other, without a reference.</summary>
    Orpo,

    /// <summary>Mean log-probs with a margin, without a reference.</summary>
    Simpo,
}

/// <summary>What stands for a reply in a loss.</summary>
public enum ReplyLogProb
{
    /// <summary>ln π of the whole reply.</summary>
    Sum,

    /// <summary>Its mean over the reply's tokens: long replies are worth no more than short ones.</summary>
    Mean,
}
