"""Explains the prediction of one image: pixels, probabilities, similar training images, the smallest change."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.data.digits import DIGIT_NAMES
from mnist_keras.errors import InputError
from mnist_keras.explanations.adversarial import AdversarialExample, find_adversarial
from mnist_keras.explanations.attribution import (
    check_image,
    check_returns_logits,
    integrated_gradients,
    occlusion,
    predict_logits,
)
from mnist_keras.explanations.features import Neighbors, TrainingFeatures


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Why a model predicts a class for an image.

    Each part is about the model and not about handwriting: it says what the prediction depends on, not whether it is
    right.
    """

    #: uint8 (28, 28), white ink on black: the input of the network.
    image: np.ndarray
    #: float32 (classes,), with a sum of 1.
    probabilities: np.ndarray
    #: float32 (28, 28): contribution of each pixel to the logit of the prediction, see `integrated_gradients`.
    integrated_gradients: np.ndarray
    #: The logit of the prediction minus that of a black image. `integrated_gradients` adds up to nearly the same.
    logit_difference: float
    #: float32 (28, 28): fall of the logit if a black square of 5x5 pixels hides a part, see `occlusion`.
    occlusion: np.ndarray
    #: The smallest change found after which the second guess is predicted; None if none was found.
    adversarial: AdversarialExample | None
    #: The most similar training images; None without `TrainingFeatures`.
    neighbors: Neighbors | None = None
    #: The name of each class.
    class_names: tuple[str, ...] = DIGIT_NAMES

    @property
    def prediction(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())

    @property
    def second_guess(self) -> int:
        """The second most probable class."""
        return int(self.probabilities.argsort()[-2])

    @property
    def completeness_error(self) -> float:
        """The sum of `integrated_gradients` minus `logit_difference`, as a share of the latter. It should be near 0."""
        error = float(self.integrated_gradients.sum()) - self.logit_difference
        return error / abs(self.logit_difference) if self.logit_difference else error

    def to_dict(self) -> dict[str, Any]:
        """Returns the explanation as JSON types, without the images."""
        changed, near = self.adversarial, self.neighbors
        return {
            "prediction": self.class_names[self.prediction],
            "second_guess": self.class_names[self.second_guess],
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "integrated_gradients": {
                "sum": round(float(self.integrated_gradients.sum()), 4),
                "logit_difference": round(self.logit_difference, 4),
                "pixels": self.integrated_gradients.round(4).tolist(),
            },
            "occlusion": {"pixels": self.occlusion.round(4).tolist()},
            "nearest_training_images": near
            and [
                {"index": int(index), "label": self.class_names[label], "distance": round(float(distance), 4)}
                for index, label, distance in zip(near.indices, near.labels, near.distances, strict=True)
            ],
            "smallest_change": changed
            and {
                "prediction": self.class_names[changed.prediction],
                "l2_norm": round(changed.l2_norm, 4),
                "max_norm": round(changed.max_norm, 4),
                "pixels": changed.perturbation.tolist(),
            },
        }


def explain_prediction(
    model: keras.Model,
    image: np.ndarray,
    training: TrainingFeatures | None = None,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> Explanation:
    """Explains what a model predicts for an image.

    Args:
        model: of this package, such as `load_model("cnn_robust")`: from pixels in 0..255, (batch, 28, 28, 1), to
            logits, (batch, classes).
        image: uint8 (28, 28), white ink on black, such as `preprocess_image(...).digit`.
        training: features of the training images, among which the most similar ones are found; None finds none.
        class_names: the name of each class.

    Raises:
        InputError: the model returns no logits, the image has another shape or dtype, or the number of names is not
            that of the classes.
    """
    check_returns_logits(model, model.name)
    check_image(image)
    if len(class_names) != model.output_shape[-1]:
        raise InputError(
            f"Each class needs one name. Expected: {model.output_shape[-1]} names for the model {model.name}. "
            f"Received: {len(class_names)}. Pass the names of its classes as class_names."
        )
    logits = predict_logits(model, np.stack([image, np.zeros_like(image)]))
    second, prediction = (int(index) for index in logits[0].argsort()[-2:])
    return Explanation(
        image,
        tf.nn.softmax(logits[0]).numpy(),
        integrated_gradients(model, image, prediction),
        float(logits[0, prediction] - logits[1, prediction]),
        occlusion(model, image, prediction),
        find_adversarial(model, image, second),
        training.nearest(image) if training else None,
        tuple(class_names),
    )
