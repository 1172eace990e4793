using OnnxFineTune.Benchmarks;

if (args is not ["head-step", ..])
{
    Console.Error.WriteLine("usage: head-step [--features 512] [--classes 10] [--batch 32] [--threads 1]");
    return 2;
}
HeadStep step = new(Option("--features", 512), Option("--classes", 10), Option("--batch", 32), Option("--threads", 1));
TimeSpan time = step.Measure();
Console.WriteLine($"OnnxFineTune head-step features={step.Features} classes={step.Classes} batch={step.Examples} threads={step.Threads}: {time.TotalMicroseconds:F1} us");
return 0;

int Option(string name, int fallback)
{
    int index = Array.IndexOf(args, name);
    return index >= 0 && index + 1 < args.Length ? int.Parse(args[index + 1]) : fallback;
}
