import numpy as np
from tiny_digits import make_digits

from mnist_keras.data.synthetic import synthetic_digits, with_synthetic_digits


def test_the_seed_determines_the_digits():
    for one, again in zip(synthetic_digits(20, seed=3), synthetic_digits(20, seed=3), strict=True):
        np.testing.assert_array_equal(one, again)
    assert (synthetic_digits(20, seed=3)[0] != synthetic_digits(20, seed=4)[0]).any()


def test_size_and_center_of_mass_are_those_of_mnist():
    images, labels = synthetic_digits(400)
    assert images.shape == (400, 28, 28) and images.dtype == np.uint8
    assert set(labels.tolist()) == set(range(10))
    for image in images:
        rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
        mass = np.array([(image.sum(axis=1 - axis) * np.arange(28)).sum() / image.sum() for axis in (0, 1)])
        assert np.abs(mass - 14).max() < 3


def test_synthetic_digits_are_appended_to_the_training_set():
    digits = make_digits(train=50)
    assert with_synthetic_digits(digits, 0)[0] is digits.train_images
    images, labels = with_synthetic_digits(digits, 30)
    assert len(images) == len(labels) == 80
    np.testing.assert_array_equal(images[:50], digits.train_images)
    np.testing.assert_array_equal(labels[50:], synthetic_digits(30)[1])
