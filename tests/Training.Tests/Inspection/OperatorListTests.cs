using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The list of standard operators against the runtime, which is asked with models of one node, and against the standard's conformance models.</summary>
[TestClass]
public sealed class OperatorListTests
{
    /// <summary>The first version of the standard's own operator sets that the runtime tells apart.</summary>
    private const int FirstTold = 7;

    [TestMethod]
    public void TheRuntimeKnowsEachFromItsFirstVersionOn()
    {
        foreach (StandardOperator o in StandardOperator.All)
        {
            int newest = o.IsDeprecated ? o.Since : StandardOperator.NewestOpset;
            Assert.DoesNotContain("No Op registered", Answer(o.Name, newest, []), o.Name);
            if (o.Since > FirstTold)
                Assert.MatchesRegex($"No Op registered|schema\\(::{o.Name}:1\\)", Answer(o.Name, o.Since - 1, []), $"{o.Name} is older than {o.Since}.");     // :1 is the runtime's own forerunner
        }
    }

    [TestMethod]
    public void TheRuntimeTakesAsManyInputs()
    {
        foreach (StandardOperator o in StandardOperator.All.Where(o => !o.IsDeprecated && o.Name != "Constant" && o.Inputs.All(i => !i.IsRepeated)))
        {
            string answer = Answer(o.Name, StandardOperator.NewestOpset, [.. Enumerable.Repeat(ElementType.Float, 20)]);
            Assert.Contains($"has input size 20 not in range [min={o.Inputs.Count(i => !i.IsOptional)}, max={o.Inputs.Count}]", answer, o.Name);
        }
    }

    [TestMethod]
    public void TheRuntimeTakesFloatsWhereTheListSaysSo()
    {
        foreach (StandardOperator o in StandardOperator.All.Where(o => !o.IsDeprecated && o.Inputs.All(i => !i.IsRepeated)))
        {
            string answer = Answer(o.Name, StandardOperator.NewestOpset, [.. Enumerable.Repeat(ElementType.Float, o.Inputs.Count)], Math.Max(1, o.Outputs.Count(y => !y.IsOptional)));
            int refused = Enumerable.Range(0, o.Inputs.Count).FirstOrDefault(i => answer.Contains($"'tensor(float)' of input parameter (x{i})", StringComparison.Ordinal), -1);
            int first = o.Inputs.ToList().FindIndex(i => !i.IsReal);
            bool isAsked = !answer.Contains("Required attribute", StringComparison.Ordinal) && !o.Name.Contains("Sequence", StringComparison.Ordinal);       // sequences of floats are no tensors
            if (isAsked)
                Assert.AreEqual(first, refused, $"{o.Name}: {answer}");
        }
    }

    [TestMethod]
    public void TheRuntimeTakesNoNewerOperatorSet()
    {
        Assert.AreEqual("", Answer("Relu", StandardOperator.NewestOpset, [ElementType.Float]));
        Assert.AreNotEqual("", Answer("Relu", StandardOperator.NewestOpset + 1, [ElementType.Float]));
    }

    [TestMethod]
    public void ConformanceModelsHaveNoOthers()
    {
        HashSet<string> known = [.. StandardOperator.All.Select(o => o.Name)];
        foreach (string file in ConformanceModels.Files)
            foreach (Node node in Model.Load(file).Graph.Nodes.Where(n => n.Domain == Model.StandardDomain))
                Assert.Contains(node.OpType, known, file);
    }

    /// <summary>What the runtime says of a model of one node; empty where it takes it.</summary>
    private static string Answer(string operatorName, int opset, ElementType[] inputs, int outputs = 1)
    {
        Graph graph = new();
        Value[] values = [.. inputs.Select((type, i) => graph.AddInput($"x{i}", type, null))];
        graph.SetOutputs([.. graph.AddNode(operatorName, values, [.. Enumerable.Range(0, outputs).Select(i => $"y{i}")]).Outputs.Select(y => y!)]);
        using SessionOptions quiet = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };
        try
        {
            using InferenceSession session = RuntimeSession.Open(new Model(graph) { Opset = opset, IrVersion = 8 }, quiet);
            return "";
        }
        catch (GraphException e)
        {
            return e.Message;
        }
    }
}
