"""Converts a trained model to a TFLite file with float32, float16 or int8 weights. Writes `normalizer.tflite`."""

import contextlib
import io
import json
import pathlib
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.errors import InputError
from mnist_keras.export.formats import describe_task
from mnist_keras.export.mediapipe_metadata import METADATA, image_classifier_metadata
from mnist_keras.export.number_signatures import canvas_numbers_signature, numbers_signature
from mnist_keras.export.saved_model import write_signatures
from mnist_keras.export.signatures import (
    SIGNATURE,
    Signature,
    canvas_signature,
    mediapipe_signature,
    picture_signature,
    pixels_signature,
)
from mnist_keras.export.tflite_compaction import compact
from mnist_keras.inference.class_names import LABELS_FILE
from mnist_keras.inference.preprocessing.normalize import ALL, NORMALIZER, ONE, OUTPUT_NAMES
from mnist_keras.inference.preprocessing.normalize_ops import normalize_with_maps
from mnist_keras.inference.preprocessing.numbers_ops import normalize_all
from mnist_keras.inference.preprocessing.rejector import preprocessing_variables
from mnist_keras.models.rewrites import equalize_depthwise

# Formats with int8 weights and activations, and the dtype of their input and output.
_FULL_INTEGER = {"int8": tf.float32, "int8_io": tf.int8, "uint8_io": tf.uint8}
# Number of training images per class from which the converter takes the ranges of the activations, and of all classes,
# of which each has at least one image.
_CALIBRATION_PER_CLASS, _CALIBRATION_IMAGES = 50, 500


def write_tflite(
    model: keras.Model,
    path: pathlib.Path,
    kind: str = "float32",
    calibration: np.ndarray | None = None,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> None:
    """Converts a trained model to a TFLite file with a batch size of 1.

    The file uses built-in operators only, so that any LiteRT interpreter can run it. The float32 file has the input and
    output of Google's digit classifier codelab.

    Args:
        model: from `build_model`, trained.
        path: the file to write.
        kind: a TFLite format of `FORMATS`. "picture", "canvas", "mediapipe", "numbers" and "canvas_numbers" have the
            signature of that name, all others `pixels_signature`. "int8_io" and "uint8_io" have a
            quantized input and output. The input of "uint8_io" is the raw pixels, 0 to 255.
        calibration: uint8 images of shape `(examples, 28, 28)`, required for "int8", "int8_io" and "uint8_io".
        class_names: for MediaPipe's description of the model.

    Raises:
        InputError: the model needs operators that LiteRT does not have, or an 8-bit format has loops.
    """

    def representative_dataset() -> Iterator[dict[str, np.ndarray]]:
        for number, image in enumerate(() if calibration is None else calibration):
            pixels = image.reshape(1, 28, 28, 1).astype(np.float32) / 255
            if number == 0:
                # The quantized input must cover the whole range 0..1.
                pixels.flat[[pixels.argmin(), pixels.argmax()]] = 0, 1
            yield {"pixels": pixels}

    if kind in _FULL_INTEGER:
        model = equalize_depthwise(model)
    with tempfile.TemporaryDirectory() as folder:
        signatures = {
            "picture": picture_signature,
            "canvas": canvas_signature,
            "mediapipe": mediapipe_signature,
            "numbers": numbers_signature,
            "canvas_numbers": canvas_numbers_signature,
        }
        signature = signatures[kind](model) if kind in signatures else pixels_signature(model, batch=1)
        if kind in _FULL_INTEGER and _has_loop(signature):
            raise InputError(
                "its network has recurrent layers, whose loops TensorFlow cannot quantize to 8 bits throughout (2.21 "
                f"crashes). Expected: layers without loops. Received: format={kind!r}. Export float16 or dynamic."
            )
        write_signatures(model, {SIGNATURE: signature}, pathlib.Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        # Conversion fails here if the model needs TensorFlow operators, which LiteRT cannot run on a phone.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if kind not in ("float32", *signatures):
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        # tflite-runtime 2.7 and 2.9 read one scale for a whole dense layer and compute wrong predictions with several.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if kind in _FULL_INTEGER:
            converter.representative_dataset = representative_dataset
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = _FULL_INTEGER[kind]
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                # The converter itself uses the interpreter that TensorFlow warns about.
                warnings.simplefilter("ignore")
                content = converter.convert()
        except Exception as error:  # The converter's exception class is private.
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise InputError(
                f"The model cannot be converted to TFLite: {reason}. Expected: only TFLite's built-in operators. "
                f"Received: model={model.name!r}, format={kind!r}. Export it as a saved_model instead."
            ) from error
    metadata = {}
    if kind == "mediapipe":
        classes = None if is_of_digits(class_names) else len(class_names)
        metadata[METADATA] = image_classifier_metadata(model.name, describe_task(class_names), LABELS_FILE, classes)
    path.write_bytes(compact(content, metadata))


def _has_loop(signature: Signature) -> bool:
    function, specs = signature
    graph = tf.function(function, input_signature=specs, autograph=False).get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return any(node.op in ("While", "StatelessWhile") for node in nodes)


def embed_metadata(
    path: pathlib.Path, metadata: Mapping[str, Any], labels: Sequence[str], compressed: bool = True
) -> None:
    """Appends `metadata.json` and `labels.txt` to a TFLite file as a zip archive, which LiteRT ignores.

    Args:
        path: the TFLite file. `unzip` can read it afterwards.
        metadata: the content of `metadata.json`.
        labels: the lines of `labels.txt`.
        compressed: MediaPipe reads no compressed `labels.txt`.
    """
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "a") as archive:
        for name, text in ((LABELS_FILE, "\n".join(labels) + "\n"), ("metadata.json", json.dumps(metadata))):
            # A ZipInfo has a fixed date, so that the same model gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), text, method)


def calibration_images(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the first images of each class, for the calibration of int8 quantization: 50, or fewer of many classes.

    Args:
        images: uint8 of shape `(examples, 28, 28)`.
        labels: integers of shape `(examples,)`.

    Returns:
        At most 500 images, or one per class, ordered by class.
    """
    present = np.unique(labels)
    per_class = min(_CALIBRATION_PER_CLASS, max(1, _CALIBRATION_IMAGES // len(present)))
    indices = [np.flatnonzero(labels == label)[:per_class] for label in present]
    return images[np.concatenate(indices)]


def write_normalizer(path: pathlib.Path) -> None:
    """Writes the TFLite file that `preprocess_image` and `preprocess_number` run.

    The input of both signatures, `picture`, is uint8 of shape `(height, width, channels)`: 1 to 4 channels. The outputs
    of `digit` are the fields of `PreprocessedDigit`, where `OUTPUT_NAMES` lists those with another name, and `ink` and
    `kept`, the fields of `InkMaps`; the outputs of `numbers` are the fields of `NormalizedDigits`.
    """
    specs = [tf.TensorSpec((None, None, None), tf.uint8, name="picture")]

    @tf.function(input_signature=specs, autograph=False)
    def one(picture):
        preprocessed, maps = normalize_with_maps(picture)
        fields = {OUTPUT_NAMES.get(field, field): value for field, value in preprocessed._asdict().items()}
        return {**fields, "ink": maps.all, "kept": maps.kept}

    @tf.function(input_signature=specs, autograph=False)
    def several(picture):
        return normalize_all(picture)._asdict()

    with tempfile.TemporaryDirectory() as folder:
        module = tf.Module()
        module.preprocessing = preprocessing_variables()
        tf.saved_model.save(module, folder, signatures={ONE: one, ALL: several})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[ONE, ALL])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        path.write_bytes(compact(converter.convert()))


if __name__ == "__main__":
    write_normalizer(NORMALIZER)
    print(f"{NORMALIZER}: {NORMALIZER.stat().st_size:,} bytes")
