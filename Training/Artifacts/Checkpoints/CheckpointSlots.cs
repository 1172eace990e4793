namespace OnnxFineTune.Training;

/// <summary>The slots of <c>checkpoint.fbs</c>: the numbers of the fields of each table, and of how many a table has.</summary>
internal static class CheckpointSlots
{
    /// <summary>The four letters behind the root offset.</summary>
    public const string Identifier = "ODTC";

    /// <summary>The one version that runtime 1.19.2 reads.</summary>
    public const int Version = 2;

    internal static class Checkpoint
    {
        public const int Version = 0, ModuleState = 1, OptimizerGroups = 2, PropertyBag = 3, Count = 4;
    }

    internal static class ModuleState
    {
        public const int Trainable = 0, Frozen = 1, IsNominal = 2, HasExternalData = 3, Count = 4;
    }

    internal static class Tensor
    {
        public const int Name = 0, DocString = 1, Dims = 2, DataType = 3, RawData = 4, StringData = 5, ExternalDataOffset = 6, Count = 7;
    }

    internal static class OptimizerGroup
    {
        public const int Name = 0, Step = 1, InitialLearningRate = 2, States = 3, Count = 4;
    }

    internal static class ParameterState
    {
        public const int Name = 0, Moments = 1, Count = 2;
    }

    internal static class PropertyBag
    {
        public const int Ints = 0, Floats = 1, Strings = 2, Count = 3;
    }

    internal static class Property
    {
        public const int Name = 0, Value = 1, Count = 2;
    }
}
