using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.Tests.Models;

namespace Rlhf.Rewards.Tests.Scorers;

public sealed class RewardModelScorerTests
{
    [Fact]
    public void Score_TokenizerOfItsOwn_SeesAnEndWhereThePolicyWroteOne()
    {
        const int PolicyEos = 5;
        using var folder = new TemporaryFolder();
        BpeTrainer.Train(["x"], new BpeTrainingOptions { VocabularySize = 258, MinFrequency = 1000 }).Save(folder.Path);
        var tokenizer = TextTokenizer.Load(folder.Path);
        using var ensemble = new RewardEnsemble([RewardModel.Create(TinyReward.Policy(vocabulary: 258).Trunk, 1, 1)], new EnsembleOptions());
        var scorer = new ForeignRewardModelScorer(ensemble, tokenizer, new HashSet<int> { PolicyEos, 4 });

        var scores = scorer.Score([new ScoredText("a", "bc", [1], [2, 3, PolicyEos]), new ScoredText("a", "bc", [1], [2, 3]), new ScoredText("a", "bc", [1], [2, 4])]);

        int[] open = [.. tokenizer.EncodeWithSpecials("a"), .. tokenizer.Encode("bc")];
        var expected = ensemble.Score([[.. open, tokenizer.Eos!.Value], open, [.. open, tokenizer.Eos!.Value]], tokenizer.PadOrEos);
        Assert.Equal(expected.Select(one => one.Score), scores);
        Assert.NotEqual(scores[0], scores[1]);
    }
}
