using System.Globalization;
using System.Text.Json.Nodes;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Preferences;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>The whole training of a reward model: data, one model or several, normalization, report, final folder.</summary>
public sealed class RewardStage(RewardRecipe recipe, long seed, Device device, ScalarType type)
{
    /// <summary>The report's name, in the run's folder and in final/.</summary>
    public const string ReportFile = "trust.json";

    /// <summary>Trains to the end and fills final/; the report is null when there were no held-out pairs.</summary>
    public RewardReport? Run(Run run)
    {
        var tokenizer = TextTokenizer.Load(recipe.Model);
        var shape = ModelFolder.ReadConfig(recipe.Model);
        tokenizer.WantFit(shape.Vocabulary);
        var longest = Math.Min(recipe.MaxLength, shape.Context);
        var data = RewardData.Load(recipe with { MaxLength = longest }, tokenizer);
        Say(data, longest, run.Progress);
        var steps = 0L;
        var models = new List<RewardModel>();
        if (recipe.Seeds == 1) models.Add(Train(data, seed, run, out steps));
        else for (var member = 1; member <= recipe.Seeds; member++) models.Add(TrainMember(data, member, run));
        using var ensemble = new RewardEnsemble(models, recipe.Ensemble);
        ensemble.Normalize(ensemble.Score(ReferenceRows(data, tokenizer, longest), tokenizer.PadOrEos));
        var report = data.HeldOut.Count == 0 ? null : RewardReport.Of(PairJudge.Judge(ensemble, data.HeldOut, tokenizer.PadOrEos));
        var facts = Facts(data, longest, report);
        if (report is null && data.Eval > 0) AddHeldOut(facts, data, ensemble, run.Progress);
        if (report is not null && run.Job.Rank == 0) Durable.WriteText(Path.Combine(run.Folder, ReportFile), RewardReportJson.Text(report));
        run.Finish(steps, folder =>
        {
            RewardFolder.Save(ensemble, folder, recipe.Model, facts);
            if (report is not null) File.WriteAllText(Path.Combine(folder, ReportFile), RewardReportJson.Text(report));
        });
        return report;
    }

    private IReadOnlyList<int[]> ReferenceRows(RewardData data, TextTokenizer tokenizer, int longest)
    {
        var options = recipe.Normalization;
        if (options.Policy.Length == 0) return [.. data.Objective.TypicalRows.Take(options.Samples)];
        var prompts = options.Prompts is { } file
            ? [.. new PreferenceFile(recipe.Columns, DialogueForms.Of(recipe.ChatTemplate, tokenizer)).Prompts(file, data.Defects).Select(row => row.Prompt)]
            : data.Prompts;
        return new ReferenceSamples(options, tokenizer, longest).Draw(prompts, seed, device, type);
    }

    private RewardModel TrainMember(RewardData data, int member, Run whole)
    {
        using var run = whole.OpenPart($"member-{member}");
        if (!run.IsFinished)
        {
            using var model = Train(data, seed + member - 1, run, out var steps);
            run.Finish(steps, folder => RewardFolder.Save(new RewardEnsemble([model], recipe.Ensemble), folder, recipe.Model));
        }

        // Always as it stands on disk (adapters merged), so that a stage that was stopped between members gives the same bits.
        return RewardFolder.Load(run.FinalFolder, device, type).Models[0];
    }

    private RewardModel Train(RewardData data, long seedOfModel, Run run, out long steps)
    {
        var start = ModelFolder.LoadTrunk(recipe.Model, device, type);
        var model = RewardModel.Create(start.Trunk, recipe.Heads, seedOfModel);
        start.Score?.Dispose();
        if (recipe.Lora.IsOn) LoraAdapter.Attach(model.Trunk, recipe.Lora, seedOfModel, recipe.Model);
        var evaluated = data.Eval > 0 ? recipe : recipe with { EvalEvery = 0, Patience = 0 };
        steps = new RewardTrainer(evaluated, data.Objective, model, (ulong)seedOfModel).Train(run);
        return model;
    }

    private void Say(RewardData data, int longest, IProgressSink progress)
    {
        progress.Note($"reward: {data.Train} rows to train on, {data.Eval} held out");
        if (data.Defects.Total > 0) progress.Warn($"{recipe.Data}: {data.Defects}");
        if (data.Truncated > 0) progress.Warn($"{data.Truncated} rows were cut to {longest} tokens{(data.RepliesCut > 0 ? $", {data.RepliesCut} of them in a reply" : "")}");
        if (data.Eval == 0 && recipe.EvalEvery > 0) progress.Warn("no row is held out, since prompts are few or eval_share is small: nothing is evaluated; give eval_data or a larger eval_share");
        if (data.SharedPrompts > 0) progress.Warn($"{data.SharedPrompts} prompts of {recipe.EvalData ?? recipe.Data} stand in the training data too; the evaluation flatters");
    }

    /// <summary>Labelled texts have no trust report; how well they are told apart stands with the facts.</summary>
    private static void AddHeldOut(JsonObject facts, RewardData data, RewardEnsemble ensemble, IProgressSink progress)
    {
        var heldOut = data.Objective.Evaluate(ensemble);
        var accuracy = Proportion.Of(heldOut.Accuracy * data.Eval, data.Eval);
        facts["accuracy"] = accuracy.Value;
        facts["accuracy_low"] = accuracy.Low;
        facts["accuracy_high"] = accuracy.High;
        facts["log_loss"] = heldOut.LogLoss;
        progress.Note(string.Create(CultureInfo.InvariantCulture, $"held-out accuracy {accuracy.Value:0.000} ({accuracy.Low:0.000} to {accuracy.High:0.000}) on {data.Eval} texts, log-loss {heldOut.LogLoss:0.000}"));
    }

    private JsonObject Facts(RewardData data, int longest, RewardReport? report)
    {
        var facts = new JsonObject
        {
            ["start"] = recipe.Model, ["data"] = recipe.Data, ["train_rows"] = data.Train, ["eval_rows"] = data.Eval,
            ["left_out"] = data.Defects.Total, ["max_length"] = longest, ["cut"] = data.Truncated, ["replies_cut"] = data.RepliesCut,
            ["normalized_on"] = recipe.Normalization.Policy.Length > 0 ? recipe.Normalization.Policy : "held-out texts", ["epochs"] = recipe.Epochs, ["seed"] = seed,
        };
        if (report is null) return facts;
        facts["accuracy"] = report.Accuracy.Value;
        facts["log_loss"] = report.LogLoss;
        facts["calibration_error"] = report.Calibration.ExpectedError;
        facts["length_only_accuracy"] = report.Length.Baseline.Value;
        return facts;
    }
}
