using System.Text;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>One rendering: what it may still take, where its text goes, and which stretches of it an assistant produces.</summary>
internal sealed class Rendering
{
    private int _captures;

    public Budget Budget { get; } = new();

    public StringBuilder Output { get; private set; } = new();

    /// <summary>Where blocks of generation stand in the whole text.</summary>
    public List<(int Start, int End)> Produced { get; } = [];

    /// <summary>Whether what is written goes straight into the whole text.</summary>
    public bool IsOutermost => _captures == 0;

    public void Write(string text, int line)
    {
        Output.Append(text);
        Budget.Want(Output.Length, line);
        Budget.Spend(1, line);
    }

    /// <summary>What is written meanwhile, as a text.</summary>
    public string Captured(Action write)
    {
        var outer = Output;
        Output = new StringBuilder();
        _captures++;
        try
        {
            write();
            return Output.ToString();
        }
        finally
        {
            Output = outer;
            _captures--;
        }
    }
}

/// <summary>Names and their values: those of a block hide those around it.</summary>
internal sealed class Frame(Rendering rendering, Frame? outer)
{
    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);

    public Rendering Rendering => rendering;

    public Budget Budget => rendering.Budget;

    public Frame Inner() => new(rendering, this);

    public void Set(string name, object? value) => _names[name] = value;

    public object? Find(string name)
    {
        for (var frame = this; frame is not null; frame = frame.Outer)
        {
            if (frame._names.TryGetValue(name, out var value)) return value;
        }

        return new Undefined($"'{name}' is undefined");
    }

    private Frame? Outer => outer;
}
