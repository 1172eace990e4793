using System.Text.Json;

namespace OnnxFineTune.Cli.Tests;

/// <summary>Wrong words on the command line: exit code 2 and a sentence that says what is possible.</summary>
[TestClass]
public sealed class UsageTests
{
    private const string Train = "train --model m --images i --out o ";
    private const string Artifacts = "artifacts --model m --out o ";
    private const string Export = "export --artifacts a --out o ";

    [TestMethod]
    [DataRow("trian", "There is no verb 'trian'. Did you mean 'train'? `onnxft --help` shows what can be given.")]
    [DataRow("predict-all", "There is no verb 'predict-all'. `onnxft --help` shows what can be given.")]
    [DataRow("train", "Option '--model' is required. `onnxft train --help` shows what can be given.")]
    [DataRow("inspect", "Required argument 'model' missing")]
    [DataRow("predict --model m", "Required argument 'files' missing")]
    [DataRow(Train + "--epoch 3", "There is no option '--epoch' of train. Did you mean '--epochs'?")]
    [DataRow("inspect a b", "'b' is one word too many: inspect takes options and <model>.")]
    [DataRow("demo a", "'a' is one word too many: demo takes options only.")]
    [DataRow(Train + "--cut ", "--cut is empty.")]
    [DataRow(Train + "--cut a --remove-last 1", "Give --cut or --remove-last, not both.")]
    [DataRow(Train + "--drop-bypass", "--drop-bypass goes with --cut.")]
    [DataRow(Train + "--cache c --no-cache", "Give --cache or --no-cache, not both.")]
    [DataRow(Train + "--remove-last 0", "--remove-last is '0'; it must be a whole number of at least 1.")]
    [DataRow(Train + "--head best", "There is no head 'best': linear, conv, or mlp with its hidden sizes, for example mlp:256,128.")]
    [DataRow(Train + "--head mlp", "There is no head 'mlp'")]
    [DataRow(Train + "--head mlp:", "'' is no size of a hidden layer: give whole numbers above 0, for example mlp:256,128.")]
    [DataRow(Train + "--head mlp:256,0", "'0' is no size of a hidden layer")]
    [DataRow(Train + "--head linear:3", "--head is 'linear:3', but train counts the classes in the folder of pictures: leave ':3' out.")]
    [DataRow(Train + "--head mlp:8:3", "--head is 'mlp:8:3', but train counts")]
    [DataRow(Train + "--head linear:0", "'0' is no number of classes: give a whole number above 0, for example linear:5.")]
    [DataRow(Train + "--head linear:3:4", "There is no head 'linear:3:4'")]
    [DataRow(Train + "--dropout 1", "--dropout is '1'; it must be a number at least 0 and below 1.")]
    [DataRow(Train + "--trainable from:", "--trainable is 'from:'; give head, blocks:N, biases, normalization, all, from:VALUE, or patterns of parameter names.")]
    [DataRow(Train + "--lora eight", "--lora is 'eight'; give a whole number for the rank, and with a colon a number for alpha, for example 8 or 8:16.")]
    [DataRow(Train + "--lora 8:16:2", "--lora is '8:16:2'; give a whole number for the rank")]
    [DataRow(Train + "--lora 0", "Lora.Rank is 0; it must be from 1 to 4096.")]
    [DataRow(Train + "--lora 8:0", "Lora.Alpha is 0; it must be above 0.")]
    [DataRow(Train + "--lora-on fire*", "--lora-on goes with --lora: give a rank, for example --lora 8.")]
    [DataRow(Train + "--lora 8 --lora-on ,", "Lora.Pattern is empty; give patterns of names, or * for all weights.")]
    [DataRow(Train + "--lora 8 --trainable all", "Give --lora or --trainable, not both: with --lora the adapters and the head are trained.")]
    [DataRow(Train + "--lora 8 --batch-norm batch", "Running statistics of BatchNormalization cannot be updated with adapters")]
    [DataRow("merge --model m --out o", "Option '--adapter' is required.")]
    [DataRow(Train + "--preprocess keras", "--preprocess cannot be 'keras': give imagenet, caffe, minus-one-to-one or zero-to-one.")]
    [DataRow(Train + "--optimizer adagrad", "--optimizer cannot be 'adagrad': give adamw, adam, sgd or nesterov.")]
    [DataRow(Train + "--schedule step", "--schedule cannot be 'step': give cosine, constant or one-cycle.")]
    [DataRow(Train + "--epochs 0", "--epochs is '0'; it must be a whole number from 1 to 1000000.")]
    [DataRow(Train + "--epochs 2.5", "--epochs is '2.5'; it must be a whole number from 1 to 1000000.")]
    [DataRow(Train + "--batch -1", "--batch is '-1'; it must be a whole number from 1 to 1000000.")]
    [DataRow(Train + "--lr 0", "--lr is '0'; it must be a number above 0.")]
    [DataRow(Train + "--lr NaN", "--lr is 'NaN'; it must be a number above 0.")]
    [DataRow(Train + "--lr 1e99", "--lr is '1e99'; it must be a number above 0.")]
    [DataRow(Train + "--trainable blocks:none", "--trainable: 'blocks:none' is no selection: behind 'blocks:' goes the number of blocks to train")]
    [DataRow(Train + "--layer-decay 0", "--layer-decay is '0'; it must be a number above 0 and at most 1.")]
    [DataRow(Train + "--head-first 0 --trainable all", "--head-first is '0'; it must be a whole number from 1 to 1000000.")]
    [DataRow(Train + "--head-first", "HeadFirst trains the head before the rest, but Trainable is 'head', so there is no rest.")]
    [DataRow(Train + "--engine ort-training --layer-decay 0.8", "ONNX Runtime's training API has one learning rate for all parameters")]
    [DataRow(Artifacts + "--layer-decay 0.8", "--layer-decay cannot be had: ONNX Runtime's training API has one learning rate for all parameters.")]
    [DataRow(Train + "--momentum 1", "--momentum is '1'; it must be a number at least 0 and below 1.")]
    [DataRow(Train + "--optimizer nesterov --momentum 0", "Nesterov needs a Momentum above 0")]
    [DataRow(Train + "--weight-decay -1", "--weight-decay is '-1'; it must be a number of at least 0.")]
    [DataRow(Train + "--warmup -1", "--warmup is '-1'; it must be a whole number of at least 0.")]
    [DataRow(Train + "--label-smoothing 2", "--label-smoothing is '2'; it must be a number from 0 to 1.")]
    [DataRow(Train + "--clip 0", "--clip is '0'; it must be a number above 0.")]
    [DataRow(Train + "--validation 0.6", "--validation is '0.6'; it must be a number from 0 to 0.5.")]
    [DataRow(Train + "--patience 0", "--patience is '0'; it must be a whole number from 1 to 1000000.")]
    [DataRow(Train + "--seed x", "--seed is 'x'; it must be a whole number.")]
    [DataRow(Train + "--threads -1", "--threads is '-1'; it must be a whole number from 0 to 4096.")]
    [DataRow(Train + "--engine cuda", "--engine cannot be 'cuda': give step-graph or ort-training.")]
    [DataRow(Train + "--engine ort-training --optimizer nesterov", "ONNX Runtime's training API has SGD without momentum and weight decay only; set both to 0, or take AdamW.")]
    [DataRow("artifacts", "Option '--model' is required. `onnxft artifacts --help` shows what can be given.")]
    [DataRow("artifacts --model m", "Option '--out' is required.")]
    [DataRow(Artifacts + "--head linear", "--head is 'linear', without a number of classes: give it (linear:5), or --labels with a name for each.")]
    [DataRow(Artifacts + "--head mlp:256,128", "--head is 'mlp:256,128', without a number of classes: give it (mlp:256,128:5), or --labels with a name for each.")]
    [DataRow(Artifacts + "--head linear:five", "'five' is no number of classes: give a whole number above 0, for example linear:5.")]
    [DataRow(Artifacts + "--head mlp:8:-1", "'-1' is no number of classes: give a whole number above 0, for example mlp:8:5.")]
    [DataRow(Artifacts + "--head mlp", "There is no head 'mlp': linear, conv, or mlp with its hidden sizes, for example mlp:256,128.")]
    [DataRow(Artifacts + "--cut a", "--cut goes with --head: give the head to attach, for example --head linear:5.")]
    [DataRow(Artifacts + "--dropout 0.5", "--dropout goes with --head")]
    [DataRow(Artifacts + "--remove-last 2", "--remove-last goes with --head")]
    [DataRow(Artifacts + "--head linear:2 --cut a --remove-last 1", "Give --cut or --remove-last, not both.")]
    [DataRow(Artifacts + "--head linear:2 --trainable from:", "--trainable is 'from:'; give head, blocks:N, biases, normalization, all, from:VALUE, or patterns of parameter names.")]
    [DataRow(Artifacts + "--head linear --labels names.txt", "--labels is 'names.txt', and there is no such file: give the names separated by commas, or a text file with one name a line.")]
    [DataRow(Artifacts + "--head linear --labels a,,b", "--labels has an empty name: give the names separated by single commas.")]
    [DataRow(Artifacts + "--head linear --labels a,b,a", "--labels names 'a' twice: give each class a name of its own.")]
    [DataRow(Artifacts + "--head linear --labels ", "--labels is empty.")]
    [DataRow(Artifacts + "--loss hinge", "--loss cannot be 'hinge': give cross-entropy, binary-cross-entropy or mse.")]
    [DataRow(Artifacts + "--loss mse --label-smoothing 0.1", "--label-smoothing goes with --loss cross-entropy.")]
    [DataRow(Artifacts + "--label-smoothing 2", "--label-smoothing is '2'; it must be a number from 0 to 1.")]
    [DataRow(Artifacts + "--optimizer nesterov", "--optimizer cannot be 'nesterov': give adamw, adamw-hf, adam or sgd.")]
    [DataRow(Artifacts + "--optimizer sgd --momentum 0.9", "--momentum cannot be had: the SGD of ONNX Runtime's training API has none. Leave it out, or give --optimizer adamw.")]
    [DataRow(Artifacts + "--optimizer sgd --weight-decay 0.1", "ONNX Runtime's training API has SGD without momentum and weight decay only; set both to 0, or take AdamW.")]
    [DataRow(Artifacts + "--optimizer adam --weight-decay 0.1", "ONNX Runtime's training API has no Adam with L2 weight decay;")]
    [DataRow(Artifacts + "--weight-decay -1", "--weight-decay is '-1'; it must be a number of at least 0.")]
    [DataRow(Artifacts + "--clip 0", "--clip is '0'; it must be a number above 0.")]
    [DataRow("artifacts --verify d --model m", "--verify stands alone: --model says how artifacts are made.")]
    [DataRow("artifacts --verify d --nominal", "--verify stands alone: --nominal says how artifacts are made.")]
    [DataRow("export", "Option '--artifacts' is required. `onnxft export --help` shows what can be given.")]
    [DataRow("export --artifacts a", "Option '--out' is required.")]
    [DataRow(Export + "--labels a,a", "--labels names 'a' twice")]
    [DataRow("engines all", "'all' is one word too many: engines takes options only.")]
    [DataRow("predict --model m p --threads -1", "--threads is '-1'; it must be a whole number from 0 to 4096.")]
    [DataRow("predict --model m p --top 0", "--top is '0'; it must be a whole number of at least 1.")]
    public async Task WrongUsageIsExplained(string line, string message)
    {
        CommandResult result = await CommandLine.RunAsync(line.Split(' '));
        Assert.AreEqual(2, result.Code);
        StringAssert.StartsWith(result.Error, $"error: {message}");
        Assert.AreEqual(1, result.Error.TrimEnd('\n').Split('\n').Length, result.Error);
        Assert.AreEqual("", result.Output);
    }

    [TestMethod]
    [DataRow("train --json")]
    [DataRow("--json trian")]
    [DataRow("train --json --model m --images i --out o --head best")]
    [DataRow("artifacts --json")]
    [DataRow("artifacts --json --model m --out o --head linear")]
    public async Task WrongUsageIsAnObjectWithJson(string line)
    {
        CommandResult result = await CommandLine.RunAsync(line.Split(' '));
        Assert.AreEqual(2, result.Code);
        Assert.AreEqual(JsonValueKind.String, result.Json.GetProperty("error").ValueKind);
    }
}
