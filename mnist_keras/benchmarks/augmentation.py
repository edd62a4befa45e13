"""Our augmentation of whole batches against Pillow's, image by image, as most training programs have it."""

import math
from collections.abc import Callable

import numpy as np

from mnist_keras.benchmarks.harness import Contender
from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.recipes import get_recipe

_BATCH = 256
# Of a turn: an epoch's of MNIST, so that the start counts as little as in training.
IMAGES = 234 * _BATCH


def augmentation_contenders(recipe: str, threads: int) -> list[Contender]:
    """The recipe's augmentation here; its affine part, brightness and contrast by Pillow, in one process."""
    return [
        Contender("mnist_keras", augment_here, dict(recipe=recipe, threads=threads)),
        Contender("Pillow", augment_by_pillow, dict(recipe=recipe)),
    ]


def augment_here(recipe: str, threads: int) -> Callable[[], None]:
    from mnist_keras.data.pipeline import training_batches
    from mnist_keras.distribution.strategy import set_up_device

    set_up_device(threads=threads)
    images = _noise()
    labels = np.zeros(len(images), np.int64)
    dataset = training_batches(images, labels, _BATCH, 1, 0, get_recipe(recipe).augmentation)

    def run():
        for _ in dataset:
            pass

    return run


def augment_by_pillow(recipe: str) -> Callable[[], None]:
    from PIL import Image, ImageEnhance

    augmentation = get_recipe(recipe).augmentation
    images = _noise()
    chance = np.random.default_rng(0)

    def run():
        for image in images:
            picture = Image.fromarray(image)
            picture = picture.transform(
                (28, 28), Image.Transform.AFFINE, _affine(augmentation, chance), Image.Resampling.BILINEAR
            )
            for enhance, amount in (
                (ImageEnhance.Brightness, augmentation.brightness),
                (ImageEnhance.Contrast, augmentation.contrast),
            ):
                if amount:
                    picture = enhance(picture).enhance(chance.uniform(1 - amount, 1 + amount))
            np.asarray(picture)

    return run


def _affine(augmentation: Augmentation, chance: np.random.Generator) -> tuple[float, ...]:
    """Rotation, scale and shift about the centre, as Pillow takes them: from a pixel of the result to its source."""
    turn = math.radians(chance.uniform(-augmentation.rotation, augmentation.rotation))
    scale = chance.uniform(*augmentation.scale)
    right, down = chance.uniform(-28 * augmentation.shift, 28 * augmentation.shift, 2)
    cos, sin = math.cos(turn) / scale, math.sin(turn) / scale
    x, y = 14 + right, 14 + down
    return cos, sin, 14 - cos * x - sin * y, -sin, cos, 14 + sin * x - cos * y


def _noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (IMAGES, 28, 28), np.uint8)


SIDE = 2048
# In one turn.
PRODUCTS = 4
# Multiplications and additions in one of them.
OPERATIONS = 2 * SIDE**3


def machine_contenders(threads: int) -> list[Contender]:
    """A side for each precision."""
    return [Contender(dtype, multiply, dict(dtype=dtype, threads=threads)) for dtype in ("float32", "bfloat16")]


def multiply(dtype: str, threads: int) -> Callable[[], None]:
    import tensorflow as tf

    from mnist_keras.distribution.strategy import set_up_device

    set_up_device(threads=threads)
    one, other = (tf.cast(tf.random.normal((SIDE, SIDE)), dtype) for _ in range(2))

    def run():
        for _ in range(PRODUCTS):
            tf.matmul(one, other)

    return run
