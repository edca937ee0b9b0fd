using System.Diagnostics;
using System.Globalization;
using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.CartPole;

/// <summary>CartPole-v1 by the PPO core that trains language models.</summary>
internal static class CartPoleCommand
{
    private const int MaxSteps = 200_000, Side = 8, StepsPerBatch = 32, Window = 100;
    private const double LearningRate = 1e-3, Clip = 0.2, Solved = 475;

    public static int Run(string[] args)
    {
        // CartPole-v1 by the PPO core that trains language models: the same advantages, losses and update.
        // The settings are those that rl-baselines3-zoo tuned for this task. Exit code 0 when every seed solves it.

        set_num_threads(1);
        var seeds = args.Length > 0 ? args.Select(ulong.Parse).ToArray() : [1, 2, 3, 4, 5];
        var unsolved = seeds.Count(seed => !Solve(seed));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seeds.Length - unsolved} of {seeds.Length} seeds solved"));
        return unsolved == 0 ? 0 : 1;
    }

    private static bool Solve(ulong seed)
    {
        manual_seed((long)seed);
        using var all = NewDisposeScope();
        var watch = Stopwatch.StartNew();
        var balancer = new Balancer();
        var policy = new ModelOptimizer(balancer.Policy.named_parameters(), new OptimizerOptions { MaxGradientNorm = 0.5, WeightDecay = 0 });
        var critic = new ModelOptimizer(balancer.Critic.named_parameters(), new OptimizerOptions { MaxGradientNorm = 0.5, WeightDecay = 0 });
        var carts = new Carts(Side, new Random((int)seed));
        var batches = MaxSteps / (Side * StepsPerBatch);
        for (var step = 0; step < batches; step++)
        {
            using var scope = NewDisposeScope();
            var left = 1 - (double)step / batches;
            var recipe = new PpoRecipe
            {
                Epochs = 20, Gamma = 0.98, Lambda = 0.8, Clip = Clip * left, Critic = new CriticRecipe { Coefficient = 0.5, Clip = 0 },
            };
            var fragments = carts.Run(balancer, StepsPerBatch);
            var (advantages, returns) = new AdvantageEstimator(recipe).Estimate(fragments, fragments.Rewards);
            var settings = new UpdateSettings { Step = step, PolicyLearningRate = LearningRate * left, CriticLearningRate = LearningRate * left };
            new PpoOptimizer<Fragments>(recipe, balancer, policy, critic, seed, Collective.Alone).Update(fragments, advantages, returns, settings);

            var recent = carts.Finished.Count < Window ? 0 : carts.Finished.TakeLast(Window).Average();
            if (recent < Solved) continue;
            Report(seed, (step + 1) * Side * StepsPerBatch, recent, watch);
            return true;
        }

        Report(seed, MaxSteps, carts.Finished.TakeLast(Window).Average(), watch);
        return false;
    }

    private static void Report(ulong seed, int steps, double mean, Stopwatch watch) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"seed {seed}: mean return {mean:0.0} over the last {Window} episodes after {steps:N0} steps ({watch.Elapsed.TotalSeconds:0.0} s)"));
}
