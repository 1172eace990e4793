#:project ../Inference/OnnxFineTune.Inference.csproj
#:property TargetFramework=net10.0
// Makes what models/ and samples/ are made from: PNG class folders out of IDX files, and a network with random weights.
//   dotnet run models/make.cs -- pictures --data DIR --split train|t10k --classes 0,1,2 --count 100 --out DIR
//   dotnet run models/make.cs -- network --out untrained.onnx [--seed 1]
using System.Buffers.Binary;
using System.IO.Compression;
using OnnxFineTune.Surgery;
using SkiaSharp;

string[] names = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"];
Dictionary<string, string> options = [];
for (int i = 1; i + 1 < args.Length; i += 2)
    options[args[i].TrimStart('-')] = args[i + 1];
switch (args.FirstOrDefault())
{
    case "pictures":
        Pictures(options["data"], options["split"], [.. options["classes"].Split(',').Select(int.Parse)], int.Parse(options["count"]), options["out"]);
        return 0;
    case "network":
        Network(int.Parse(options.GetValueOrDefault("seed", "1"))).Save(options["out"]);
        return 0;
    default:
        Console.Error.WriteLine("usage: make.cs pictures|network …; the first lines of the file say more");
        return 2;
}

// The first `count` pictures of each class, as dark things on a white ground, the way a catalogue shows them.
void Pictures(string data, string split, int[] classes, int count, string folder)
{
    byte[] images = Unpack(Path.Combine(data, $"{split}-images-idx3-ubyte.gz"), 16);
    byte[] labels = Unpack(Path.Combine(data, $"{split}-labels-idx1-ubyte.gz"), 8);
    foreach (int wanted in classes)
    {
        string target = Directory.CreateDirectory(Path.Combine(folder, names[wanted])).FullName;
        int written = 0;
        for (int i = 0; i < labels.Length && written < count; i++)
            if (labels[i] == wanted)
                File.WriteAllBytes(Path.Combine(target, $"{written++:0000}.png"), Png(images.AsSpan(i * 784, 784)));
    }
}

static byte[] Unpack(string path, int header)
{
    using GZipStream stream = new(File.OpenRead(path), CompressionMode.Decompress);
    using MemoryStream bytes = new();
    stream.CopyTo(bytes);
    byte[] all = bytes.ToArray();
    int count = BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(4));
    return count > 0 ? all[header..] : throw new InvalidDataException($"{path} holds no IDX data.");
}

static byte[] Png(ReadOnlySpan<byte> pixels)
{
    using SKBitmap bitmap = new(28, 28, SKColorType.Gray8, SKAlphaType.Opaque);
    Span<byte> target = bitmap.GetPixelSpan();
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 28; x++)
            target[(y * bitmap.RowBytes) + x] = (byte)(255 - pixels[(y * 28) + x]);
    using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
    return png.ToArray();
}

// Six convolutions, two of them with stride 2, mean over positions, one fully connected layer: 28×28 grey → 5 classes.
static Model Network(int seed)
{
    Random random = new(seed);
    Graph graph = new("fashion");
    GraphBuilder op = new(graph);
    Value x = graph.AddInput("image", ElementType.Float, new Shape(Dimension.Named("batch"), 1, 28, 28));
    (int Channels, int Stride)[] layers = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (96, 1)];
    int channels = 1;
    for (int i = 0; i < layers.Length; i++)
    {
        Value weight = Weight($"conv{i + 1}.weight", channels * 9, layers[i].Channels, channels, 3, 3);
        Value bias = graph.AddInitializer($"conv{i + 1}.bias", TensorData.FromFloats(new float[layers[i].Channels], layers[i].Channels));
        x = op.Relu(op.Conv(x, weight, bias, [layers[i].Stride, layers[i].Stride], [1, 1, 1, 1]));
        channels = layers[i].Channels;
    }
    x = op.Flatten(op.GlobalAveragePool(x));
    graph.Rename(x, "features");
    x = op.Gemm(x, Weight("classifier.weight", channels, 5, channels), graph.AddInitializer("classifier.bias", TensorData.FromFloats(new float[5], 5)), transB: true);
    x.Shape = new Shape(Dimension.Named("batch"), 5);
    graph.Rename(x, "logits");
    graph.AddOutput(x);
    return new Model(graph) { Opset = GraphBuilder.WorkingOpset, ProducerName = "OnnxFineTune" };

    // Kaiming: He et al. 2015, arXiv:1502.01852.
    Value Weight(string name, int fanIn, params long[] dimensions)
    {
        float[] values = new float[dimensions.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * Math.Sqrt(2.0 / fanIn));
        return graph.AddInitializer(name, TensorData.FromFloats(values, dimensions));
    }
}
