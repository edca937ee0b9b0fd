using System.Globalization;
using System.Text.Json;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Likelihood;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>The most memory that the log-probs of many tokens and their gradients take.</summary>
internal static class LikelihoodMemoryCommand
{
    public static int Run(string[] args)
    {
        // likelihood-memory chunked|naive [vocabulary] [episodes] [tokens] [width]: the most memory this process ever held for the
        // log-probs of all tokens and their gradients, as JSON. benchmarks/likelihood_memory.sh runs both ways and compares them.
        long Number(int at, long otherwise) => args.Length > at ? long.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
        var way = args.Length > 0 ? args[0] : "chunked";
        long vocabulary = Number(1, 50257), episodes = Number(2, 16), length = Number(3, 128), width = Number(4, 768);
        var rows = episodes * length;
        set_num_threads(Environment.ProcessorCount);
        manual_seed(1);   // both ways see the same numbers
        using var scope = NewDisposeScope();
        var hidden = randn([rows, width], requires_grad: true);
        var head = randn([vocabulary, width]).mul_(0.02).requires_grad_(true);
        var targets = randint(0, vocabulary, [rows], ScalarType.Int64);
        var before = ProcessMemory.Read().Allocated;

        Tensor Naive() => nn.functional.linear(hidden, head, null!).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1);
        var logProbs = way switch
        {
            "chunked" => TokenLogProbs.Selected(hidden, head, targets, 1),
            "naive" => Naive(),
            _ => throw new ArgumentException($"'{way}' is neither chunked nor naive"),
        };
        logProbs.mean().neg().backward();

        var memory = ProcessMemory.Read();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            way, vocabulary, episodes, tokens = length, width, loss = logProbs.mean().neg().item<float>(), gradient_norm = head.grad!.norm().item<float>(),
            peak_mib = memory.Peak / 1048576.0, above_inputs_mib = (memory.Peak - before) / 1048576.0,
        }));
        return 0;
    }
}
