using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch. It lives until it is disposed, its scope ends, or (outside every scope) the
    /// garbage collector finds it unreachable; only that last kind carries a finalizer.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private IntPtr _handle;
        private Guardian? _guardian;

        internal Tensor(IntPtr handle)
        {
            _handle = handle;
            if (DisposeScope.Current is { } scope) scope.Adopt(this);
            else _guardian = new Guardian(handle);
        }

        /// <summary>The native tensor, with use after disposal refused.</summary>
        internal IntPtr handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Tensor), "this tensor was disposed");

        public IntPtr Handle => handle;
        public bool IsInvalid => _handle == 0;

        /// <summary>The scope that will dispose this tensor, if any.</summary>
        internal DisposeScope? Scope { get; private set; }
        internal int Slot { get; private set; }

        public DisposeScope? OwningDisposeScope => Scope;

        internal void EnterScope(DisposeScope? scope, int slot)
        {
            (Scope, Slot) = (scope, slot);
            if (scope is not null) _guardian?.Disarm();
            if (scope is not null) _guardian = null;
            else if (_handle != 0) _guardian ??= new Guardian(_handle);
        }

        public void Dispose()
        {
            Scope?.Forget(this);
            Scope = null;
            Release();
        }

        /// <summary>Frees the native tensor; the scope that calls this has already let go of it.</summary>
        internal void Release()
        {
            if (_handle == 0) return;
            _guardian?.Disarm();
            _guardian = null;
            Scope = null;
            Bridge.bridge_release(_handle);
            _handle = 0;
        }

        /// <summary>Gives the native tensor away; this object is left empty.</summary>
        internal IntPtr Surrender()
        {
            var retained = Bridge.bridge_retain(handle);
            Dispose();
            return retained;
        }

        public Tensor alias() => new(Bridge.bridge_retain(handle));

        internal string Summary => IsInvalid ? "Tensor(disposed)" : $"Tensor[{string.Join(", ", shape)}] {dtype.ToString().ToLowerInvariant()}" + (device_type == DeviceType.CPU ? "" : " " + device);

        public override string ToString() => Summary;

        /// <summary>Frees a tensor that no scope owns when the collector finds it unreachable.</summary>
        private sealed class Guardian(IntPtr handle)
        {
            private IntPtr _owned = handle;

            public void Disarm()
            {
                _owned = 0;
                GC.SuppressFinalize(this);
            }

            ~Guardian()
            {
                if (_owned != 0) Bridge.bridge_release(_owned);
            }
        }
    }
}
