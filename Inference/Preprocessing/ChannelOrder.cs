namespace OnnxFineTune.Inference;

/// <summary>The channels that a model takes, in its order.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue: PyTorch, TensorFlow.</summary>
    Rgb,

    /// <summary>Blue, green, red: Caffe, OpenCV.</summary>
    Bgr,

    /// <summary>One channel of luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).</summary>
    Grey,
}
