"""A dataset of 26 letters with names, drawn by strokes, that a small model learns in a few steps."""

import string

import numpy as np

from mnist_keras.data import Digits
from mnist_keras.data.pages.letters import LETTERS
from mnist_keras.data.strokes import parse_shape, random_strokes

# Names of several letters, with a space and beyond ASCII, as other datasets have them.
NAMES = (*string.ascii_uppercase[:23], "T-shirt/top", "Ankle boot", "Ä")


def make_letters(train: int = 260, test: int = 52, classes: int = 26, name: str = "letters") -> Digits:
    """Returns images of letters whose strokes are moved a little. With fewer classes, those with the first names."""
    random = np.random.default_rng(0)
    shapes = [parse_shape(strokes) for strokes in LETTERS[:classes]]

    def draw(count):
        labels = np.arange(count) % classes
        return np.stack([_draw(random_strokes(shapes[label], random, 0.02)) for label in labels]), labels

    return Digits(name, *draw(train), *draw(test), class_names=NAMES[:classes])


def _draw(strokes):
    points = 4 + 19 * np.concatenate(strokes)
    centers = np.arange(28) + 0.5
    squared = (points[:, 0, None, None] - centers) ** 2 + (points[:, 1, None, None] - centers[:, None]) ** 2
    return np.rint(255 * np.clip(2 - np.sqrt(squared.min(axis=0)), 0, 1)).astype(np.uint8)
