"""Metadata that MediaPipe and the TFLite Task Library need in a TFLite file: its tensors and labels.

Its schema is metadata_schema.fbs of MediaPipe, which no package offers without the whole of MediaPipe.
"""

from collections.abc import Mapping, Sequence

import flatbuffers

#: Name of the entry in a TFLite file's metadata.
METADATA = "TFLITE_METADATA"
_FILE_IDENTIFIER = b"M001"
# Members of the schema's enumerations and unions.
_TENSOR_AXIS_LABELS, _IMAGE_PROPERTIES, _RGB, _NORMALIZATION_OPTIONS = 2, 2, 1, 1

# A table by the index of its fields: an offset of a string, vector or table, or a number with its type.
_Fields = Mapping[int, int | tuple[str, int]]


def image_classifier_metadata(name: str, about: str, labels_file: str, classes: int | None = None) -> bytes:
    """Returns the metadata of a classifier of one RGB image with uint8 pixels, which are not scaled.

    Args:
        name: of the model.
        about: one line about it.
        labels_file: name of the file of labels in the zip archive at the end of the TFLite file.
        classes: number of classes; None: the ten digits.
    """
    noun, uniform = ("digit", "0.1") if classes is None else ("class", f"{1 / classes:.4f}")
    builder = flatbuffers.Builder(1024)
    content = _table(builder, {0: ("Uint8", _IMAGE_PROPERTIES), 1: _table(builder, {0: ("Int8", _RGB)})})
    scaling = {0: _floats(builder, [0.0]), 1: _floats(builder, [1.0])}
    unit = _table(builder, {0: ("Uint8", _NORMALIZATION_OPTIONS), 1: _table(builder, scaling)})
    limits = {0: _floats(builder, [255.0]), 1: _floats(builder, [0.0])}
    image = {
        0: builder.CreateString("image"),
        1: builder.CreateString("a whole image"),
        3: content,
        4: _vector(builder, [unit]),
        5: _table(builder, limits),
    }
    labels = {
        0: builder.CreateString(labels_file),
        1: builder.CreateString(f"one {noun} per line"),
        2: ("Int8", _TENSOR_AXIS_LABELS),
    }
    probabilities = {
        0: builder.CreateString("probability"),
        1: builder.CreateString(f"probability of each {noun}; {uniform} each for an image without ink"),
        5: _table(builder, {0: _floats(builder, [1.0]), 1: _floats(builder, [0.0])}),
        6: _vector(builder, [_table(builder, labels)]),
    }
    subgraph = {2: _vector(builder, [_table(builder, image)]), 3: _vector(builder, [_table(builder, probabilities)])}
    model = {
        0: builder.CreateString(name),
        1: builder.CreateString(about),
        3: _vector(builder, [_table(builder, subgraph)]),
        7: builder.CreateString("1.0.0"),
    }
    builder.Finish(_table(builder, model), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, fields: _Fields) -> int:
    """Writes a table whose numbers have the default 0. Returns its offset."""
    builder.StartObject(1 + max(fields))
    for slot, value in fields.items():
        if isinstance(value, tuple):
            kind, number = value
            getattr(builder, f"Prepend{kind}Slot")(slot, number, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
    return builder.EndObject()


def _vector(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _floats(builder: flatbuffers.Builder, values: Sequence[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return builder.EndVector()
