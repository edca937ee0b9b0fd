namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>WordPiece (Schuster and Nakajima 2012; BERT): the longest token that begins a word, then the longest that goes on.</summary>
/// <param name="Prefix">what tokens begin with that go on</param>
/// <param name="MostCharacters">a longer word is unknown</param>
internal sealed record WordPieceRules(string Prefix, int MostCharacters);

/// <summary>Unigram (Kudo 2018; T5): the tokens whose scores, logarithms of their probabilities, add up to most.</summary>
/// <param name="Scores">by id</param>
internal sealed record UnigramRules(double[] Scores);
