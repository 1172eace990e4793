namespace OnnxFineTune.Training;
