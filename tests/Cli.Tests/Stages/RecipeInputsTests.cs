using Rlhf.Cli.Stages;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>Which keys of a recipe a run's fingerprints are taken of.</summary>
public sealed class RecipeInputsTests
{
    private static readonly string[] s_stages = ["tokenizer", "sft", "reward", "gold", "ppo", "dpo", "curve"];

    [Fact]
    public void Input_EveryKeyOfAStageThatNamesAFileOrFolder_IsOne()
    {
        var keys = RecipeField.Of(typeof(Recipe)).Where(field => s_stages.Contains(field.Key)).SelectMany(field => Keys(field, "")).ToArray();

        Assert.Equal(
            [
                "tokenizer.data", "sft.model", "sft.tokenizer", "sft.data", "sft.eval_data", "reward.model", "reward.data", "reward.eval_data", "reward.normalization.policy",
                "reward.normalization.prompts", "gold.reward_model.path", "gold.json.schema", "ppo.model", "ppo.prompts", "ppo.score.reward_model.path", "ppo.score.json.schema", "ppo.reference.model", "ppo.teacher.model", "dpo.model", "dpo.reference", "dpo.data", "dpo.eval_data",
                "curve.runs", "curve.prompts", "curve.reference", "curve.proxy.reward_model.path", "curve.proxy.json.schema",
            ],
            keys.Where(key => key.Field.IsInput).Select(key => key.Name));
        Assert.Equal(keys.Where(key => key.Field.IsInput), keys.Where(key => key.Field.Description.Split(' ')[0] is "file" or "files" or "folder" or "folders"));
    }

    [Fact]
    public void Of_Recipe_IsEveryPathOnceAndNothingThatIsLeftOpen()
    {
        var recipe = RecipeBinder.Bind<Recipe>("""
            tokenizer: {data: [a, b]}
            ppo: {prompts: a, reference: {model: c}, score: {reward_model: {path: d}, length: {least: 1, most: 2}}}
            gold: {reward_model: {path: d}}
            """, "test");

        Assert.Equal(["a", "b", "d", "c"], RecipeInputs.Of(recipe));
    }

    private static IEnumerable<(string Name, RecipeField Field)> Keys(RecipeField field, string section) => field.IsSection
        ? RecipeField.Of(field.Type).SelectMany(inner => Keys(inner, $"{section}{field.Key}."))
        : [(section + field.Key, field)];
}
