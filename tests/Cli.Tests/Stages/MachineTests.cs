using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using TorchSharp;

namespace Rlhf.Cli.Tests.Stages;

public sealed class MachineTests
{
    [Theory]
    [InlineData("gpu", "device: found 'gpu'; expected auto, cpu, cuda or cuda:N")]
    [InlineData("cuda:x", "device: found 'cuda:x'; expected auto, cpu, cuda or cuda:N")]
    [InlineData("cuda:-1", "device: found 'cuda:-1'; expected auto, cpu, cuda or cuda:N")]
    public void DeviceOf_NoDevice_SaysWhatIsExpected(string name, string message) =>
        Assert.Equal(message, Assert.Throws<RlhfException>(() => Machine.DeviceOf(name)).Message);

    [Fact]
    public void DeviceOf_GpuThatIsNotThere_SaysHowToGoOn()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "this machine has a GPU");

        Assert.Equal("device: cuda was asked for, but this machine offers no GPU to libtorch; set device=cpu or auto, or see rlhf doctor", Assert.Throws<RlhfException>(() => Machine.DeviceOf("cuda")).Message);
        Assert.Equal(DeviceType.CPU, Machine.DeviceOf("auto").type);
    }

    [Fact]
    public void DeviceOf_GpuBeyondTheLast_SaysHowManyThereAre()
    {
        Assert.SkipUnless(torch.cuda.is_available(), "this machine has no GPU");

        Assert.StartsWith("device: GPU 99 was asked for, but there ", Assert.Throws<RlhfException>(() => Machine.DeviceOf("cuda:99")).Message, StringComparison.Ordinal);
        Assert.Equal(DeviceType.CUDA, Machine.DeviceOf("auto").type);
    }
}
