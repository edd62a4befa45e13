"""Input shapes of other people's models, and images in these shapes. Must not import TensorFlow."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mnist_keras.inference.class_names import is_number_of_classes

# The shape of this package's own models.
OWN_SHAPE = (28, 28, 1)
# Shapes of one image. The last two are PyTorch's: channels first.
SHAPES = ((28, 28), (784,), OWN_SHAPE, (28, 28, 3), (1, 28, 28), (3, 28, 28))
_FLOATS = ("float16", "float32", "float64")
# A model with an input of these takes the bytes of an image, 0 to 255.
_INTEGERS = ("uint8", "int32", "int64")
# Of an error message.
EXPECTED = (
    f"one input of shape {', '.join(map(str, SHAPES[:-1]))} or {SHAPES[-1]} behind the batch, of "
    f"{', '.join((*_FLOATS, *_INTEGERS))}, and one output of shape (batch, classes), 2 to 1,000 classes"
)
_BATCH = 1000


class InputForm(NamedTuple):
    """What a model receives."""

    #: Of one image: one of `SHAPES`.
    shape: tuple[int, ...]
    #: Name of a floating-point or integer dtype.
    dtype: str
    #: The only batch size that the model takes. None: any.
    batch: int | None

    @property
    def takes_bytes(self) -> bool:
        """Whether the input is of integers: pixels from 0 to 255."""
        return self.dtype in _INTEGERS

    def convert(self, images: np.ndarray, white: int) -> np.ndarray:
        """Returns images in this form.

        Args:
            images: uint8 (examples, 28, 28), white ink on black.
            white: the pixel value of white in the result, 1 or 255. Integers are always from 0 to 255.
        """
        pixels = images if self.takes_bytes else images.astype(np.float32) / np.float32(255 / white)
        if 3 in self.shape:
            pixels = np.repeat(np.expand_dims(pixels, 1 + self.shape.index(3)), 3, axis=1 + self.shape.index(3))
        return pixels.reshape(-1, *self.shape).astype(self.dtype)

    def predict(self, answer: Callable[[np.ndarray], np.ndarray], images: np.ndarray, white: int) -> np.ndarray:
        """Returns a model's outputs on any number of images, float32 (examples, classes).

        Args:
            answer: from a batch in this form to its outputs, (batch, classes).
            images: see `convert`.
            white: see `convert`.
        """
        size, outputs = self.batch or _BATCH, []
        for start in range(0, len(images), size):
            batch = self.convert(images[start : start + size], white)
            count = len(batch)
            if self.batch:
                # A fixed batch is filled up with black images, whose outputs are left out.
                batch = np.concatenate([batch, np.zeros((size - count, *self.shape), batch.dtype)])
            outputs.append(np.asarray(answer(batch), np.float32)[:count])
        return np.concatenate(outputs)


def match_input(shape: Sequence[object], dtype: str) -> InputForm | None:
    """Returns the form of an input; None if it takes no images of 28x28 pixels.

    Args:
        shape: with the batch in front. A dimension that is no positive integer fits any size.
        dtype: a numpy name.
    """
    sizes = [size if isinstance(size, int) and size > 0 else None for size in shape]
    if dtype not in (*_FLOATS, *_INTEGERS):
        return None
    for fitting in SHAPES:
        if len(sizes) == 1 + len(fitting) and all(
            size in (None, wanted) for size, wanted in zip(sizes[1:], fitting, strict=True)
        ):
            return InputForm(fitting, dtype, sizes[0])
    return None


def match_classes(shape: Sequence[object]) -> int | None:
    """Returns the number of classes of an output, (batch, classes); None if it has another shape."""
    return shape[1] if len(shape) == 2 and is_number_of_classes(shape[1]) else None
