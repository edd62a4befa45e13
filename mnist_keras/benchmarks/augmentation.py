"""Benchmark of augmentation against Pillow, and of matrix products as the machine's peak arithmetic."""

import math
from collections.abc import Callable

import numpy as np

from mnist_keras.benchmarks.harness import Contender
from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.recipes import get_recipe

_BATCH_SIZE = 256
# Images per turn: about an epoch of MNIST, so that the start of the pipeline has the same share as in training.
IMAGES = 234 * _BATCH_SIZE


def augmentation_contenders(recipe: str, threads: int) -> list[Contender]:
    """Returns this package's batched augmentation of a recipe, and Pillow's image by image on one thread.

    Pillow applies the affine part, brightness and contrast only.
    """
    return [
        Contender("mnist_keras", augment_with_pipeline, dict(recipe=recipe, threads=threads)),
        Contender("Pillow", augment_with_pillow, dict(recipe=recipe)),
    ]


def augment_with_pipeline(recipe: str, threads: int) -> Callable[[], None]:
    """Returns a function that augments IMAGES images in batches with this package's input pipeline."""
    from mnist_keras.data.pipeline import training_batches
    from mnist_keras.distribution.strategy import set_up_device

    set_up_device(threads=threads)
    images = _random_images()
    labels = np.zeros(len(images), np.int64)
    dataset = training_batches(images, labels, _BATCH_SIZE, 1, 0, get_recipe(recipe).augmentation)

    def run():
        for _ in dataset:
            pass

    return run


def augment_with_pillow(recipe: str) -> Callable[[], None]:
    """Returns a function that augments IMAGES images one by one with Pillow."""
    from PIL import Image, ImageEnhance

    augmentation = get_recipe(recipe).augmentation
    images = _random_images()
    random = np.random.default_rng(0)

    def run():
        for pixels in images:
            image = Image.fromarray(pixels)
            matrix = _affine_matrix(augmentation, random)
            image = image.transform((28, 28), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
            for enhance, amount in (
                (ImageEnhance.Brightness, augmentation.brightness),
                (ImageEnhance.Contrast, augmentation.contrast),
            ):
                if amount:
                    image = enhance(image).enhance(random.uniform(1 - amount, 1 + amount))
            np.asarray(image)

    return run


def _affine_matrix(augmentation: Augmentation, random: np.random.Generator) -> tuple[float, ...]:
    """Samples rotation, scale and shift about the center, as Pillow's six numbers from output to input pixels."""
    angle = math.radians(random.uniform(-augmentation.rotation, augmentation.rotation))
    scale = random.uniform(*augmentation.scale)
    right, down = random.uniform(-28 * augmentation.shift, 28 * augmentation.shift, 2)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    x, y = 14 + right, 14 + down
    return cos, sin, 14 - cos * x - sin * y, -sin, cos, 14 + sin * x - cos * y


def _random_images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (IMAGES, 28, 28), np.uint8)


_MATRIX_SIDE = 2048
# Matrix products per turn.
PRODUCTS = 4
# Floating-point multiplications and additions per product.
FLOPS_PER_PRODUCT = 2 * _MATRIX_SIDE**3


def machine_contenders(threads: int) -> list[Contender]:
    """Returns TensorFlow's product of two large matrices in float32 and in bfloat16."""
    return [
        Contender(dtype, multiply_matrices, dict(dtype=dtype, threads=threads)) for dtype in ("float32", "bfloat16")
    ]


def multiply_matrices(dtype: str, threads: int) -> Callable[[], None]:
    """Returns a function that computes PRODUCTS products of two matrices."""
    import tensorflow as tf

    from mnist_keras.distribution.strategy import set_up_device

    set_up_device(threads=threads)
    left, right = (tf.cast(tf.random.normal((_MATRIX_SIDE, _MATRIX_SIDE)), dtype) for _ in range(2))

    def run():
        for _ in range(PRODUCTS):
            tf.matmul(left, right)

    return run
