using Rlhf.Foundation.Data;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.Sums;

namespace Rlhf.Rewards.Tests.Sums;

public sealed class SumBuilderTests : IDisposable
{
    private static readonly string[] s_files = ["sft.parquet", "prompts.train.parquet", "prompts.eval.parquet"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_DefaultSeed_GivesTheShippedFilesBitForBit()
    {
        SumBuilder.Write(_folder.Path);
        foreach (var file in s_files) Assert.Equal(File.ReadAllBytes(Shipped(file)), File.ReadAllBytes(_folder.At(file)));
    }

    [Fact]
    public void Write_OtherSeed_GivesOtherRows()
    {
        SumBuilder.Write(_folder.Path, 1);
        foreach (var file in s_files) Assert.NotEqual(Prompts(Shipped(file)), Prompts(_folder.At(file)));
    }

    [Fact]
    public void ShippedFiles_Together_HoldEverySumAndNoneOfTheEvaluationTwice()
    {
        string[] learnt = Prompts(Shipped("sft.parquet")), asked = Prompts(Shipped("prompts.train.parquet")), held = Prompts(Shipped("prompts.eval.parquet"));
        Assert.Equal(learnt, asked);
        Assert.Equal(3240, learnt.Concat(held).Distinct().Count());     // 10+10 … 10+89, …, 89+10
        Assert.Equal(3240, learnt.Length + held.Length);
    }

    [Theory]
    [InlineData("sft.parquet", "completion")]
    [InlineData("prompts.train.parquet", "answer")]
    [InlineData("prompts.eval.parquet", "answer")]
    public void ShippedAnswers_ByTheVerifier_AreRight(string file, string column)
    {
        var verifier = new NumberScorer(new NumberRule());
        foreach (var row in RowReader.Read(Shipped(file)))
        {
            var terms = row.Text("prompt").TrimEnd('=').Split('+');
            var sum = terms.Sum(term => int.Parse(term, System.Globalization.CultureInfo.InvariantCulture));
            var facts = new Dictionary<string, string> { ["answer"] = $"{sum}" };
            Assert.Equal([1.0], verifier.Score([new ScoredText(row.Text("prompt"), row.Text(column), [], []) { Facts = facts }]));
        }
    }

    private static string Shipped(string file) => Path.Combine(TestData.Repository, "data", "sums", file);

    private static string[] Prompts(string path) => [.. RowReader.Read(path).Select(row => row.Text("prompt"))];
}
