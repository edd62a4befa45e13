"""A TFLite file without what no interpreter reads, and with all that is equal written once."""

from collections.abc import Iterable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"
# Of weights, which kernels read sixteen bytes at a time.
_ALIGNMENT = 16


def compact(content: bytes) -> bytes:
    """Rewrites a TFLite model so that it computes the same from fewer bytes.

    Names of inner tensors, the converter's notes and the ranges that it found go. What is left of a small 8-bit
    network is about two thirds.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    model.metadata = model.metadataBuffer = model.description = None
    for index, graph in enumerate(model.subgraphs):
        graph.name = None
        _drop_unused_tensors(graph, [s for s in model.signatureDefs or () if s.subgraphIndex == index])
        ends = {*graph.inputs, *graph.outputs}
        for number, tensor in enumerate(graph.tensors):
            _strip(tensor, keep_name=number in ends)
    _drop_unused_buffers(model)
    builder = _DeduplicatingBuilder(len(content))
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


class _DeduplicatingBuilder(flatbuffers.Builder):
    """Writes equal strings and vectors once."""

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
        # The builder knows bytes, but not that weights lie in them.
        return super().StartVector(size, count, _ALIGNMENT if size == 1 else alignment)


def _drop_unused_tensors(graph: Any, signatures: Iterable[Any]) -> None:
    holders = [(graph, "inputs"), (graph, "outputs")]
    holders += [(operator, part) for operator in graph.operators for part in ("inputs", "outputs", "intermediates")]
    holders = [(holder, part) for holder, part in holders if getattr(holder, part) is not None]
    ends = [end for signature in signatures for end in (*signature.inputs, *signature.outputs)]
    named = {int(index) for holder, part in holders for index in getattr(holder, part)}
    # -1 stands for an input that is left out.
    used = sorted(index for index in named | {end.tensorIndex for end in ends} if index >= 0)
    moved = {old: new for new, old in enumerate(used)} | {-1: -1}
    for holder, part in holders:
        setattr(holder, part, np.array([moved[int(index)] for index in getattr(holder, part)], np.int32))
    for end in ends:
        end.tensorIndex = moved[end.tensorIndex]
    graph.tensors = [graph.tensors[index] for index in used]


def _strip(tensor: Any, keep_name: bool) -> None:
    if not keep_name:
        tensor.name = None
    quantization = tensor.quantization
    if quantization is None:
        return
    quantization.min = quantization.max = None
    if quantization.scale is None:
        tensor.quantization = None
    elif len(set(quantization.scale)) == len(set(quantization.zeroPoint)) == 1:
        # One scale for all channels needs no list of them.
        quantization.scale, quantization.zeroPoint = quantization.scale[:1], quantization.zeroPoint[:1]
        quantization.quantizedDimension = 0


def _drop_unused_buffers(model: Any) -> None:
    """Leaves those that hold something, and the first, which stands for nothing."""
    kept, moved = [model.buffers[0]], {}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            data = model.buffers[tensor.buffer].data
            key = b"" if data is None else data.tobytes()
            if key and key not in moved:
                moved[key] = len(kept)
                kept.append(model.buffers[tensor.buffer])
            tensor.buffer = moved.get(key, 0)
    model.buffers = kept
