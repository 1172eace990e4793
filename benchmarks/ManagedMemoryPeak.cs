namespace OnnxFineTune.Benchmarks;

/// <summary>Watches how large the managed heap becomes, a look every 5 ms.</summary>
internal sealed class ManagedMemoryPeak : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _stop;
    private long _peak;

    /// <summary>Starts to watch.</summary>
    public ManagedMemoryPeak()
    {
        _thread = new Thread(Watch) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The largest size seen so far, bytes; what is dead and not yet collected counts too.</summary>
    public long Bytes => Interlocked.Read(ref _peak);

    /// <summary>Ends the watch.</summary>
    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }

    private void Watch()
    {
        while (!_stop)
        {
            Interlocked.Exchange(ref _peak, Math.Max(Bytes, GC.GetTotalMemory(forceFullCollection: false)));
            Thread.Sleep(5);
        }
    }
}
