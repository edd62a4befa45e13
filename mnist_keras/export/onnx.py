"""A trained model as an ONNX file. Needs the extra `onnx`."""

import json
import logging
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from mnist_keras.export.signatures import picture_signature, pixels_signature

# What onnxruntime reads since 2022.
_OPSET = 15


def write_onnx(model: keras.Model, path: pathlib.Path, kind: str, metadata: Mapping[str, Any]) -> None:
    """Writes a file with `pixels_signature` for any number of digits, or, of kind "onnx_picture", `picture_signature`.

    Args:
        model: from `build_model`, trained.
        path: of the file.
        kind: an ONNX format of `FORMATS`.
        metadata: what the file says of itself, as its property "metadata".
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
