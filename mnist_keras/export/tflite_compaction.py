"""Makes TFLite files smaller, and readable by OpenVINO and OpenCV, whose importers need more than LiteRT."""

from collections.abc import Iterable, Mapping
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_FILE_IDENTIFIER = b"TFL3"
# Alignment of weights in bytes. LiteRT's kernels read 16 bytes at a time.
_ALIGNMENT = 16
_OPERATOR = schema.BuiltinOperator


# Metadata of the converter that stays: the oldest runtime that has all operators, such as "2.4.0".
MIN_RUNTIME = "min_runtime_version"


def compact(content: bytes, metadata: Mapping[str, bytes] | None = None) -> bytes:
    """Returns a smaller TFLite file that computes the same.

    Shortens the names of inner tensors to a number, and removes the calibrated ranges and the converter's metadata
    except `MIN_RUNTIME`. The file of a small 8-bit network shrinks to about two thirds.

    Args:
        content: a TFLite file.
        metadata: further entries of the file's metadata by name.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    entries = {MIN_RUNTIME: read_metadata(model, MIN_RUNTIME), **(metadata or {})}
    model.metadataBuffer = model.description = None
    for number, graph in enumerate(model.subgraphs):
        # OpenCV crashes on a graph without a name.
        graph.name = str(number)
        _flatten_dense_inputs(model, graph)
        _drop_unused_tensors(graph, [s for s in model.signatureDefs or () if s.subgraphIndex == number])
        interface = {*graph.inputs, *graph.outputs}
        for index, tensor in enumerate(graph.tensors):
            if index not in interface:
                # OpenVINO and OpenCV refuse a file with a tensor that has no name of its own.
                tensor.name = str(index)
            _strip_quantization(tensor)
    _drop_unused_buffers(model)
    model.metadata = [schema.MetadataT(name, _add_buffer(model, value)) for name, value in entries.items() if value]
    builder = _DeduplicatingBuilder(len(content))
    builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def read_metadata(model: Any, name: str) -> bytes:
    """Returns the entry of that name of a file's metadata, a `schema.ModelT`; empty if there is none."""
    for entry in model.metadata or ():
        if entry.name == name.encode():
            return bytes(model.buffers[entry.buffer].data)
    return b""


def _add_buffer(model: Any, data: bytes) -> int:
    """Returns the index of a new buffer."""
    model.buffers.append(schema.BufferT(data=np.frombuffer(data, np.uint8)))
    return len(model.buffers) - 1


class _DeduplicatingBuilder(flatbuffers.Builder):
    """A flatbuffers builder that stores equal strings and equal vectors once."""

    def __init__(self, size: int):
        super().__init__(size)
        self._written: dict[Any, int] = {}

    def CreateString(self, text, *arguments):
        if text not in self._written:
            self._written[text] = super().CreateString(text, *arguments)
        return self._written[text]

    def CreateNumpyVector(self, values):
        key = (values.dtype.str, values.tobytes())
        if key not in self._written:
            self._written[key] = super().CreateNumpyVector(values)
        return self._written[key]

    def StartVector(self, size, count, alignment):
        # The schema declares weights as plain bytes, which would be unaligned.
        return super().StartVector(size, count, _ALIGNMENT if size == 1 else alignment)


def _flatten_dense_inputs(model: Any, graph: Any) -> None:
    """Puts a RESHAPE to (batch, features) in front of each float dense layer whose input has more than two dimensions.

    LiteRT flattens such an input itself, OpenCV does not. OpenCV reads no int8 files of these networks.
    """
    operators = []
    for operator in graph.operators:
        if _needs_flat_input(model, graph, operator):
            source, weights = (graph.tensors[index] for index in operator.inputs[:2])
            features = weights.shape[1]
            shape = np.array([np.prod(source.shape) // features, features], np.int32)
            constant = schema.TensorT(np.array([2], np.int32), schema.TensorType.INT32)
            constant.buffer = _add_buffer(model, shape.tobytes())
            graph.tensors += [constant, schema.TensorT(shape, source.type)]
            flat = len(graph.tensors) - 1
            inputs = np.array([operator.inputs[0], flat - 1], np.int32)
            operators.append(schema.OperatorT(_reshape_code(model), inputs, np.array([flat], np.int32)))
            operator.inputs = np.array([flat, *operator.inputs[1:]], np.int32)
        operators.append(operator)
    graph.operators = operators


def _needs_flat_input(model: Any, graph: Any, operator: Any) -> bool:
    if model.operatorCodes[operator.opcodeIndex].builtinCode != _OPERATOR.FULLY_CONNECTED:
        return False
    source = graph.tensors[operator.inputs[0]]
    is_float = source.type == schema.TensorType.FLOAT32
    return is_float and len(source.shape) > 2 and not operator.builtinOptions.keepNumDims


def _reshape_code(model: Any) -> int:
    """Returns the index of the operator RESHAPE in the model's list, which it extends if necessary."""
    codes = [code.builtinCode for code in model.operatorCodes]
    if _OPERATOR.RESHAPE not in codes:
        reshape = _OPERATOR.RESHAPE
        model.operatorCodes.append(schema.OperatorCodeT(builtinCode=reshape, deprecatedBuiltinCode=reshape, version=1))
        return len(codes)
    return codes.index(_OPERATOR.RESHAPE)


def _drop_unused_tensors(graph: Any, signatures: Iterable[Any]) -> None:
    """Removes the tensors that no operator, input, output or signature refers to, and renumbers the others."""
    lists = [(graph, "inputs"), (graph, "outputs")]
    lists += [(operator, field) for operator in graph.operators for field in ("inputs", "outputs", "intermediates")]
    lists = [(owner, field) for owner, field in lists if getattr(owner, field) is not None]
    tensor_maps = [entry for signature in signatures for entry in (*signature.inputs, *signature.outputs)]
    referenced = {int(index) for owner, field in lists for index in getattr(owner, field)}
    # -1 is an omitted optional input.
    used = sorted(index for index in referenced | {entry.tensorIndex for entry in tensor_maps} if index >= 0)
    new_index = {old: new for new, old in enumerate(used)} | {-1: -1}
    for owner, field in lists:
        setattr(owner, field, np.array([new_index[int(index)] for index in getattr(owner, field)], np.int32))
    for entry in tensor_maps:
        entry.tensorIndex = new_index[entry.tensorIndex]
    graph.tensors = [graph.tensors[index] for index in used]


def _strip_quantization(tensor: Any) -> None:
    """Removes a tensor's calibrated range and repeated scales."""
    quantization = tensor.quantization
    if quantization is None:
        return
    quantization.min = quantization.max = None
    if quantization.scale is None:
        tensor.quantization = None
    elif len(set(quantization.scale)) == len(set(quantization.zeroPoint)) == 1:
        # Equal scales of all channels are one scale of the whole tensor.
        quantization.scale, quantization.zeroPoint = quantization.scale[:1], quantization.zeroPoint[:1]
        quantization.quantizedDimension = 0


def _drop_unused_buffers(model: Any) -> None:
    """Removes empty, unused and repeated buffers. Buffer 0 stays: by the schema it is the empty one."""
    kept: list[Any] = [model.buffers[0]]
    new_index: dict[bytes, int] = {}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            data = model.buffers[tensor.buffer].data
            key = b"" if data is None else data.tobytes()
            if key and key not in new_index:
                new_index[key] = len(kept)
                kept.append(model.buffers[tensor.buffer])
            tensor.buffer = new_index.get(key, 0)
    model.buffers = kept
