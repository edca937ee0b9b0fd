using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// Owns the tensors made while it is the innermost scope of its thread, and disposes them when it ends.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic] private static DisposeScope? _current;

    // The lists of ended scopes, for the next ones: small scopes are made by the thousand.
    [ThreadStatic] private static Stack<List<Tensor?>>? _spare;

    // Tensors know their slot, so letting one go is O(1); freed slots are null until the scope ends.
    private List<Tensor?> _tensors;
    private readonly DisposeScope? _outer;
    private HashSet<IDisposable>? _others;
    private int _alive;
    private bool _ended;

    internal DisposeScope()
    {
        _tensors = (_spare ??= new Stack<List<Tensor?>>()).TryPop(out var spare) ? spare : new List<Tensor?>(16);
        _outer = _current;
        _current = this;
    }

    internal static DisposeScope? Current => _current;

    /// <summary>How many objects the scope would dispose now.</summary>
    public int DisposablesCount => _alive + (_others?.Count ?? 0);

    public DisposeScope? OuterScope => _outer;

    internal void Adopt(Tensor tensor)
    {
        // Slots of tensors that were disposed by hand at the end of the list are reused.
        while (_tensors.Count > 0 && _tensors[^1] is null) _tensors.RemoveAt(_tensors.Count - 1);
        tensor.EnterScope(this, _tensors.Count);
        _tensors.Add(tensor);
        _alive++;
    }

    internal void Forget(Tensor tensor)
    {
        _tensors[tensor.Slot] = null;
        _alive--;
        if (_tensors.Count > 1024 && _alive < _tensors.Count / 4) Compact();
    }

    private void Compact()
    {
        var kept = 0;
        for (var i = 0; i < _tensors.Count; i++)
        {
            if (_tensors[i] is not { } tensor) continue;
            _tensors[kept] = tensor;
            tensor.EnterScope(this, kept++);
        }

        _tensors.RemoveRange(kept, _tensors.Count - kept);
    }

    /// <summary>Puts something that is no tensor under the scope's care.</summary>
    public T Include<T>(T disposable) where T : IDisposable
    {
        if (disposable is Tensor tensor)
        {
            tensor.Scope?.Forget(tensor);
            Adopt(tensor);
        }
        else
        {
            (_others ??= []).Add(disposable);
        }

        return disposable;
    }

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(_outer, disposable);

    public void MoveToOuter(params IDisposable[] disposables)
    {
        foreach (var disposable in disposables) MoveToOther(_outer, disposable);
    }

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        if (disposable is Tensor tensor)
        {
            tensor.Scope?.Forget(tensor);
            if (scope is null) tensor.EnterScope(null, 0);
            else scope.Adopt(tensor);
        }
        else if (_others?.Remove(disposable) == true)
        {
            scope?.Include(disposable);
        }

        return disposable;
    }

    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther(null, disposable);

    public void DisposeEverything() => DisposeEverythingBut([]);

    public void DisposeEverythingBut(IEnumerable<IDisposable> kept)
    {
        var keep = new HashSet<IDisposable>(kept, ReferenceEqualityComparer.Instance);
        for (var i = _tensors.Count - 1; i >= 0; i--)
        {
            if (_tensors[i] is not { } tensor || keep.Contains(tensor)) continue;
            _tensors[i] = null;
            _alive--;
            tensor.Release();
        }

        if (_others is null) return;
        foreach (var other in _others.Where(o => !keep.Contains(o)).ToList())
        {
            _others.Remove(other);
            other.Dispose();
        }
    }

    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        for (var i = _tensors.Count - 1; i >= 0; i--) _tensors[i]?.Release();
        _tensors.Clear();
        if (_tensors.Capacity <= 4096) (_spare ??= new Stack<List<Tensor?>>()).Push(_tensors);
        _tensors = [];
        _alive = 0;
        if (_others is not null)
        {
            foreach (var other in _others) other.Dispose();
        }

        // Scopes end in the order they nest; one that was left behind by an exception is unwound with this one.
        for (var scope = _current; scope is not null; scope = scope._outer)
        {
            if (!ReferenceEquals(scope, this)) continue;
            _current = _outer;
            break;
        }
    }
}

public static partial class torch
{
    public static DisposeScope NewDisposeScope() => new();

    public partial class Tensor
    {
        public Tensor MoveToOuterDisposeScope()
        {
            if (Scope is { } scope) scope.MoveToOuter(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            if (Scope is { } scope) scope.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (Scope is { } scope) scope.MoveToOther(other, this);
            else other?.Include(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.Scope);
    }
}
