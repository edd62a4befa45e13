"""Converts a trained model to an ONNX file with tf2onnx. Needs the extra `onnx`."""

import json
import logging
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from mnist_keras.export.signatures import picture_signature, pixels_signature

# onnxruntime supports this version of the operator set since 2022.
_OPSET = 15


def write_onnx(model: keras.Model, path: pathlib.Path, kind: str, metadata: Mapping[str, Any]) -> None:
    """Converts a trained model to an ONNX file.

    Args:
        model: from `build_model`, trained.
        path: the file to write.
        kind: "onnx" writes `pixels_signature` with any batch size; "onnx_picture" writes `picture_signature`.
        metadata: stored as JSON in the file's property "metadata".

    Raises:
        ImportError: onnx or tf2onnx is not installed.
    """
    import onnx
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    function, specs = picture_signature(model) if kind == "onnx_picture" else pixels_signature(model, batch=None)
    converted, _ = tf2onnx.convert.from_function(
        tf.function(function, input_signature=specs, autograph=False), input_signature=specs, opset=_OPSET
    )
    onnx.helper.set_model_props(converted, {"metadata": json.dumps(metadata)})
    path.write_bytes(converted.SerializeToString())
