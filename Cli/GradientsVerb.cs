using System.CommandLine;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>gradients</c>: the loss of a model on one batch and its gradients as files; or the table of operators that have gradients.</summary>
internal sealed class GradientsVerb : IVerb
{
    private readonly Argument<string?> _model = new("model") { Description = "The ONNX model; it is differentiated as it is.", Arity = ArgumentArity.ZeroOrOne };
    private readonly BatchOptions _batch = new();
    private readonly Option<string?> _out = new("--out", "-o") { Description = $"Folder for {ModelGradients.LossFile} and {ModelGradients.GradientFolder}/NAME{TensorFileName.Extension}.", HelpName = "DIR" };
    private readonly Option<bool> _list = new("--list") { Description = "List the operators and how the gradient of each is had; no model is needed." };
    private readonly Option<bool> _markdown = new("--markdown") { Description = "With --list: the table as Markdown." };

    public Command Build()
    {
        Command command = new("gradients", "Compute the loss of a model on one batch and its gradients, as ONNX tensors; or list the operators that have gradients.") { _model, _out, _list, _markdown };
        foreach (Option option in _batch.All)
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_list) is { Implicit: false })
            {
                Option? other = command.Options.FirstOrDefault(o => o != _list && o != _markdown && result.GetResult(o) is { Implicit: false });
                if (other is not null || result.GetResult(_model) is { Tokens.Count: > 0 })
                    result.AddError($"--list stands alone: {other?.Name ?? "a model"} says which gradients are computed.");
            }
            else if (result.GetResult(_markdown) is { Implicit: false })
                result.AddError("--markdown goes with --list.");
            else if (result.GetResult(_model) is not { Tokens.Count: > 0 })
                result.AddError("Give the model whose gradients are computed, or --list.");
            else if (new Option[] { _batch.Inputs, _batch.Labels, _out }.FirstOrDefault(o => result.GetResult(o) is null) is { } missing)
                result.AddError($"Option '{missing.Name}' is required.");
        });
        return command;
    }

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        if (parsed.GetValue(_list))
            GradientTableReport.Show(terminal, parsed.GetValue(_markdown));
        else
            Compute(parsed, terminal);
        return Task.FromResult(ExitCode.Done);
    }

    private void Compute(ParseResult parsed, Terminal terminal)
    {
        Model model = Model.Load(parsed.GetValue(_model)!);
        IReadOnlyDictionary<string, TensorData> inputs = _batch.ReadInputs(parsed, model);
        TensorData labels = TensorFile.Load(parsed.GetValue(_batch.Labels)!);
        ModelGradients result = ModelGradients.Of(model, inputs, labels, _batch.Read(parsed));
        string folder = parsed.GetValue(_out)!;
        IReadOnlyDictionary<string, string> files = result.Save(folder);
        if (!float.IsFinite(result.Loss))
            terminal.Warning($"The loss is {result.Loss}: with these inputs the model's output is not finite, or does not fit the loss.");
        terminal.Line($"loss {Figures.Loss(result.Loss)}; {Figures.Count(files.Count)} gradients in {Path.Combine(folder, ModelGradients.GradientFolder)}");
        terminal.Result(new
        {
            result.Loss,
            lossFile = ModelGradients.LossFile,
            gradients = result.Gradients.Select(g => new { name = g.Key, shape = g.Value.Shape.ToArray(), norm = Norm(g.Value), file = files[g.Key] }),
        });
    }

    private static double Norm(TensorData tensor) => Math.Sqrt(tensor.ToFloats().Sum(v => (double)v * v));
}
