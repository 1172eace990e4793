using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Operators whose rules take the gradient of their first output only.</summary>
[TestClass]
public sealed class OtherOutputTests
{
    [TestMethod]
    [DataRow("LayerNormalization", 1, "Mean")]
    [DataRow("LayerNormalization", 2, "InvStdDev")]
    [DataRow("BatchNormalization", 1, "running_mean")]
    [DataRow("BatchNormalization", 2, "running_var")]
    public void LossOfAnotherOutputIsRefused(string operatorName, int output, string name)
    {
        foreach (bool first in new[] { false, true })
        {
            GraphException error = Assert.ThrowsExactly<GraphException>(() => Differentiate(operatorName, first ? [0, output] : [output]));
            StringAssert.Contains(error.Message, $"'{name}', output {output} of {operatorName}");
        }
    }

    [TestMethod]
    [DataRow("LayerNormalization")]
    [DataRow("BatchNormalization")]
    public void OtherOutputsThatTheLossDoesNotReadAreFine(string operatorName) => Assert.IsTrue(Differentiate(operatorName, [0]));

    /// <summary>Differentiates the sum of the squares of some outputs by X.</summary>
    private static bool Differentiate(string operatorName, int[] outputs)
    {
        GraphBuilder op = new(new Graph("outputs"));
        Value x = op.Graph.AddInput("x", ElementType.Float, Shape.Of(4, 3));
        Value ones = op.Constant(TensorData.FromFloats([1, 1, 1], 3));
        Node node = operatorName == "LayerNormalization"
            ? op.Node(operatorName, [x, ones, ones], 3)
            : op.Node(operatorName, [x, ones, ones, ones, ones], 3, ("training_mode", 1));
        string[] names = operatorName == "LayerNormalization" ? ["Y", "Mean", "InvStdDev"] : ["Y", "running_mean", "running_var"];
        foreach ((Value? output, string name) in node.Outputs.Zip(names))
            op.Graph.Rename(output!, name);
        Value[] losses = [.. outputs.Select(i => op.ReduceSum(op.Mul(node.Outputs[i]!, node.Outputs[i]!), [], keepDims: false))];
        Value loss = losses.Length == 1 ? losses[0] : op.Sum(losses);
        op.Graph.AddOutput(loss);
        InferShapes.Run(new Model(op.Graph) { Opset = GraphBuilder.WorkingOpset });
        return Differentiation.Append(op, loss, [x]).ContainsKey(x);
    }
}
