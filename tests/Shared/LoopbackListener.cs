using System.Net;

namespace Rlhf.TestSupport;

/// <summary>A listener on a free port of this machine.</summary>
internal static class LoopbackListener
{
    public static (HttpListener Listener, string Address) Start()
    {
        for (var tried = 0; ; tried++)
        {
            // A listener has to name its port, and one that fails to start is of no further use.
            var address = $"http://127.0.0.1:{Random.Shared.Next(20_000, 60_000)}";
            var listener = new HttpListener();
            listener.Prefixes.Add(address + "/");
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException) when (tried < 20)
            {
                // Taken.
            }
        }
    }
}
