using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OnnxFineTune.Training;

/// <summary>
/// Loads examples in batches, on all cores and ahead of whoever works on them. Memory is bounded: one batch in use, one ready, one being loaded. The batches are
/// the same however the threads run.
/// </summary>
/// <param name="dataset">Where examples come from.</param>
/// <param name="threads">How many examples are loaded at once.</param>
/// <param name="unreadable">Takes the examples that cannot be read, which are left out of their batches.</param>
internal sealed class ExampleLoader(IDataset dataset, int threads, UnreadableExamples unreadable)
{
    private const int Buffers = 3;

    private readonly int _length = checked((int)dataset.InputShape.ElementCount!.Value);

    /// <summary>The examples of each of <paramref name="batches"/>, in order.</summary>
    public IEnumerable<LoadedExamples> Load(IReadOnlyList<int[]> batches, CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using BlockingCollection<float[]> free = [];
        using BlockingCollection<(LoadedExamples Batch, float[] Buffer)> ready = [];
        int largest = batches.Count == 0 ? 0 : batches.Max(b => b.Length);
        for (int i = 0; i < Math.Min(Buffers, batches.Count); i++)
            free.Add(new float[checked(largest * _length)], stop.Token);
        Task producer = Task.Run(() => Produce(batches, free, ready, stop.Token), CancellationToken.None);
        try
        {
            foreach ((LoadedExamples batch, float[] buffer) in ready.GetConsumingEnumerable(cancellation))
            {
                yield return batch;
                free.Add(buffer, CancellationToken.None);
            }
            producer.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            producer.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    private void Produce(IReadOnlyList<int[]> batches, BlockingCollection<float[]> free, BlockingCollection<(LoadedExamples, float[])> ready, CancellationToken cancellation)
    {
        try
        {
            foreach (int[] batch in batches)
            {
                float[] buffer = free.Take(cancellation);
                ready.Add((Fill(batch, buffer, cancellation), buffer), cancellation);
            }
        }
        finally
        {
            ready.CompleteAdding();
        }
    }

    private LoadedExamples Fill(int[] batch, float[] buffer, CancellationToken cancellation)
    {
        bool[] read = new bool[batch.Length];
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, batch.Length, options, i => read[i] = TryLoad(batch[i], buffer.AsSpan(i * _length, _length)));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        List<int> indices = new(batch.Length);
        for (int i = 0; i < batch.Length; i++)
            if (read[i])
            {
                if (indices.Count < i)
                    buffer.AsSpan(i * _length, _length).CopyTo(buffer.AsSpan(indices.Count * _length));
                indices.Add(batch[i]);
            }
        return new LoadedExamples(indices, buffer.AsMemory(0, indices.Count * _length));
    }

    private bool TryLoad(int index, Span<float> destination)
    {
        try
        {
            dataset.Load(index, destination);
            return true;
        }
        catch (UnreadableExampleException e)
        {
            unreadable.Add(dataset.NameOf(index), e);
            return false;
        }
    }
}
