namespace OnnxFineTune.Inference;

/// <summary>Order of the dimensions of a batch of pictures.</summary>
public enum TensorLayout
{
    /// <summary>[batch, channels, height, width]: PyTorch, Caffe.</summary>
    Nchw,

    /// <summary>[batch, height, width, channels]: TensorFlow.</summary>
    Nhwc,
}
