using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>An optimizer's state spread over the ranks of a job; its file is that of a <see cref="WholeState"/>.</summary>
internal sealed class SpreadState(SpreadGroup[] groups, Collective job) : IOptimizerState
{
    public Tensor? Collect()
    {
        var reached = Reached.OnAnyRank(job, [.. groups.SelectMany(group => group.Parameters)]);
        if (!Array.Exists(reached, one => one)) return null;
        var squares = zeros(1, dtype: ScalarType.Float64, device: job.Device);
        var first = 0;
        foreach (var group in groups)
        {
            squares.Add(group.Collect(reached[first..(first + group.Parameters.Count)]));
            first += group.Parameters.Count;
        }

        job.Sum(squares);
        return squares.sqrt().to(ScalarType.Float32).squeeze();
    }

    public string? NotFinite() => job.GatherValues(groups.Select(group => group.NotFinite()).FirstOrDefault(name => name is not null)).FirstOrDefault(name => name is not null);

    public void Step(AdamWStep step, Tensor? divisor)
    {
        foreach (var group in groups) group.Step(step, divisor);
    }

    public void ClearGradients()
    {
        foreach (var group in groups) group.ClearGradients();
    }

    public void Save(string path, long steps)
    {
        var offset = (long)sizeof(long);
        List<SafetensorsEntry> entries = [new(WholeState.StepKey, ScalarType.Int64, [], 0, offset)];
        foreach (var (name, shape) in groups.SelectMany(Tensors))
        {
            var bytes = sizeof(float) * shape.Aggregate(1L, (product, size) => product * size);
            entries.Add(new SafetensorsEntry(name, ScalarType.Float32, shape, offset, bytes));
            offset += bytes;
        }

        Durable.Write(path, stream =>
        {
            stream.Write(SafetensorsHeader.Write(entries));
            stream.Write(BitConverter.GetBytes(steps));
            Exchange(stream);
        });
    }

    public void Assist() => Exchange(null);

    public long Load(string path)
    {
        long steps;
        try
        {
            using var file = new MappedFile(path);
            var entries = SafetensorsHeader.Read(file).ToDictionary(entry => entry.Name, StringComparer.Ordinal);
            steps = entries.Remove(WholeState.StepKey, out var step) && step.Type == ScalarType.Int64 && step.Bytes == sizeof(long) ? BitConverter.ToInt64(file.Read(step.Offset, sizeof(long)))
                : throw new RlhfException($"{path}: not the state of an optimizer: it has no '{WholeState.StepKey}'");
            Check(path, entries);
            foreach (var group in groups)
                foreach (var (kind, share) in group.State) group.Read(share, file, name => entries[$"{kind}.{name}"].Offset);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new RlhfException($"{path}: {error.Message}", error);
        }

        foreach (var group in groups.Where(group => group.IsNarrow)) group.CopyToModel();
        return steps;
    }

    public void Dispose()
    {
        foreach (var group in groups) group.Dispose();
    }

    private void Check(string path, Dictionary<string, SafetensorsEntry> entries)
    {
        var wanted = groups.SelectMany(Tensors).ToArray();
        foreach (var (name, shape) in wanted)
        {
            if (!entries.TryGetValue(name, out var entry)) throw new RlhfException($"{path}: '{name}' is missing; the checkpoint belongs to another model");
            if (!entry.Shape.AsSpan().SequenceEqual(shape) || entry.Type != ScalarType.Float32)
                throw new RlhfException($"{path}: '{name}' is [{string.Join(", ", entry.Shape)}] of {entry.Type}, expected [{string.Join(", ", shape)}] of float32; the checkpoint belongs to another model");
        }

        if (entries.Keys.Except(wanted.Select(one => one.Name)).FirstOrDefault() is { } foreign) throw new RlhfException($"{path}: '{foreign}' belongs to no parameter of this model");
    }

    /// <summary>In the order of their numbers in the file.</summary>
    private static IEnumerable<(string Name, long[] Shape)> Tensors(SpreadGroup group) =>
        group.State.SelectMany(part => group.Shapes.Select(one => ($"{part.Kind}.{one.Name}", one.Shape)));

    private void Exchange(Stream? stream)
    {
        using var quiet = no_grad();
        foreach (var group in groups)
            foreach (var (_, share) in group.State) group.Write(share, stream);
    }
}
