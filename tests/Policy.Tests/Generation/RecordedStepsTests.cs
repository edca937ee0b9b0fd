using Rlhf.Policies.Generation;

namespace Rlhf.Policies.Tests.Generation;

public sealed class RecordedStepsTests
{
    private static readonly StepSize Small = new(4, 64, false), Large = new(8, 64, false);

    [Fact]
    public void Run_SizesThatComeBack_AreRunThenRecordedThenReplayed()
    {
        var recorder = new RerunRecorder();
        var ran = new List<StepSize>();
        var log = new List<(int Recorded, int Replayed)>();
        using (var steps = new RecordedSteps(recorder.Record))
        {
            foreach (var size in (StepSize[])[Small, Small, Large, Small, Large with { HoldsEnds = true }, Large, Large])
            {
                steps.Run(size, ran.Add);
                log.Add((recorder.Recorded, recorder.Replayed));
            }

            Assert.Equal([(0, 0), (1, 1), (1, 1), (1, 2), (1, 2), (2, 3), (2, 4)], log);
            // Every step happens once, whichever way: recording alone runs nothing.
            Assert.Equal([Small, Small, Large, Small, Large with { HoldsEnds = true }, Large, Large], ran);
            Assert.Equal(0, recorder.Disposed);
        }

        Assert.Equal(2, recorder.Disposed);
    }

    [Fact]
    public void Run_NothingCanBeRecorded_RunsEveryStep()
    {
        var ran = 0;
        using var steps = new RecordedSteps(_ => null);
        for (var i = 0; i < 3; i++) steps.Run(Small, _ => ran++);
        Assert.Equal(3, ran);
    }
}
