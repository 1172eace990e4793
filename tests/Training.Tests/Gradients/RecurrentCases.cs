using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of LSTM, GRU and RNN: X, W, R, B, sequence_lens, initial_h, initial_c, P; 3 or 4 steps, batch 2, 3 inputs, hidden size 2.</summary>
internal static class RecurrentCases
{
    public static IEnumerable<GradientCase> Rows => Plain.Select(c => c with { Batch = false, FailsInDouble = true, Attributes = [.. c.Attributes, ("hidden_size", 2)] });

    private static GradientCase[] Plain =>
    [
        new("LSTM", [3, 2, 3], [1, 8, 3], [1, 8, 2]) { Outputs = 3 },
        new("LSTM", [3, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16], null, [1, 2, 2], [1, 2, 2], [1, 6]) { Outputs = 3, Note = "all inputs" },
        new("LSTM", [3, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16]) { Outputs = 3, Unused = [1, 2], Attributes = [("direction", "reverse")] },
        new("LSTM", [3, 2, 3], [2, 8, 3], [2, 8, 2], [2, 16], null, [2, 2, 2], [2, 2, 2], [2, 6]) { Outputs = 3, Attributes = [("direction", "bidirectional")] },
        new("LSTM", [4, 2, 3], [2, 8, 3], [2, 8, 2], [2, 16], null, [2, 2, 2], [2, 2, 2]) { Outputs = 3, Attributes = [("direction", "bidirectional")], Constants = { [4] = Lengths(4, 2) } },
        new("LSTM", [4, 2, 3], [1, 8, 3], [1, 8, 2]) { Outputs = 3, Computed = { [4] = Lengths(1, 3) }, Note = "lengths known at run time, no states" },
        new("LSTM", [3, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16], null, [1, 2, 2], [1, 2, 2], [1, 6]) { Outputs = 3, Attributes = [("input_forget", 1)] },
        new("LSTM", [3, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16], null, [1, 2, 2], [1, 2, 2], [1, 6]) { Outputs = 3, Attributes = [("clip", 0.6f)], Range = (-0.9, 0.9) },
        new("LSTM", [1, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16], null, null, null, [1, 6]) { Outputs = 3, Note = "one step" },
        new("LSTM", [3, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16]) { Outputs = 3, Attributes = [Functions("HardSigmoid", "ScaledTanh", "Softsign"), ("activation_alpha", Floats(0.3f, 1.2f)), ("activation_beta", Floats(0.4f, 0.7f))] },
        new("GRU", [3, 2, 3], [1, 6, 3], [1, 6, 2]) { Outputs = 2 },
        new("GRU", [3, 2, 3], [1, 6, 3], [1, 6, 2], [1, 12], null, [1, 2, 2]) { Outputs = 2 },
        new("GRU", [3, 2, 3], [1, 6, 3], [1, 6, 2], [1, 12]) { Outputs = 2, Attributes = [("linear_before_reset", 1)] },
        new("GRU", [3, 2, 3], [1, 6, 3], [1, 6, 2]) { Outputs = 2, Attributes = [("linear_before_reset", 1)], Note = "no bias" },
        new("GRU", [4, 2, 3], [2, 6, 3], [2, 6, 2], [2, 12], null, [2, 2, 2]) { Outputs = 2, Attributes = [("direction", "bidirectional"), ("linear_before_reset", 1)], Constants = { [4] = Lengths(3, 4) } },
        new("GRU", [3, 2, 3], [1, 6, 3], [1, 6, 2], [1, 12], null, [1, 2, 2]) { Outputs = 2, Attributes = [("clip", 0.6f), ("direction", "reverse")], Range = (-0.9, 0.9) },
        new("GRU", [1, 2, 3], [1, 6, 3], [1, 6, 2], [1, 12]) { Outputs = 2, Note = "one step" },
        new("GRU", [3, 2, 3], [1, 6, 3], [1, 6, 2], [1, 12]) { Outputs = 2, Attributes = [Functions("sigmoid", "affine"), ("activation_alpha", Floats(0.8f)), ("activation_beta", Floats(0.1f))] },
        new("RNN", [3, 2, 3], [1, 2, 3], [1, 2, 2]) { Outputs = 2 },
        new("RNN", [3, 2, 3], [1, 2, 3], [1, 2, 2], [1, 4], null, [1, 2, 2]) { Outputs = 2, Attributes = [("direction", "reverse")] },
        new("RNN", [4, 2, 3], [2, 2, 3], [2, 2, 2], [2, 4], null, [2, 2, 2]) { Outputs = 2, Constants = { [4] = Lengths(2, 4) }, Attributes = [("direction", "bidirectional"), Functions("Tanh", "Sigmoid")] },
        new("RNN", [3, 2, 3], [1, 2, 3], [1, 2, 2], [1, 4]) { Outputs = 2, Unused = [1], Attributes = [Functions("Elu"), ("activation_alpha", Floats(0.8f))] },
        new("RNN", [3, 2, 3], [1, 2, 3], [1, 2, 2], [1, 4]) { Outputs = 2, Unused = [0], Attributes = [Functions("Softplus")] },
        new("RNN", [3, 2, 3], [1, 2, 3], [1, 2, 2], [1, 4]) { Outputs = 2, Attributes = [Functions("LeakyRelu"), ("activation_alpha", Floats(0.2f))] },
    ];

    private static (string, object?) Functions(params string[] names) => ("activations", names);

    private static float[] Floats(params float[] values) => values;

    private static TensorData Lengths(params int[] lengths) => TensorData.FromBytes(ElementType.Int32, Shape.Of(lengths.Length), lengths.SelectMany(BitConverter.GetBytes).ToArray());
}
