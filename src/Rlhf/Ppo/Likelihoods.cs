using Rlhf.Policies.Generation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>What policy, reference and critic make of every response token of a batch: tables [B,T], 0 for padding.</summary>
internal sealed class Likelihoods
{
    private const int Kinds = 4, TeacherKinds = 3;

    public required Tensor LogProbs { get; init; }

    public required Tensor ReferenceLogProbs { get; init; }

    public required Tensor ExactKl { get; init; }

    public required Tensor Entropy { get; init; }

    public Tensor? Values { get; init; }

    public Tensor? TeacherLogProbs { get; init; }

    public Tensor? TeacherKl { get; init; }

    /// <summary>The share of the teacher's probability on tokens that the policy does not have.</summary>
    public Tensor? TeacherOutside { get; init; }

    /// <summary>One forward pass of each model over each episode, at most so many tokens at a time: [4,N], one more with a critic, three more with a teacher.</summary>
    /// <param name="states">what the policy drew the tokens from, which saves its pass</param>
    internal static TokenNumbers Judge(IReadOnlyList<Episode> episodes, LanguageActorCritic models, Reference reference, int maxTokens, DrawnStates? states = null)
    {
        using var off = no_grad();
        using var present = reference.Use();
        using var scope = NewDisposeScope();
        if (episodes.Count == 0) return new TokenNumbers(zeros(Kinds + (models.Critic is null ? 0 : 1) + (models.Teacher is null ? 0 : TeacherKinds), 0, device: models.Policy.HeadWeight.device).MoveToOuterDisposeScope(), []);
        var parts = MicroBatches.Split(Enumerable.Range(0, episodes.Count), row => episodes[row].Cost, maxTokens);
        Tensor[] numbers = [.. parts.Select(part => OfPart(episodes, part, models, reference, states))];
        return new TokenNumbers(cat(numbers, 1).MoveToOuterDisposeScope(), [.. parts.SelectMany(part => part)]);
    }

    /// <summary>The numbers that <see cref="Judge"/> found, each at the place of its token.</summary>
    internal static Likelihoods Of(TokenNumbers tokens, TokenLayout layout)
    {
        using var scope = NewDisposeScope();
        var tables = layout.Spread(tokens.Numbers, tokens.Rows).unbind(0);
        var (critic, teacher) = ((tables.Length - Kinds) % TeacherKinds == 1, tables.Length - TeacherKinds);
        return new Likelihoods
        {
            LogProbs = tables[0].MoveToOuterDisposeScope(),
            ReferenceLogProbs = tables[1].MoveToOuterDisposeScope(),
            ExactKl = tables[2].MoveToOuterDisposeScope(),
            Entropy = tables[3].MoveToOuterDisposeScope(),
            Values = critic ? tables[Kinds].MoveToOuterDisposeScope() : null,
            TeacherLogProbs = teacher >= Kinds ? tables[teacher].MoveToOuterDisposeScope() : null,
            TeacherKl = teacher >= Kinds ? tables[teacher + 1].MoveToOuterDisposeScope() : null,
            TeacherOutside = teacher >= Kinds ? tables[teacher + 2].MoveToOuterDisposeScope() : null,
        };
    }

    private static Tensor OfPart(IReadOnlyList<Episode> episodes, int[] part, LanguageActorCritic models, Reference reference, DrawnStates? states)
    {
        using var scope = NewDisposeScope();
        using var tokens = models.Read([.. part.Select(row => episodes[row].Exchange)]);
        var hidden = states?.Of(part.Select(row => (row, episodes[row].Response.Length))) ?? models.Policy.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        var referenceHidden = reference.Hidden(tokens);
        using var both = PolicyComparison.Of(
            hidden, models.Policy.Head, referenceHidden, reference.Model.Head, tokens.Targets, models.Temperature);
        List<Tensor> numbers = [both.LogProbs, both.ReferenceLogProbs, both.Kl, both.Entropies];
        if (models.Critic is { } critic) numbers.Add(critic.Values(tokens, hidden));
        if (models.Teacher is { } teacher) numbers.AddRange(teacher.Judge(tokens, hidden, models.Policy.Head, models.Temperature).unbind(0));
        return stack(numbers).MoveToOuterDisposeScope();
    }
}
