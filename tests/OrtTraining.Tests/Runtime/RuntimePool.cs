using System.Collections.Concurrent;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>At most two runtimes, each used by one session after the other: starting one takes as long as many a test.</summary>
[TestClass]
public static class RuntimePool
{
    private static readonly SemaphoreSlim Places = new(2);
    private static readonly ConcurrentBag<WasmRuntime> Idle = [];

    /// <summary>A runtime without a session; waits until one is free. A test must not ask for a second one while it has the first.</summary>
    internal static WasmRuntime Take()
    {
        Places.Wait();
        try
        {
            return Idle.TryTake(out WasmRuntime? runtime) ? runtime : new WasmRuntime();
        }
        catch
        {
            Places.Release();
            throw;
        }
    }

    /// <summary>Gives a runtime back, its session closed.</summary>
    internal static void Return(WasmRuntime runtime)
    {
        if (runtime.IsSpent)
            runtime.Dispose();
        else
            Idle.Add(runtime);
        Places.Release();
    }

    [AssemblyCleanup]
    public static void Close()
    {
        while (Idle.TryTake(out WasmRuntime? runtime))
            runtime.Dispose();
    }
}
