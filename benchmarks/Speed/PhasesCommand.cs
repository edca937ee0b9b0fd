using System.Text.Json;
using Rlhf.Cli.Bench;
using Rlhf.Cli.Stages;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Operators;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>Where the time of training, decoding and a PPO iteration goes, piece by piece, in milliseconds.</summary>
internal static class PhasesCommand
{
    /// <summary>phases [size=gpt2_124m] [device=cuda] [dtype=bfloat16] [rows=64] [length=512] [new=128]</summary>
    public static int Run(string[] args)
    {
        var options = new Dictionary<string, string> { ["size"] = "gpt2_124m", ["device"] = "cuda", ["dtype"] = "bfloat16", ["rows"] = "64", ["length"] = "512", ["new"] = "128" };
        foreach (var pair in args.Select(arg => arg.Split('=', 2)))
        {
            if (pair.Length < 2 || !options.ContainsKey(pair[0])) throw new ArgumentException($"no option {pair[0]}; expected {string.Join(", ", options.Keys.Select(key => key + "="))}");
            options[pair[0]] = pair[1];
        }

        int Number(string key) => int.Parse(options[key], System.Globalization.CultureInfo.InvariantCulture);
        var type = options["dtype"] == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32;
        Measure(options["size"], Machine.Open(options["device"]), type, Number("rows"), Number("length"), Number("new"));
        return 0;
    }

    private static void Measure(string size, Device device, ScalarType type, int rows, int length, int added)
    {
        using var scope = NewDisposeScope();
        var shape = NamedShapes.Of(size);
        var model = CausalLm.Create(shape, seed: 1).to(device, type);
        using var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions());
        int[][] tokens = [.. Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, length).Select(i => (row * 131 + i * 17) % shape.Vocabulary).ToArray())];
        using var batch = TokenBatch.RightPadded(tokens, 0, device);
        var places = Arithmetic.Range((long)rows * length, device);
        var targets = batch.Tokens.reshape(-1);
        var weights = full([(long)rows * length], Number.Of(1.0 / (rows * length)), ScalarType.Float32, device);

        Say("forward", () =>
        {
            using var off = no_grad();
            model.Trunk.HiddenAt(batch, places).Dispose();
        });
        Say("forward, kept for a backward pass", () => model.Trunk.HiddenAt(batch, places).Dispose());
        Say("forward and backward", () => Autograd.Backward(model.Trunk.HiddenAt(batch, places).sum(type: ScalarType.Float32)));
        optimizer.ClearGradients();
        var hidden = model.Trunk.HiddenAt(batch, places).detach();
        Say("loss and its gradient", () =>
        {
            var leaf = hidden.detach().requires_grad_();
            Autograd.Backward(TokenLoss.WeightedNll(leaf, model.HeadWeight, targets, weights));
        });
        Say("log-probs and their gradient", () =>
        {
            var leaf = hidden.detach().requires_grad_();
            Autograd.Backward(TokenLogProbs.Selected(leaf, model.HeadWeight, targets, 1).dot(weights));
        });
        Say("comparison of policy and reference", () => PolicyComparison.Of(hidden, model.HeadWeight, hidden, model.HeadWeight, targets, 1).Dispose());
        Autograd.Backward(TokenLoss.WeightedNll(model.Trunk.HiddenAt(batch, places), model.HeadWeight, targets, weights));
        var gradients = model.parameters().Select(parameter => parameter.grad!).ToArray();
        Say("gradient norm", () => GradientNorm.Of(gradients).Dispose());
        Say("optimizer step", () =>
        {
            foreach (var (parameter, gradient) in model.parameters().Zip(gradients)) parameter.grad = gradient;
            optimizer.Step(0).Dispose();
        });
        Say("sampling", () =>
        {
            using var off = no_grad();
            Softmax.Sample(model.Logits(hidden.narrow(0, 0, rows)), weights.narrow(0, 0, rows), 1);
        });
        var generate = () => new TextGenerator(model, null, 0) { BatchSize = rows }.Generate([.. tokens.Select(row => row[..1])], new SamplingOptions { MaxNewTokens = added }, [.. Enumerable.Range(0, rows).Select(row => new RandomKey(1, 0, row, 0))]);
        Say($"generation, of {added} tokens each one", () => generate(), added);
        var recipe = new PpoRecipe { Episodes = rows, Epochs = 4, Sampling = new SamplingOptions { MaxNewTokens = added } };
        var times = new PpoIteration(shape, recipe, Math.Max(1, length / 4), device, type).Measure(2);
        Console.WriteLine(JsonSerializer.Serialize(times));
        Console.WriteLine(DeviceMemory.Of(device));

        void Say(string what, Action work, double share = 1)
        {
            var seconds = MachineCeilings.Best(() =>
            {
                using var inner = NewDisposeScope();
                work();
            }, device, 4);
            Console.WriteLine($"{what,-45} {seconds * 1e3 / share,9:0.000} ms");
        }
    }
}
