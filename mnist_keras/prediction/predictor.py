"""What every format of a model is loaded as."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from mnist_keras.digits import source_of
from mnist_keras.errors import InputError


@dataclasses.dataclass(frozen=True)
class Predictor:
    """A loaded model, whatever its format."""

    #: uint8 (examples, 28, 28), white ink on black -> float32 (examples, 10), rows summing to 1.
    _probabilities: Callable[[np.ndarray], np.ndarray]
    #: The file or folder that was loaded.
    path: pathlib.Path
    #: Name of the dataset it was trained on, where a config or card beside it says so.
    trained_on: str | None = None

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of the ten digits.

        Args:
            images: uint8 (examples, 28, 28), white ink on black.

        Returns:
            float32 (examples, 10).

        Raises:
            InputError: images of another shape or dtype; or the model's answers are no probabilities.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise InputError(
                "A model reads uint8 images of shape (examples, 28, 28). "
                f"Received: {images.dtype} of shape {images.shape}."
            )
        if not len(images):
            return np.zeros((0, 10), np.float32)
        probabilities = self._probabilities(images)
        # Eight bits add up to 1 within a few hundredths. Written so that NaN fails too.
        if not (np.abs(probabilities.sum(axis=1) - 1) < 0.1).all():
            raise InputError(
                f"{self.path} does not answer with probabilities: those of an image must add up to 1. It is damaged, "
                "or its softmax is missing."
            )
        return probabilities

    def refuse_seen(self, dataset: str) -> None:
        """Raises InputError if the test images of that dataset were training images of this model."""
        if self.trained_on is None or dataset == self.trained_on:
            return
        source = source_of(self.trained_on)
        # Validation images are training images of their source; so are the sample's, of MNIST.
        if dataset != source and (source_of(dataset) == source or (source, source_of(dataset)) == ("mnist", "sample")):
            raise InputError(
                f"{self.path} was trained on {self.trained_on}, whose training images include test images of "
                f"{dataset}: the score would be too good. Score it on {source}, by --dataset and --data_dir."
            )
