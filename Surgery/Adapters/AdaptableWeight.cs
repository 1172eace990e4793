using System.Runtime.InteropServices;

namespace OnnxFineTune.Surgery;

/// <summary>A node that multiplies data by a weight.</summary>
/// <param name="Node">A MatMul, Gemm or Conv.</param>
/// <param name="Index">Which input the weight is, transposed perhaps.</param>
/// <param name="OutputFirst">Whether the stored weight's first dimension is that of the outputs, as in Conv and in PyTorch's linear layers.</param>
internal readonly record struct WeightUse(Node Node, int Index, bool OutputFirst);

/// <summary>
/// A weight that can have an adapter: a matrix [outputs, inputs] for each group of channels, in whatever order it is stored. Its adapter is A, which maps inputs to rank numbers, and B,
/// which maps these to outputs, in the shapes that PEFT and loralib give them.
/// </summary>
/// <param name="Weight">The initializer.</param>
/// <param name="Uses">The nodes that read it, all of the same kind and order.</param>
internal sealed record AdaptableWeight(Value Weight, IReadOnlyList<WeightUse> Uses)
{
    private Shape Shape => Weight.Data!.Shape;

    /// <summary>Whether it is the weight of convolutions.</summary>
    public bool IsConvolution => Uses[0].Node.OpType == "Conv";

    /// <summary>Groups of channels, each with an adapter of its own; 1 but for grouped convolutions.</summary>
    public long Groups => IsConvolution ? Uses[0].Node.Attributes.Int("group", 1) : 1;

    /// <summary>Outputs of a group.</summary>
    public long Outputs => Size(OutputFirst ? 0 : 1) / Groups;

    /// <summary>Inputs of a group: channels times positions of the kernel.</summary>
    public long Inputs => Weight.Data!.Count / Size(OutputFirst ? 0 : 1);

    private bool OutputFirst => Uses[0].OutputFirst;

    /// <summary>
    /// Whether W + s·B·A is computed and used in place of W; else A and B are a branch beside the layer. The sum asks for the gradient of the whole weight, outputs·inputs products for each
    /// position; the branch for some (3·rank + 64)·(outputs + inputs), where the 64 stands for what it moves in memory.
    /// </summary>
    /// <remarks>
    /// Measured: on SqueezeNet, with few channels, the sum takes 0.85 of the branch's time and 0.73 of its memory, on ResNet-18 and ResNet-50 1.3 to 1.4 of its time. For a MatMul or Gemm the
    /// branch always was the faster one (benchmarks/README.md, "Adapters").
    /// </remarks>
    public bool IsSum(long rank) => IsConvolution && Outputs * Inputs < (3 * rank + 64) * (Outputs + Inputs);

    /// <summary>Shape of A: [rank, inputs], or [groups·rank, channels, kernel…] for a convolution.</summary>
    public long[] ShapeOfA(long rank) => IsConvolution ? [Groups * rank, .. Shape.Skip(1).Select(d => d.Value!.Value)] : [rank, Inputs];

    /// <summary>Shape of B: [outputs, rank], or [groups·outputs, rank, 1…] for a convolution.</summary>
    public long[] ShapeOfB(long rank) => IsConvolution ? [Size(0), rank, .. Enumerable.Repeat(1L, Shape.Rank - 2)] : [Outputs, rank];

    /// <summary>The highest rank at which A and B together hold fewer numbers than the weight; 0 where there is none.</summary>
    public long HighestRank => (Outputs * Inputs - 1) / (Outputs + Inputs);

    /// <summary>W + scale·B·A in the order in which W is stored; added up in double precision and rounded once, in the same order of operations on every machine.</summary>
    /// <exception cref="GraphException">The shapes do not fit the weight.</exception>
    public TensorData Fold(TensorData a, TensorData b, float scale)
    {
        long rank = a.Shape.Rank > 0 ? a.Shape[0].Value!.Value / Groups : 0;
        if (rank < 1 || !a.Shape.Equals(Shape.Of(ShapeOfA(rank))) || !b.Shape.Equals(Shape.Of(ShapeOfB(rank))))
            throw new GraphException($"The adapter of '{Weight.Name}' {Shape} has the shapes {a.Shape} and {b.Shape}, which do not fit; take the adapter that was made for this model.");
        byte[] sum = new byte[Weight.Data!.ByteLength];
        long perRow = OutputFirst ? Inputs : Outputs, rows = OutputFirst ? Outputs : Inputs;
        float[] left = OutputFirst ? b.ToFloats() : Transposed(a.ToFloats(), rank), right = OutputFirst ? a.ToFloats() : Transposed(b.ToFloats(), Outputs);
        TensorData weight = Weight.Data;
        Parallel.For(0, Groups * rows, row => AddRow((int)row, (int)(row / rows)));
        return TensorData.FromBytes(ElementType.Float, weight.Shape, sum);

        void AddRow(int row, int group)
        {
            int length = (int)perRow, r = (int)rank;
            double[] total = new double[length];
            for (int k = 0; k < r; k++)
            {
                double factor = (double)scale * left[row * r + k];
                ReadOnlySpan<float> part = right.AsSpan((group * r + k) * length, length);
                for (int i = 0; i < length; i++)
                    total[i] += factor * part[i];
            }
            ReadOnlySpan<float> before = weight.Span<float>().Slice(row * length, length);
            Span<float> after = MemoryMarshal.Cast<byte, float>(sum.AsSpan()).Slice(row * length, length);
            for (int i = 0; i < length; i++)
                after[i] = (float)(before[i] + total[i]);
        }
    }

    private long Size(int axis) => Shape[axis].Value!.Value;

    private static float[] Transposed(float[] matrix, long rows)
    {
        int height = (int)rows, width = matrix.Length / height;
        float[] transposed = new float[matrix.Length];
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++)
                transposed[j * height + i] = matrix[i * width + j];
        return transposed;
    }
}
