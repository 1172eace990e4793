namespace OnnxFineTune.Inference;
