namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of convolutions; every spelling of the gradients has at least one.</summary>
internal static class ConvolutionCases
{
    public static readonly GradientCase[] Rows =
    [
        Conv([2, 3, 5, 6], [4, 3, 1, 1]) with { Note = "pointwise, without bias" },
        Conv([2, 3, 5, 6], [4, 3, 1, 1], [4]) with { Note = "pointwise" },
        Conv([2, 30, 2, 2], [40, 30, 1, 1], [40]) with { Note = "pointwise, more weights than positions" },
        Conv([2, 3, 5, 6], [4, 3, 1, 1], [4], Strides(2, 2)) with { Note = "pointwise, strided" },
        Conv([2, 3, 5, 6], [4, 3, 3, 3], [4]) with { Note = "no padding" },
        Conv([2, 3, 5, 6], [4, 3, 3, 3], [4], Pads(1, 1, 1, 1)),
        Conv([2, 8, 3, 2], [9, 8, 3, 3], [9], Pads(1, 1, 1, 1)) with { Note = "more weights than positions" },
        Conv([2, 3, 5, 6], [4, 3, 3, 2], [4], Pads(1, 0, 2, 1)) with { Note = "uneven padding" },
        Conv([2, 3, 5, 6], [4, 3, 2, 2], [4], Pads(2, 3, 3, 2)) with { Note = "more padding than kernel" },
        Conv([2, 3, 7, 8], [4, 3, 3, 3], [4], Dilations(2, 1)),
        Conv([2, 3, 7, 8], [4, 3, 3, 3], [4], Strides(2, 2), Pads(1, 1, 1, 1)) with { Note = "few channels" },
        Conv([2, 3, 9, 9], [4, 3, 3, 3], [4], Strides(4, 4)) with { Note = "stride over kernel" },
        Conv([2, 3, 9, 10], [4, 3, 5, 5], [4], Strides(2, 2), Pads(2, 2, 2, 2)),
        Conv([2, 3, 12, 12], [4, 3, 4, 4], [4], Strides(4, 4)) with { Note = "patches" },
        Conv([2, 3, 9, 9], [4, 3, 3, 3], [4], Strides(2, 2), Dilations(2, 2)),
        Conv([2, 3, 9, 9], [4, 3, 3, 3], [4], Strides(2, 3), Pads(1, 1, 1, 1)),
        Conv([2, 17, 7, 6], [4, 17, 3, 3], [4], Strides(2, 2), Pads(1, 1, 1, 1)) with { Note = "many channels" },
        Conv([2, 17, 3, 3], [20, 17, 3, 3], [20], Strides(2, 2), Pads(1, 1, 1, 1)) with { Note = "many channels, more weights than positions" },
        Conv([2, 4, 5, 6], [4, 1, 3, 3], [4], Group(4), Pads(1, 1, 1, 1)) with { Note = "depthwise" },
        Conv([2, 4, 8, 8], [4, 1, 3, 3], [4], Group(4), Strides(2, 2), Pads(1, 1, 1, 1)) with { Note = "depthwise" },
        Conv([2, 4, 8, 8], [4, 1, 3, 3], [4], Group(4), Strides(2, 2), Dilations(2, 2)) with { Note = "depthwise" },
        Conv([2, 3, 9, 8], [3, 1, 3, 3], [3], Group(3), Pads(1, 1, 1, 1)) with { Note = "depthwise, row by row" },
        Conv([2, 3, 9, 12], [3, 1, 5, 3], [3], Group(3), Strides(2, 3), Pads(3, 0, 0, 1)) with { Note = "depthwise, row by row, uneven" },
        Conv([2, 3, 11, 12], [3, 1, 3, 3], [3], Group(3), Dilations(2, 3), Pads(1, 2, 1, 2)) with { Note = "depthwise, row by row, dilated" },
        Conv([3, 2, 3, 30], [2, 1, 3, 3], [2], Group(2), Pads(1, 1, 1, 1)) with { Note = "depthwise, rows in blocks" },
        Conv([3, 2, 3, 30], [2, 1, 2, 4], [2], Group(2), Dilations(1, 2), Pads(1, 2, 0, 4)) with { Note = "depthwise, rows in blocks, uneven" },
        Conv([3, 2, 3, 30], [2, 1, 3, 1], [2], Group(2), Pads(1, 0, 1, 0)) with { Note = "depthwise, rows in blocks, one column" },
        Conv([3, 2, 3, 70], [2, 1, 3, 3], [2], Group(2), Strides(1, 2), Pads(1, 1, 1, 1)) with { Note = "depthwise, wide rows, strided" },
        Conv([2, 4, 5, 6], [8, 1, 3, 3], [8], Group(4)) with { Note = "depthwise, two filters a channel" },
        Conv([2, 6, 5, 6], [4, 3, 3, 3], [4], Group(2), Pads(1, 1, 1, 1)) with { Note = "few channels a group" },
        Conv([2, 6, 6, 6], [4, 3, 3, 3], [4], Group(2), Strides(2, 2), Pads(1, 1, 1, 1)) with { Note = "few channels a group" },
        Conv([3, 18, 5, 6], [4, 9, 3, 3], [4], Group(2), Pads(1, 1, 1, 1)) with { Note = "groups" },
        Conv([3, 18, 6, 6], [4, 9, 3, 3], [4], Group(2), Strides(2, 2), Pads(1, 1, 1, 1)) with { Note = "groups" },
        Conv([3, 18, 2, 2], [20, 9, 3, 3], [20], Group(2), Pads(1, 1, 1, 1)) with { Note = "groups, more weights than positions" },
        Conv([2, 3, 6, 7], [4, 3, 3, 2], [4], AutoPad("SAME_UPPER")),
        Conv([2, 3, 6, 7], [4, 3, 3, 2], [4], AutoPad("SAME_LOWER")),
        Conv([2, 3, 7, 8], [4, 3, 3, 3], [4], AutoPad("SAME_UPPER"), Strides(2, 2)),
        Conv([2, 3, 7, 8], [4, 3, 4, 3], [4], AutoPad("SAME_LOWER"), Strides(2, 2)),
        Conv([2, 3, 7, 8], [4, 3, 3, 3], [4], AutoPad("VALID"), Strides(2, 2)),
        Conv([2, 3, 9], [4, 3, 3], [4], Pads(1, 1)),
        Conv([2, 3, 9], [4, 3, 3], [4], Strides(2L), Pads(1, 0)),
        Conv([2, 4, 9], [4, 1, 3], [4], Group(4), Strides(2L)),
        Conv([2, 2, 4, 5, 4], [3, 2, 2, 3, 2], [3], Pads(1, 1, 0, 0, 1, 1)),
        Conv([2, 2, 4, 5, 6], [3, 2, 2, 3, 3], [3], Strides(2, 2, 2), Pads(1, 1, 1, 1, 1, 1)),
        Transposed([2, 3, 4, 5], [3, 4, 3, 3], [4]),
        Transposed([2, 3, 4, 5], [3, 4, 3, 3], [4], Strides(2, 2), Pads(1, 1, 1, 1), ("output_padding", new long[] { 1, 1 })),
        Transposed([2, 4, 4, 5], [4, 2, 2, 2], [4], Strides(2, 2), Group(2)),
        Transposed([2, 3, 4, 5], [3, 4, 3, 3], [4], Dilations(2, 2)),
        Transposed([2, 3, 4, 5], [3, 4, 3, 3], [4], Strides(2, 2), AutoPad("SAME_UPPER")),
        Transposed([2, 3, 6], [3, 4, 3], [4], Strides(2L)),
    ];

    private static GradientCase Conv(long[] x, long[] w, params (string, object?)[] attributes) => new("Conv", x, w) { Attributes = attributes };

    private static GradientCase Conv(long[] x, long[] w, long[] b, params (string, object?)[] attributes) => new("Conv", x, w, b) { Attributes = attributes };

    private static GradientCase Transposed(long[] x, long[] w, long[] b, params (string, object?)[] attributes) =>
        new("ConvTranspose", x, w, b) { Attributes = attributes };

    private static (string, object?) Strides(params long[] strides) => ("strides", strides);

    private static (string, object?) Pads(params long[] pads) => ("pads", pads);

    private static (string, object?) Dilations(params long[] dilations) => ("dilations", dilations);

    private static (string, object?) Group(long group) => ("group", group);

    private static (string, object?) AutoPad(string autoPad) => ("auto_pad", autoPad);
}
