"""Converts a trained model to an ONNX file with tf2onnx. Needs the extra `onnx`."""

import json
import logging
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from mnist_keras.export.number_signatures import numbers_signature
from mnist_keras.export.signatures import picture_signature, pixels_signature
from mnist_keras.inference.preprocessing.digit_finder import constant_weights

# onnxruntime supports this version of the operator set since 2022.
_OPSET = 15


def write_onnx(model: keras.Model, path: pathlib.Path, kind: str, metadata: Mapping[str, Any]) -> None:
    """Converts a trained model to an ONNX file.

    Args:
        model: from `build_model`, trained.
        path: the file to write.
        kind: "onnx" writes `pixels_signature` with any batch size, "onnx_picture" `picture_signature`, "onnx_numbers"
            `numbers_signature`.
        metadata: stored as JSON in the file's property "metadata".

    Raises:
        ImportError: onnx or tf2onnx is not installed.
    """
    import onnx
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signatures = {"onnx_picture": picture_signature, "onnx_numbers": numbers_signature}
    function, specs = signatures[kind](model) if kind in signatures else pixels_signature(model, batch=None)
    with constant_weights():
        converted, _ = tf2onnx.convert.from_function(
            tf.function(function, input_signature=specs, autograph=False), input_signature=specs, opset=_OPSET
        )
    _capture_loop_invariants(converted.graph)
    onnx.helper.set_model_props(converted, {"metadata": json.dumps(metadata)})
    path.write_bytes(converted.SerializeToString())


def _capture_loop_invariants(graph: Any) -> None:
    """Makes the bodies of loops refer to values that no iteration changes, in place of carrying them along.

    OpenVINO refuses a loop that carries a value which its body only passes on.

    Args:
        graph: an `onnx.GraphProto`, changed in place, as are the graphs of its branches and bodies.
    """
    for node in graph.node:
        for attribute in node.attribute:
            _capture_loop_invariants(attribute.g)
    targets = {target.name for target in graph.output}
    for loop in (node for node in graph.node if node.op_type == "Loop"):
        body = next(attribute.g for attribute in loop.attribute if attribute.name == "body")
        # Before the carried values, the body takes the iteration number and the condition, the node takes their limits.
        for number in reversed(range(2, len(loop.input))):
            inner, outer = body.input[number].name, loop.input[number]
            if body.output[number - 1].name != inner or loop.output[number - 2] in targets:
                continue
            for nodes, old in ((body.node, inner), (graph.node, loop.output[number - 2])):
                for node in nodes:
                    node.input[:] = [outer if name == old else name for name in node.input]
            for values, index in ((body.input, number), (body.output, number - 1), (loop.input, number)):
                del values[index]
            del loop.output[number - 2]
