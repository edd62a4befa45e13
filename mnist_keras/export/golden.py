"""Writes the golden values of an export: inputs and the outputs that every correct port of its files computes."""

import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from mnist_keras.data import Digits
from mnist_keras.data.digits import is_of_digits
from mnist_keras.export.formats import FORMATS, MEDIAPIPE_SIDE, NUMBER_FORMATS, PICTURE_FORMATS
from mnist_keras.files import write_json
from mnist_keras.inference.c_array import read_tflite
from mnist_keras.inference.loading import load_model

GOLDEN_FILE = "golden.json"
GOLDEN_DIGITS = "golden.png"
GOLDEN_PICTURE = "golden_picture.png"

# Maximum difference between correct runtimes, in units of the output; measured by tests/runtimes.
_FLOAT_TOLERANCE, _FLOAT16_TOLERANCE, _INT8_TOLERANCE, _PICTURE_TOLERANCE = 1e-5, 1e-3, 0.03, 0.02
_LOGIT_TOLERANCE = 1e-3
# Steps of 1/256.
_STEPS_TOLERANCE = 8
# Gray values of paper and ink, and place and size of the digit in the golden picture, in pixels.
_PAPER, _INK, _TOP, _LEFT, _SIDE = 230, 40, 20, 60, 140
# The class in the golden picture. A 4 looks different when it is mirrored or turned.
_PICTURE_CLASS = 4
# Maximum number of vectors.
_MAX_VECTORS = 20


def write_golden(
    folder: pathlib.Path, model: keras.Model, digits: Digits, probabilities: np.ndarray, formats: Sequence[str]
) -> None:
    """Writes golden.json, golden.png and golden_picture.png.

    golden.json holds `vectors`: per image the `label`, the 784 `pixels` row by row in 0..1, and the `probabilities` of
    the Keras model; and the `class_name` of the label where the classes are not the ten digits. The images are the
    first test image of each class, of at most 20 classes, side by side in golden.png.
    For each file of the export, `files` holds

    - `inputs`: per image the numbers for the input; without it, these are the `pixels` of the vectors;
    - or `image`, the file name of a whole image, 224x224 and gray, as formats for whole images take it;
    - `outputs`: per image the numbers of the output that holds the probabilities (or logits), as they are: integers
      from an int8 or uint8 output; of a format for all digits, those of the first digit;
    - `tolerance`: maximum difference of a correct port, in units of the output.

    Args:
        folder: the export's folder with the files.
        model: the exported model.
        digits: the dataset with the test images. A class without a test image has no vector.
        probabilities: of the Keras model on all test images, float32 of shape `(examples, classes)`.
        formats: the exported formats.
    """
    labels = digits.test_labels
    first = [int(index) for index in np.unique(labels, return_index=True)[1][:_MAX_VECTORS]]
    names = digits.class_names
    images = digits.test_images[first]
    vectors = [
        {
            "label": int(labels[index]),
            **({} if is_of_digits(names) else {"class_name": names[labels[index]]}),
            # Six decimals keep the 256 values distinct.
            "pixels": [round(pixel / 255, 6) for pixel in digits.test_images[index].ravel().tolist()],
            "probabilities": _rounded(probabilities[index]),
        }
        for index in first
    ]
    drawn = next(
        (image for image, index in zip(images, first, strict=True) if labels[index] == _PICTURE_CLASS), images[0]
    )
    picture = _draw(drawn)
    files = {
        FORMATS[name].file: _golden_values(folder / FORMATS[name].file, name, model, images, picture, vectors)
        for name in formats
    }
    Image.fromarray(np.hstack(list(images))).save(folder / GOLDEN_DIGITS)
    if any(name in (*PICTURE_FORMATS, *NUMBER_FORMATS) for name in formats):
        Image.fromarray(picture).save(folder / GOLDEN_PICTURE)
    write_json(folder / GOLDEN_FILE, {"input": [1, 28, 28, 1], "vectors": vectors, "files": files}, indent=None)


def _draw(digit: np.ndarray) -> np.ndarray:
    """Returns a gray picture of a digit, dark on light and off center: uint8 (224, 224)."""
    large = np.asarray(Image.fromarray(digit).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR), np.float64) / 255
    picture = np.full((MEDIAPIPE_SIDE, MEDIAPIPE_SIDE), float(_PAPER))
    picture[_TOP : _TOP + _SIDE, _LEFT : _LEFT + _SIDE] -= (_PAPER - _INK) * large
    return np.round(picture).astype(np.uint8)


def _golden_values(
    path: pathlib.Path, name: str, model: keras.Model, images: np.ndarray, picture: np.ndarray, vectors: list
) -> dict[str, Any]:
    """Returns the entry of `files` for a file.

    The outputs of float formats are the Keras model's. Those of 8-bit and image formats are the file's own in LiteRT or
    onnxruntime, after its comparison with the model.
    """
    if name in (*PICTURE_FORMATS, *NUMBER_FORMATS):
        answer = load_model(path).predict(picture[np.newaxis], 255)
        return {"image": GOLDEN_PICTURE, "outputs": _rounded(answer), "tolerance": _PICTURE_TOLERANCE}
    expected = [vector["probabilities"] for vector in vectors]
    if name in ("saved_model", "keras"):
        numbers = images.reshape(len(images), -1).tolist()
        if name == "keras":
            logits = keras.ops.convert_to_numpy(model(images[..., np.newaxis], training=False))
            return {"inputs": numbers, "outputs": _rounded(logits), "tolerance": _LOGIT_TOLERANCE}
        return {"inputs": numbers, "outputs": expected, "tolerance": _FLOAT_TOLERANCE}
    if name in ("float32", "onnx"):
        return {"outputs": expected, "tolerance": _FLOAT_TOLERANCE}
    inputs, outputs = _run(read_tflite(path), images)
    if outputs.dtype == np.float32:
        tolerance = _FLOAT16_TOLERANCE if name == "float16" else _INT8_TOLERANCE
        return {"outputs": _rounded(outputs), "tolerance": tolerance}
    return {"inputs": inputs.tolist(), "outputs": outputs.tolist(), "tolerance": _STEPS_TOLERANCE}


def _run(content: bytes, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the numbers that go into a TFLite file and come out of it, each of shape (examples, numbers)."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    pixels = images.reshape(-1, *source["shape"]).astype(np.float32) / 255
    if source["dtype"] is not np.float32:
        scale, zero_point = source["quantization"]
        limits = np.iinfo(source["dtype"])
        pixels = np.clip(np.round(pixels / scale + zero_point), limits.min, limits.max).astype(source["dtype"])
    outputs = []
    for image in pixels:
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0])
    return pixels.reshape(len(pixels), -1), np.array(outputs)


def _rounded(values: np.ndarray) -> Any:
    return np.round(values.astype(np.float64), 7).tolist()
