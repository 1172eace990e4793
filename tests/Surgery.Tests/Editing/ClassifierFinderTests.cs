using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class ClassifierFinderTests
{
    public static IEnumerable<object[]> Rows => ClassifierModels.All.Select(c => new object[] { c.Form, c.Before, c.Behind, c.IsDynamic });

    [TestMethod, DynamicData(nameof(Rows))]
    public void EveryFormIsRecognised(string form, string before, string behind, bool isDynamic)
    {
        Classifier classifier = ClassifierFinder.Get(ClassifierModels.Build(form, before, behind, isDynamic).ToWorkingForm());
        Assert.AreEqual(ClassifierModels.KindOf(form), classifier.Kind);
        Assert.AreEqual(ClassifierModels.Classes, classifier.Classes);
        Assert.AreEqual("features", classifier.Features.Name);
        CollectionAssert.AreEqual(ClassifierModels.ParametersOf(form), classifier.Parameters.Select(p => p.Name).ToArray());
    }

    [TestMethod]
    public void ADropoutBeforeAFlattenOfOnePositionBelongsToTheClassifier()
    {
        Classifier classifier = ClassifierFinder.Get(DropoutThenFlatten(pool: true).ToWorkingForm());
        Assert.AreEqual("pooled", classifier.Features.Name);
    }

    [TestMethod]
    public void ADropoutBeforeAFlattenOfManyPositionsStays()
    {
        Classifier classifier = ClassifierFinder.Get(DropoutThenFlatten(pool: false).ToWorkingForm());
        Assert.AreEqual("flat", classifier.Features.Name, "a head would pool what the classifier flattens");
    }

    [TestMethod]
    public void TheFirstOutputThatEndsInAClassifierCounts()
    {
        Model model = ClassifierModels.Build("Gemm", "nothing", "Softmax", isDynamic: true);
        model.Graph.SetOutputs(model.Graph.Get("trunk"), model.Graph.Get("scores"));
        Assert.AreEqual("features", ClassifierFinder.Get(model.ToWorkingForm()).Features.Name);
    }

    private static readonly Dictionary<string, (string Reason, Func<GraphBuilder, Value, Value> End)> Others = new()
    {
        ["Concat"] = ("comes from Concat", (b, x) => b.Concat(1, b.Flatten(x), b.Flatten(x))),
        ["Relu behind Gemm"] = ("is followed by Relu", (b, x) => b.Relu(Gemm(b, b.Flatten(x)))),
        ["Conv on all positions"] = ("neither averaged over all positions nor left with one", (b, x) => Conv1x1(b, x)),
        ["mean over channels"] = ("comes from ReduceMean", (b, x) => b.ReduceMean(Conv1x1(b, x), [1])),
        ["3×3 Conv, averaged"] = ("neither averaged", (b, x) => b.GlobalAveragePool(b.Conv(x, b.Graph.AddInitializer("w", ClassifierModels.Numbers(5, 4, 3, 3))))),
        ["product of computed values"] = ("comes from MatMul", (b, x) => b.Flatten(b.MatMul(x, x))),
        ["MatMul at each position"] = ("does not hold the 5 values", (b, x) => b.MatMul(x, b.Graph.AddInitializer("w", ClassifierModels.Numbers(4, 5)))),
        ["no layer"] = ("Nothing with parameters stands before", (b, x) => b.Flatten(b.Graph.Get("x"))),
    };

    public static IEnumerable<object[]> OtherRows => Others.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(OtherRows))]
    public void OtherEndsAreRefusedWithAReason(string name)
    {
        Model model = WithEnd(Others[name].End).ToWorkingForm();
        Assert.IsNull(ClassifierFinder.Find(model, out string reason));
        StringAssert.Contains(reason, Others[name].Reason);
        GraphException error = Assert.ThrowsExactly<GraphException>(() => ClassifierFinder.Get(model));
        StringAssert.Contains(error.Message, "Gemm, MatMul (+ Add)");
    }

    [TestMethod]
    public void TheErrorListsTheLastValuesToCutAt()
    {
        GraphException error = Assert.ThrowsExactly<GraphException>(() => WithEnd(Others["Concat"].End).Edit().RemoveClassifier());
        StringAssert.Contains(error.Message, "the last that cut the whole model are 'Conv', 'trunk'.");
    }

    private static Value Gemm(GraphBuilder b, Value x) => b.Gemm(x, b.Graph.AddInitializer("w", ClassifierModels.Numbers(64, 5)));

    private static Value Conv1x1(GraphBuilder b, Value x) => b.Conv(x, b.Graph.AddInitializer("w", ClassifierModels.Numbers(5, 4, 1, 1)));

    private static Model DropoutThenFlatten(bool pool) => WithEnd((b, trunk) =>
    {
        Value x = trunk;
        if (pool)
            b.Graph.Rename(x = b.GlobalAveragePool(x), "pooled");
        Value flat = b.Flatten(b.Dropout(x, b.Scalar(0.5), null));
        b.Graph.Rename(flat, "flat");
        return b.Gemm(flat, b.Graph.AddInitializer("w", ClassifierModels.Numbers(pool ? 4 : 64, 5)));
    });

    private static Model WithEnd(Func<GraphBuilder, Value, Value> end)
    {
        Model model = ClassifierModels.Build("Gemm", "nothing", "nothing", isDynamic: true);
        model.Graph.SetOutputs(model.Graph.Get("trunk"));
        RemoveUnused.Run(model.Graph);
        model.Graph.SetOutputs(end(new GraphBuilder(model.Graph), model.Graph.Get("trunk")));
        return model;
    }
}
