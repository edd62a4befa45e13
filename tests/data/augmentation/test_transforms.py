"""Augmentation of small grids with results computed by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.transforms import apply_parameters, augment, sample_parameters

GRID = 10 * np.arange(9, dtype=np.uint8).reshape(3, 3)
IDENTITY = dict(angle=0, shift_x=0, shift_y=0, scale=1, shear=0, brightness=1, contrast=1)


def applied(image, how, **changes):
    """Returns the result of `apply_parameters` for one image, eagerly or inside tf.data."""
    parameters = {name: tf.constant([value], tf.float32) for name, value in {**IDENTITY, **changes}.items()}
    batch = tf.constant(image[np.newaxis, ..., np.newaxis])
    if how == "eager":
        return apply_parameters(batch, **parameters).numpy()[0, ..., 0]
    dataset = tf.data.Dataset.from_tensors(batch).map(lambda images: apply_parameters(images, **parameters))
    return next(iter(dataset)).numpy()[0, ..., 0]


@pytest.mark.parametrize("how", ["eager", "tf.data"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [[0, 10, 20], [30, 40, 50], [60, 70, 80]]),
        # A positive angle rotates clockwise: the top row becomes the right column.
        ({"angle": math.pi / 2}, [[60, 30, 0], [70, 40, 10], [80, 50, 20]]),
        ({"angle": math.pi}, [[80, 70, 60], [50, 40, 30], [20, 10, 0]]),
        # To the right and down; pixels from outside are black.
        ({"shift_x": 1 / 3}, [[0, 0, 10], [0, 30, 40], [0, 60, 70]]),
        ({"shift_y": 1 / 3}, [[0, 0, 0], [0, 10, 20], [30, 40, 50]]),
        # Half a pixel: the mean of two neighbors.
        ({"shift_x": 1 / 6}, [[0, 5, 15], [15, 35, 45], [30, 65, 75]]),
        # Twice as large about the center: corners halfway between center and corner.
        ({"scale": 2}, [[20, 25, 30], [35, 40, 45], [50, 55, 60]]),
        # The top leans left, the bottom right.
        ({"shear": math.pi / 4}, [[10, 20, 0], [30, 40, 50], [0, 60, 70]]),
        # Rotation before shift.
        ({"angle": math.pi / 2, "shift_x": 1 / 3}, [[0, 60, 30], [0, 70, 40], [0, 80, 50]]),
        ({"brightness": 1.2}, [[0, 12, 24], [36, 48, 60], [72, 84, 96]]),
        ({"contrast": 0.5}, [[20, 25, 30], [35, 40, 45], [50, 55, 60]]),
        ({"contrast": 2}, [[0, 0, 0], [20, 40, 60], [80, 100, 120]]),
        # Brightness before contrast: the mean is that of the brightened image, 20.
        ({"brightness": 0.5, "contrast": 0.5}, [[10, 12, 15], [18, 20, 22], [25, 28, 30]]),
    ],
)
def test_transforms_of_a_grid(changes, expected, how):
    np.testing.assert_array_equal(applied(GRID, how, **changes), expected)


def test_brightness_clips_at_255():
    assert applied(np.full((3, 3), 250, np.uint8), "eager", brightness=1.2).max() == 255


def test_brightness_clips_before_contrast_takes_the_mean():
    received = applied(np.array([[0, 200]], np.uint8), "eager", brightness=2, contrast=0.5)
    np.testing.assert_array_equal(received, [[64, 191]])


def test_every_image_has_its_own_parameters():
    images = tf.constant(np.stack([GRID, GRID])[..., np.newaxis])
    parameters = {name: tf.constant([value, value], tf.float32) for name, value in IDENTITY.items()}
    parameters["angle"] = tf.constant([0, math.pi])
    first, second = apply_parameters(images, **parameters).numpy()[..., 0]
    np.testing.assert_array_equal(first, GRID)
    np.testing.assert_array_equal(second, GRID[::-1, ::-1])


def test_sampled_parameters_fill_their_ranges():
    sampled = sample_parameters(
        Augmentation(rotation=20, shift=0.1, scale=(0.9, 1.3), shear=5, brightness=0.2), 5000, (1, 2)
    )
    limits = dict(
        angle=(-math.radians(20), math.radians(20)),
        shift_x=(-0.1, 0.1),
        shift_y=(-0.1, 0.1),
        scale=(0.9, 1.3),
        shear=(-math.radians(5), math.radians(5)),
        brightness=(0.8, 1.2),
        contrast=(1, 1),
    )
    assert sampled.keys() == limits.keys()
    for name, (low, high) in limits.items():
        values, margin = sampled[name].numpy(), 0.01 * (high - low) + 1e-6
        assert low - 1e-6 <= values.min() <= low + margin, name
        assert high - margin <= values.max() <= high + 1e-6, name
    assert abs(np.corrcoef(sampled["shift_x"], sampled["shift_y"])[0, 1]) < 0.05


def test_the_default_augmentation_leaves_images_unchanged(tiny):
    images = tf.constant(tiny.train_images[..., np.newaxis])
    np.testing.assert_array_equal(augment(images, Augmentation(), (0, 0)), images)


def test_the_seed_determines_the_rotation(tiny):
    images = tf.constant(tiny.train_images[..., np.newaxis])
    results = [augment(images, Augmentation(rotation=20), seed).numpy() for seed in ((1, 2), (1, 2), (1, 3))]
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any()
