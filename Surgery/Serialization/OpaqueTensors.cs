using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>
/// Takes external data into the parts of a model that are kept in wire format (functions, training information, sparse tensors), since
/// these must stay right when the model is saved to another folder.
/// </summary>
internal static class OpaqueTensors
{
    /// <summary>Puts the elements of every tensor in the message, at any depth, into the message.</summary>
    public static void TakeIn(IMessage message, TensorReader tensors)
    {
        if (message is TensorProto { DataLocation: TensorProto.Types.DataLocation.External } tensor)
        {
            tensor.RawData = ByteString.CopyFrom(tensors.Read(tensor).Bytes.Span);
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder().Where(f => f.FieldType == FieldType.Message))
            if (field.IsRepeated)
                foreach (IMessage child in (IList)field.Accessor.GetValue(message))
                    TakeIn(child, tensors);
            else if (field.Accessor.GetValue(message) is IMessage child)
                TakeIn(child, tensors);
    }
}
