using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

Model pretrained = Model.Load("models/fashion.onnx");
Model model = pretrained.Edit()
    .RemoveClassifier()                                 // or CutAt("a value"): anywhere, any number of layers back
    .Attach(new LinearHead(5))                          // or MlpHead, ConvHead, or several
    .Build();                                           // pretrained is untouched
ImageFolder images = ImageFolder.Open("samples/clothes/train", ImagePreprocessing.For(model));
using Trainer trainer = new(model, new TrainerOptions { Epochs = 20, Trainable = Trainable.Head });
FitResult result = await trainer.FitAsync(images);
result.Model.Save("clothes.onnx");                      // labels and preprocessing travel inside
using Predictor predictor = Predictor.Open("clothes.onnx");
Console.WriteLine(predictor.Predict("samples/clothes/test/bag/0000.png"));
