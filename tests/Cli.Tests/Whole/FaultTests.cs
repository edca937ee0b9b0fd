namespace Rlhf.Cli.Tests.Whole;

/// <summary>A machine that fails under the program: one line that says what and what to do, and nothing half-done left behind.</summary>
[Trait("Speed", "slow")]
public sealed class FaultTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    private const string None = "no file system can be mounted here";

    private static string Data => Path.Combine(TestData.Repository, "data", "world");

    // Each size fills at another write: a folder's first files, logs, a checkpoint, the result.
    [Theory]
    [InlineData(8)]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(300)]
    public void Training_OnADiskThatFills_SaysSoAndGoesOnWhenThereIsRoom(int kibibytes)
    {
        Assert.SkipUnless(CanMount(), None);
        var sft = $"{TrainedWorld.Program} sft tiny.yaml sft.tokenizer=start/tokenizer/final out=small save_every=1 sft.epochs=0.02";

        var ending = world.Run(Mounted($"size={kibibytes}k", $"{sft}; echo code $?; mount -o remount,size=20m small; {sft} >/dev/null 2>&1; echo code $?; ls small/sft/final/model.safetensors"));

        Assert.Equal("code 1\ncode 0\nsmall/sft/final/model.safetensors\n", ending.Output);
        Assert.Matches(@"(?m)^rlhf sft: (disk full while writing (checkpoint )?small/sft/.*free space on that disk, then run the same command again to go on|the disk is full \(.*\); free space, then run the same command again to go on)$", ending.Error);
        Assert.DoesNotContain("unexpected", ending.Error, StringComparison.Ordinal);
    }

    // What is written beside runs: each names the file, and leaves no half of one.
    [Fact]
    public void Results_OnAFullDisk_AreRefusedInOneLineEach()
    {
        Assert.SkipUnless(CanMount(), None);
        string[] commands =
        [
            "model convert start/sft/final small/model", "model export start/sft/final small/model.gguf format=gguf", $"data make small/world", "report start to=small/report.html",
        ];

        var ending = world.Run(Mounted("size=8k", string.Join("; ", commands.Select(command => $"{TrainedWorld.Program} {command} >/dev/null; echo code $?")) + "; find small -type f -size +0 | grep -v small/model | head -n 3"));

        Assert.Equal(string.Concat(Enumerable.Repeat("code 1\n", commands.Length)), ending.Output);
        var lines = ending.Error.Split('\n').Where(line => line.StartsWith("rlhf ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(commands.Length, lines.Length);
        Assert.All(lines, line => Assert.True((line.Contains("No space left", StringComparison.Ordinal) || line.Contains("disk full", StringComparison.Ordinal) || line.Contains("disk is full", StringComparison.Ordinal)) && !line.Contains("unexpected", StringComparison.Ordinal), line));
    }

    [Fact]
    public void Everything_OnAReadOnlyFolder_IsRefusedInOneLineEach()
    {
        Assert.SkipUnless(CanMount(), None);
        string[] commands = ["sft tiny.yaml sft.tokenizer=start/tokenizer/final out=small", "sft tiny.yaml sft.tokenizer=start/tokenizer/final out=small/run", "model convert start/sft/final small/model", "report start to=small/report.html", "serve label.file=small/labels.jsonl label.pairs=pairs.jsonl port=0"];
        File.WriteAllText(world.At("pairs.jsonl"), "{\"prompt\": \"p\", \"first\": \"f\", \"second\": \"s\"}\n");

        // The second has a run in it from before.
        var ending = world.Run(Mounted("size=20m", $"cp -r start small/run && mount -o remount,ro small; {string.Join("; ", commands.Select(command => $"{TrainedWorld.Program} {command} >/dev/null; echo code $?"))}"));

        Assert.Equal(string.Concat(Enumerable.Repeat("code 1\n", commands.Length)), ending.Output);
        var lines = ending.Error.Split('\n').Where(line => line.StartsWith("rlhf ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(commands.Length, lines.Length);
        Assert.All(lines, line => Assert.True(line.Contains("Read-only file system", StringComparison.Ordinal) && line.Contains("choose another", StringComparison.Ordinal), line));
    }

    /// <summary>The limit is on addresses, which libtorch and .NET alone take two gigabytes of.</summary>
    [Fact]
    public void Training_MoreThanTheMemoryThatIsAllowed_SaysWhatToLower()
    {
        var ending = world.Run($"export DOTNET_GCHeapHardLimit=0x10000000 && ulimit -v 6000000 && exec {TrainedWorld.Program} sft tiny.yaml sft.tokenizer=start/tokenizer/final out=large 'sft.from_scratch={{width: 4096, layers: 8, heads: 4, context: 96}}'");

        Assert.Equal(1, ending.Code);
        Assert.Matches(@"(?m)^rlhf sft: out of main memory: no room( for [\d.]+ GiB)?; .*$", ending.Error);
    }

    [Theory]
    [InlineData("sft", "sft.model=damaged sft.from_scratch=null sft.epochs=0.02")]
    [InlineData("reward", "reward.model=damaged reward.data=DATA/pairs.parquet reward.epochs=0.02 reward.batch_size=16")]
    [InlineData("dpo", "dpo.model=damaged dpo.data=DATA/pairs.parquet dpo.epochs=0.02 dpo.batch_size=16")]
    [InlineData("ppo", "ppo.model=damaged")]
    public void Training_FromWeightsThatHoldNaN_EndsBeforeAnythingIsLearnedFromThem(string stage, string keys)
    {
        Plant();

        var ending = world.Run($"{TrainedWorld.Program} {stage} tiny.yaml {keys.Replace("DATA", Data, StringComparison.Ordinal)} out=nan-{stage}");

        Assert.Equal(1, ending.Code);
        Assert.Matches($@"(?m)^rlhf {stage}: .*(not finite|NaN).*$", ending.Error);
        Assert.DoesNotContain("unexpected", ending.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.At($"nan-{stage}", stage, "final")));
    }

    [Fact]
    public void Resume_OnAnotherProcessor_IsSaidOnce()
    {
        var ppo = $"{TrainedWorld.Program} ppo tiny.yaml out=moved ppo.steps=2 save_every=1";
        Assert.Equal(0, world.Run($"{ppo} && rm -r moved/ppo/final && sed -i -E 's/\"processor_model\": \"[^\"]*\"/\"processor_model\": \"Another CPU\"/; s/\"vectors\": \"[^\"]*\"/\"vectors\": \"128 bits\"/' moved/ppo/environment.json").Code);

        var (moved, again) = (world.Run($"{ppo} && rm -r moved/ppo/final"), world.Run(ppo));

        Assert.Matches(@"this run began with processor_model Another CPU and goes on with .+: its numbers may differ in their last bits from those without the stop", moved.Error);
        Assert.Contains("began with vectors 128 bits and goes on with", moved.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("this run began with", again.Error, StringComparison.Ordinal);
    }

    private bool CanMount() => world.Run("unshare -rm mount -t tmpfs none /mnt").Code == 0;

    /// <summary>Commands that see a file system of its own at <c>small</c>.</summary>
    private static string Mounted(string options, string commands) => $"unshare -rm bash -c '{$"mkdir -p small && mount -t tmpfs -o {options} none small && {{ {commands}; }}".Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A copy of the start whose weights hold a NaN.</summary>
    private void Plant()
    {
        if (Directory.Exists(world.At("damaged"))) return;
        world.Run("cp -r start/sft/final damaged && rm -f damaged/manifest.json");
        using var scope = TorchSharp.torch.NewDisposeScope();
        var path = world.At("damaged", "model.safetensors");
        var weights = Policies.TensorFiles.SafetensorsFile.Load(path);
        foreach (var (_, weight) in weights.Where(one => one.Key.EndsWith("ln_f.weight", StringComparison.Ordinal))) weight[0] = TorchSharp.torch.tensor(float.NaN);
        Policies.TensorFiles.SafetensorsFile.Save(path, weights);
    }
}
