"""The probabilities that a correct file of each format predicts for test images, from the Keras model."""

from collections.abc import Sequence

import keras
import numpy as np

from mnist_keras.export.formats import FORMATS, NUMBER_FORMATS, PICTURE_FORMATS
from mnist_keras.inference.keras_model import keras_predict_function
from mnist_keras.inference.preprocessing.normalize_ops import normalize_each
from mnist_keras.inference.preprocessing.numbers_ops import normalize_all_checked
from mnist_keras.inference.tflite import enlarge


def expected_probabilities(
    model: keras.Model, images: np.ndarray, formats: Sequence[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the model's probabilities on the images, and those that each format must reproduce.

    Formats that normalize their input must reproduce the model's probabilities on the normalized images.

    Args:
        model: maps pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
        images: uint8 (examples, 28, 28).
        formats: names of `FORMATS`.

    Returns:
        Arrays float32 (examples, classes), of fewer examples for formats with `max_images`.
    """
    predict = keras_predict_function(model)
    probabilities = predict(images)
    expected = dict.fromkeys(formats, probabilities)
    normalizing = [name for name in formats if name in PICTURE_FORMATS and name != "mediapipe"]
    if normalizing:
        expected |= dict.fromkeys(normalizing, predict(_normalize(images[..., np.newaxis])))
    for name in set(formats) & set(NUMBER_FORMATS):
        found = [normalize_all_checked(image[..., np.newaxis]) for image in images[: FORMATS[name].max_images]]
        first = np.stack([digits.digits[0] for digits in found]).astype(np.uint8)
        has_digit = np.array([digits.count > 0 for digits in found])
        expected[name] = np.where(has_digit[:, np.newaxis], predict(first), np.float32(0.1))
    if "mediapipe" in formats:
        pictures = enlarge(images[: FORMATS["mediapipe"].max_images])
        expected["mediapipe"] = predict(_normalize(np.repeat(pictures[..., np.newaxis], 3, axis=3)))
    return probabilities, expected


def _normalize(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(normalize_each(pictures).digit).astype(np.uint8)
