import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.transforms import (
    affine_transforms,
    apply_parameters,
    augment,
    elastic_displacements,
    resample,
)

GRID = np.arange(49, dtype=np.float32).reshape(1, 7, 7, 1)
STILL = affine_transforms(*(tf.constant([value], tf.float32) for value in (0, 0, 0, 1, 0)), 7, 7)


def moved_by(x, y):
    displacements = tf.stack([tf.fill((1, 7, 7), float(distance)) for distance in (x, y)])
    return resample(tf.constant(GRID), STILL, displacements).numpy()


def test_zero_displacements_leave_the_image_unchanged():
    np.testing.assert_array_equal(moved_by(0, 0), GRID)


def test_a_displacement_points_to_the_source_of_a_pixel():
    np.testing.assert_array_equal(moved_by(2, 0)[0, :, :5], GRID[0, :, 2:])
    np.testing.assert_array_equal(moved_by(0, -1)[0, 1:], GRID[0, :-1])
    np.testing.assert_allclose(moved_by(0.25, 0)[0, :, :6], GRID[0, :, :6] + 0.25)


def test_pixels_from_outside_are_black():
    assert not moved_by(2, 0)[0, :, 5:].any()
    assert not moved_by(0, -50).any()


def test_resample_without_displacements_applies_the_affine_map():
    for shift in (0.0, 1 / 7, -2 / 7):
        shift_right = affine_transforms(*(tf.constant([value], tf.float32) for value in (0, shift, 0, 1, 0)), 7, 7)
        expected = resample(tf.constant(GRID), shift_right, tf.zeros((2, 1, 7, 7)))
        np.testing.assert_allclose(resample(tf.constant(GRID), shift_right), expected, atol=1e-3)


def test_both_resamplers_apply_the_same_affine_map():
    images = tf.constant(np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), np.uint8))
    parameters = dict(angle=0.3, shift_x=0.1, shift_y=-0.05, scale=0.9, shear=0.2, brightness=1, contrast=1)
    parameters = {name: tf.fill((4,), tf.constant(value, tf.float32)) for name, value in parameters.items()}
    plain = apply_parameters(images, **parameters)
    warped = apply_parameters(images, **parameters, aspect_ratio=tf.ones(4), displacements=tf.zeros((2, 4, 28, 28)))
    assert np.abs(plain.numpy().astype(int) - warped.numpy()).max() <= 1


def test_aspect_ratio_magnifies_the_width_about_the_center():
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[0, 4:24, 10:18] = 255
    parameters = dict(angle=0, shift_x=0, shift_y=0, scale=1, shear=0, brightness=1, contrast=1)
    parameters = {name: tf.constant([value], tf.float32) for name, value in parameters.items()}
    wide = apply_parameters(
        tf.constant(image), **parameters, aspect_ratio=tf.constant([1.5]), displacements=tf.zeros((2, 1, 28, 28))
    )
    columns = np.flatnonzero(wide.numpy()[0, 14, :, 0] > 127)
    assert (columns[0], columns[-1]) == (8, 19)
    rows = np.flatnonzero(wide.numpy()[0, :, 14, 0] > 127)
    assert (rows[0], rows[-1]) == (4, 23)


def test_displacements_are_smooth():
    moved = elastic_displacements(tf.constant([0.0, 2.0]), 28, tf.constant([1, 2])).numpy()
    assert moved.shape == (2, 2, 28, 28)
    assert not moved[:, 0].any()
    assert 0.5 < moved[:, 1].std() < 2.5
    assert np.abs(np.diff(moved[:, 1])).max() < 0.4 * np.abs(moved[:, 1]).max()
    assert np.abs(np.diff(moved[:, 1], axis=1)).max() < 0.4 * np.abs(moved[:, 1]).max()


@pytest.mark.parametrize(
    "options", [{"elastic": 1.5}, {"aspect_ratio": 0.3}, {"stroke_width": (-1, 2)}, {"noise": 0.2}]
)
def test_the_seed_determines_the_images(options):
    images = tf.constant(np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), np.uint8))
    one, again, other = (augment(images, Augmentation(**options), tf.constant([0, seed])).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert (one != images.numpy()).any()
