"""A trained model as a TFLite file for phones, browsers and small machines."""

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

from mnist_keras.errors import InputError
from mnist_keras.export.saved_model import write_signatures
from mnist_keras.export.signatures import SIGNATURE, canvas_signature, picture_signature, pixels_signature
from mnist_keras.export.tflite_compaction import compact
from mnist_keras.inference.preprocessing.normalize import NORMALIZER, OUTPUT_NAMES
from mnist_keras.inference.preprocessing.normalize_ops import normalize, to_gray
from mnist_keras.models.rewrites import equalize_depthwise

# And the type of the numbers at their ends.
_WHOLLY_8_BITS = {"int8": tf.float32, "int8_io": tf.int8, "uint8_io": tf.uint8}
# Training images of each digit that show the converter which values occur.
_CALIBRATION_PER_DIGIT = 50


def write_tflite(
    model: keras.Model, path: pathlib.Path, kind: str = "float32", calibration: np.ndarray | None = None
) -> None:
    """Writes a file with `pixels_signature` for one digit; kinds "picture" and "canvas" have signatures of their own.

    Only built-in operators are used, so any LiteRT interpreter runs it. The float32 file has the contract of
    Google's digit classifier codelab.

    Args:
        model: from `build_model`, trained.
        path: of the file.
        kind: a TFLite format of `FORMATS`. At the ends of int8_io and uint8_io stand quantised numbers; those of
            uint8_io are the raw pixels, 0 to 255.
        calibration: uint8 (examples, 28, 28), for the kinds of 8 bits throughout.

    Raises:
        InputError: the model needs operators that LiteRT does not have.
    """

    def examples() -> Iterator[dict[str, np.ndarray]]:
        for number, image in enumerate(() if calibration is None else calibration):
            pixels = image.reshape(1, 28, 28, 1).astype(np.float32) / 255
            if number == 0:
                # So that the numbers at the ends stand for all of 0..1 and no less.
                pixels.flat[[pixels.argmin(), pixels.argmax()]] = 0, 1
            yield {"pixels": pixels}

    if kind in _WHOLLY_8_BITS:
        model = equalize_depthwise(model)
    with tempfile.TemporaryDirectory() as folder:
        signatures = {"picture": picture_signature, "canvas": canvas_signature}
        signature = signatures[kind](model) if kind in signatures else pixels_signature(model, batch=1)
        write_signatures(model, {SIGNATURE: signature}, pathlib.Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        # Flex operators, which LiteRT does not run, must fail here and not on a phone.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if kind not in ("float32", *signatures):
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if kind in _WHOLLY_8_BITS:
            converter.representative_dataset = examples
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = _WHOLLY_8_BITS[kind]
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                # The converter calibrates with the interpreter that it warns of itself.
                warnings.simplefilter("ignore")
                content = converter.convert()
        except Exception as error:  # The converter has an exception class of its own in a private module.
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{model.name} cannot be converted to TFLite's built-in operators: {reason}") from error
    path.write_bytes(compact(content))


def embed_metadata(path: pathlib.Path, metadata: Mapping[str, Any], labels: Sequence[str]) -> None:
    """Appends `metadata.json` and `labels.txt` as a zip archive, which LiteRT leaves unread and any unzip finds."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("labels.txt", "\n".join(labels) + "\n"), ("metadata.json", json.dumps(metadata))):
            # Of a fixed date: the same model gives the same file.
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)


def calibration_images(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The first training images of every digit, as many of each."""
    chosen = [np.flatnonzero(labels == digit)[:_CALIBRATION_PER_DIGIT] for digit in range(10)]
    return images[np.concatenate(chosen)]


def write_normalizer(path: pathlib.Path) -> None:
    """Writes the file that `preprocess_image` runs.

    Its input `picture` is uint8 (height, width, 4): red, green, blue, alpha. Its outputs are the fields of
    `PreprocessedDigit`, some under another name, see `OUTPUT_NAMES`.
    """

    @tf.function(input_signature=[tf.TensorSpec((None, None, 4), tf.uint8, name="picture")])
    def preprocess(picture):
        fields = normalize(to_gray(picture))._asdict()
        return {OUTPUT_NAMES.get(field, field): value for field, value in fields.items()}

    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(tf.Module(), folder, signatures=preprocess)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        path.write_bytes(compact(converter.convert()))


if __name__ == "__main__":
    write_normalizer(NORMALIZER)
    print(f"{NORMALIZER}: {NORMALIZER.stat().st_size:,} bytes")
