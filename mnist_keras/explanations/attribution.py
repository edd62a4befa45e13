"""How much each pixel contributes to the logit of a class: integrated gradients and occlusion."""

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.inference.keras_model import proven_output_kind
from mnist_keras.inference.output_kind import OutputKind


def check_returns_logits(model: keras.Model, name: str) -> None:
    """Raises InputError unless a model maps pixels, (batch, 28, 28, 1), to an output that is called "logits"."""
    if model.input_shape != (None, 28, 28, 1) or proven_output_kind(model) is not OutputKind.LOGITS:
        raise InputError(
            f"{name} cannot be explained. Expected: a model of this package, which maps pixels in 0..255 of shape "
            f"(batch, 28, 28, 1) to an output named logits. Received: an input of shape {model.input_shape} and "
            f"{getattr(model, 'output_names', None) or 'no named output'}. Save the network as such a model."
        )


def check_image(image: np.ndarray) -> None:
    """Raises InputError unless an image is uint8 (28, 28)."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != (28, 28):
        received = f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InputError(
            f"An explanation is of one uint8 image of shape (28, 28), white ink on black. Received: {received}. "
            "Preprocess the image with preprocess_image and pass its digit."
        )


def predict_logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the logits, float32 (examples, classes), of images of pixels in 0..255, (examples, 28, 28)."""
    pixels = tf.constant(np.asarray(images, np.float32)[..., np.newaxis])
    return np.asarray(model(pixels, training=False))


def integrated_gradients(model: keras.Model, image: np.ndarray, target: int, steps: int = 200) -> np.ndarray:
    """Returns the contribution of each pixel to the logit of a class (Sundararajan, Taly, Yan 2017).

    The gradient of the logit is averaged over the straight line from a black image to this one, and multiplied by the
    pixel. The contributions add up to the logit of the image minus that of the black image; the midpoint rule
    approximates the integral. A black pixel always contributes 0, although the network may depend on its blackness.

    Args:
        model: from pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
        image: uint8 (28, 28), white ink on black.
        target: the class.
        steps: number of points on the line.

    Returns:
        float32 (28, 28), in units of logits.
    """
    positions = (np.arange(steps, dtype=np.float32) + 0.5) / steps
    line = tf.constant(positions[:, np.newaxis, np.newaxis, np.newaxis] * image[..., np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(line)
        logit = tf.reduce_sum(model(line, training=False)[:, target])
    gradient = tf.reduce_mean(tape.gradient(logit, line), axis=0)[..., 0]
    return gradient.numpy() * image


def occlusion(model: keras.Model, image: np.ndarray, target: int, side: int = 5) -> np.ndarray:
    """Returns by how much the logit of a class falls if a black square hides a part (Zeiler, Fergus 2014).

    Args:
        model: see `integrated_gradients`.
        image: uint8 (28, 28), white ink on black.
        target: the class.
        side: of the square, in pixels; odd.

    Returns:
        float32 (28, 28), in units of logits: for each pixel, the fall for the square with this pixel at its center. 0
        where the square hides no ink.
    """
    distance = np.abs(np.arange(28)[:, np.newaxis] - np.arange(28)) <= side // 2
    # hidden[center row, center column, row, column].
    hidden = distance[:, np.newaxis, :, np.newaxis] & distance[np.newaxis, :, np.newaxis, :]
    images = np.where(hidden, 0, image).reshape(-1, 28, 28)
    logits = predict_logits(model, np.concatenate([image[np.newaxis], images]))[:, target]
    return (logits[0] - logits[1:]).reshape(28, 28)
