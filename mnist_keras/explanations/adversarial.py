"""The smallest change of an image, found by gradients, that changes the prediction to another class."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.explanations.attribution import predict_logits

# Maximum number of steps to the decision boundary, and of those along it.
_REACHING, _SHRINKING = 50, 20
# A step ends on the boundary of the linear approximation. This share of the step is added to cross it.
_OVERSHOOT = 0.02
# Lengths of a change that are tried, as shares of it.
_LENGTHS = np.linspace(0, 1.5, 49, dtype=np.float32)[1:, np.newaxis, np.newaxis]


@dataclasses.dataclass(frozen=True)
class AdversarialExample:
    """An image that was changed as little as possible, so that a model predicts another class."""

    #: uint8 (28, 28), the changed image.
    image: np.ndarray
    #: int16 (28, 28), the changed image minus the original one.
    perturbation: np.ndarray
    #: The class that the model predicts for the changed image.
    prediction: int
    #: Its probability, 0 to 1.
    probability: float

    @property
    def l2_norm(self) -> float:
        """Euclidean norm of the perturbation, where black is 0 and white is 1."""
        return float(np.linalg.norm(self.perturbation / 255))

    @property
    def max_norm(self) -> float:
        """Largest change of a pixel, where black is 0 and white is 1."""
        return float(np.abs(self.perturbation).max() / 255)


def find_adversarial(model: keras.Model, image: np.ndarray, target: int) -> AdversarialExample | None:
    """Searches the smallest change, in the L2 norm, after which a model predicts `target`.

    Steps approximate the logit of `target` minus the highest other one by a linear function. As in DeepFool
    (Moosavi-Dezfooli, Fawzi, Frossard 2016), each step takes the smallest change for which this function is 0, until
    `target` is predicted. Further steps take the smallest change of the original image, as long as that gets smaller.
    All pixels stay in 0..255 and are rounded to whole numbers. A smaller change than the result may exist.

    Args:
        model: from pixels in 0..255, (batch, 28, 28, 1), to logits, (batch, classes).
        image: uint8 (28, 28), white ink on black.
        target: the class, another one than the model predicts for the image.

    Returns:
        The changed image; None if no step reached `target`.
    """
    original = image.astype(np.float32)
    best = _reach(model, original, target)
    if best is None:
        return None
    for _ in range(_SHRINKING):
        margin, gradient = _margin_and_gradient(model, best, target)
        needed = float((gradient * (best - original)).sum()) - margin
        # Half a step, because the linear function approximates the logits near the current image alone.
        proposed = (best + _nearest_on_plane(original, gradient, needed)) / 2
        shorter = _shorten(model, original, proposed, target)
        if shorter is None or np.linalg.norm(shorter - original) >= np.linalg.norm(best - original):
            break
        best = shorter
    probability = tf.nn.softmax(predict_logits(model, best[np.newaxis]))[0, target]
    changed = best.astype(np.uint8)
    return AdversarialExample(changed, changed.astype(np.int16) - image, target, float(probability))


def _reach(model: keras.Model, original: np.ndarray, target: int) -> np.ndarray | None:
    """Returns an image of the class `target` near the decision boundary; None if the steps end before it."""
    current = original
    for _ in range(_REACHING):
        margin, gradient = _margin_and_gradient(model, current, target)
        if margin > 0:
            return _shorten(model, original, current, target)
        current = _nearest_on_plane(current, gradient, -margin * (1 + _OVERSHOOT))
    return None


def _margin_and_gradient(model: keras.Model, image: np.ndarray, target: int) -> tuple[float, np.ndarray]:
    """Returns the logit of `target` minus the highest other logit, and its gradient."""
    pixels = tf.constant(image[np.newaxis, ..., np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logits = model(pixels, training=False)[0]
        others = tf.where(tf.range(len(logits)) == target, -np.inf, logits)
        margin = logits[target] - tf.reduce_max(others)
    return float(margin), tape.gradient(margin, pixels).numpy()[0, ..., 0]


def _nearest_on_plane(original: np.ndarray, gradient: np.ndarray, needed: float) -> np.ndarray:
    """Returns the image nearest to `original` whose product of change and gradient is `needed`.

    Without the limits of a pixel, the change is a multiple of the gradient. With them, it is such a multiple cut at the
    limits. Bisection finds the factor.
    """
    low, high = 0.0, 255 / max(float(np.abs(gradient).max()), 1e-12) * 100
    for _ in range(60):
        factor = (low + high) / 2
        changed = np.clip(original + factor * gradient, 0, 255)
        if (gradient * (changed - original)).sum() < needed:
            low = factor
        else:
            high = factor
    return np.clip(original + high * gradient, 0, 255).astype(np.float32)


def _shorten(model: keras.Model, original: np.ndarray, changed: np.ndarray, target: int) -> np.ndarray | None:
    """Returns the first image, with whole pixels, on the line from an image to a changed one that gets `target`."""
    images = np.round(np.clip(original + _LENGTHS * (changed - original), 0, 255))
    reached = np.flatnonzero(predict_logits(model, images).argmax(axis=1) == target)
    return images[reached[0]] if len(reached) else None
