using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>A reference in host memory: on the device while a rollout is judged or it follows the policy, and not otherwise.</summary>
public sealed class OffloadTests : IDisposable
{
    // A device that every machine has, and that nothing is moved to.
    private static readonly Device Elsewhere = device(DeviceType.META);

    private readonly TinyWorld _world = new();
    private readonly List<DeviceType> _places = [];

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Judge_OffloadedReference_IsFetchedOnceForAllParts()
    {
        using var scope = NewDisposeScope();
        var models = new LanguageActorCritic(_world.Model(), null, 1, EntropyUse.Ignored, 0, CPU);
        var frozen = Reference.Frozen(_world.Model(seed: 2));
        var expected = Likelihoods.Judge(Episodes(), models, new Reference(frozen, new ReferenceRecipe()), maxTokens: 8);

        var offloaded = Likelihoods.Judge(Episodes(), models, new Reference(frozen, new ReferenceRecipe(), Recorded()), maxTokens: 8);
        Assert.True(offloaded.Numbers.IsSame(expected.Numbers));
        Assert.Equal([DeviceType.CPU, DeviceType.META, DeviceType.CPU], _places);
    }

    [Fact]
    public void Follow_OffloadedReference_MovesWhereThePolicyIs()
    {
        var frozen = Reference.Frozen(_world.Model(seed: 2));
        var policy = _world.Model();
        var reference = new Reference(frozen, new ReferenceRecipe { ResetEvery = 2 }, Recorded());
        reference.Follow(policy, 1);
        Assert.Equal([DeviceType.CPU], _places);
        reference.Follow(policy, 2);
        Assert.Equal([DeviceType.CPU, DeviceType.META, DeviceType.CPU], _places);
        Assert.True(frozen.HeadWeight.IsSame(policy.HeadWeight));
    }

    [Fact]
    public void StateOf_OnTheCpu_OffloadsNothing() => Assert.Null(StateOf(CPU, offload: true).Use());

    [Fact, Trait("Device", "gpu")]
    public void StateOf_OnAGpu_KeepsTheReferenceInHostMemoryBetweenUses()
    {
        Assert.SkipUnless(cuda.is_available(), "there is no GPU");
        using var scope = NewDisposeScope();
        var models = new LanguageActorCritic(_world.Model().to(CUDA), null, 1, EntropyUse.Ignored, 0, CUDA);
        var reference = StateOf(CUDA, offload: true);
        Assert.Equal(DeviceType.CPU, reference.Model.HeadWeight.device_type);
        var offloaded = Likelihoods.Judge(Episodes(), models, reference, maxTokens: 8);
        Assert.All(reference.Model.parameters(), weight => Assert.Equal(DeviceType.CPU, weight.device_type));
        Assert.True(offloaded.Numbers.IsSame(Likelihoods.Judge(Episodes(), models, StateOf(CUDA, offload: false), maxTokens: 8).Numbers));
    }

    private Offload Recorded() => new(place => _places.Add(place.type), Elsewhere);

    private Reference StateOf(Device device, bool offload)
    {
        var given = _world.Inputs(TinyWorld.Recipe with { Reference = new ReferenceRecipe { Offload = offload } });
        return PpoAssembly.StateOf(new PpoInputs
        {
            Recipe = given.Recipe, Policy = given.Policy.to(device), Tokenizer = given.Tokenizer, Scorer = given.Scorer, Prompts = given.Prompts, Seed = given.Seed, Device = device,
        }).Reference;
    }

    private Episode[] Episodes() => [.. new[] { "four", "s", "abcdef" }.Select((text, i) => new Episode
    {
        Prompt = _world.Prompts[i], Sample = 0, Response = _world.Tokenizer.Encode(text), Text = text, LogProbs = [], Reason = StopReason.Length,
    })];
}
