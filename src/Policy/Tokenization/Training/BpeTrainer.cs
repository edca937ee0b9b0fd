namespace Rlhf.Policies.Tokenization.Training;

/// <summary>
/// Trains a byte-level BPE (Sennrich et al. 2016): the most frequent pair of neighbours becomes a token, again and again;
/// of equally frequent pairs the one with the smaller ids. Pair counts are kept up to date by looking only at the words
/// that a merge changes. The same texts give the same tokenizer, in whatever order they come.
/// </summary>
public static class BpeTrainer
{
    public static TrainedBpe Train(IEnumerable<string> texts, BpeTrainingOptions options)
    {
        options.Validate();
        var counts = new WordCounts(options.SpecialTokens);
        foreach (var text in texts) counts.Add(text);

        var vocabulary = new TrainedVocabulary(options.SpecialTokens);
        var pairs = new PairTable();
        foreach (var (bytes, count) in counts.Sorted())
            pairs.AddWord(Array.ConvertAll(bytes, vocabulary.IdOfByte), count);

        while (vocabulary.Count < options.VocabularySize && pairs.TakeBest(options.MinFrequency) is { } best)
            pairs.Merge(best, vocabulary.Join(best));
        return new TrainedBpe(vocabulary.Tokens, vocabulary.Merges, options.SpecialTokens);
    }
}
