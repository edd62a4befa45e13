"""A training set that another dataset is mixed into."""

import collections

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_keras.data import Digits, mix_datasets
from mnist_keras.errors import InputError


def dataset(labels, names=tuple("0123456789"), name="made", seed=0):
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 28, 28), np.uint8)
    return Digits(name, images, np.array(labels, np.uint8), images[:1], np.array(labels, np.uint8)[:1], names)


def counts(images):
    return collections.Counter(image.tobytes() for image in images)


@given(
    own=st.integers(1, 30), others=st.integers(1, 30), ratio=st.sampled_from([0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 7.0, 10.0])
)
def test_every_image_is_there_and_the_smaller_dataset_is_repeated_up_to_the_ratio(own, others, ratio):
    first, second = dataset([7] * own), dataset([3] * others, seed=1)
    mixed = mix_datasets(first, second, ratio)
    repeats = counts(mixed.train_images)
    for digits in (first, second):
        of_each = [repeats[image.tobytes()] for image in digits.train_images]
        assert min(of_each) >= 1
        assert max(of_each) - min(of_each) <= 1
    sizes = np.bincount(mixed.train_labels, minlength=10)
    assert sizes.sum() == sizes[7] + sizes[3]
    assert abs(sizes[3] - ratio * sizes[7]) <= 0.5 * max(ratio, 1) + 1e-9
    assert sizes[7] == own or sizes[3] == others


def test_classes_are_joined_by_their_names_and_the_test_set_stays():
    own = dataset([0, 1, 1, 0], ("7", "1"), "mine")
    other = dataset([0, 1, 7, 9], name="others", seed=1)
    mixed = mix_datasets(own, other)
    assert mixed.class_names == other.class_names
    assert mixed.test_labels.tolist() == [7]
    np.testing.assert_array_equal(mixed.test_images, own.test_images)
    label_of = {image.tobytes(): label for image, label in zip(mixed.train_images, mixed.train_labels, strict=True)}
    assert [label_of[image.tobytes()] for image in own.train_images] == [7, 1, 1, 7]
    assert [label_of[image.tobytes()] for image in other.train_images] == [0, 1, 7, 9]
    assert (mixed.name, mixed.note) == ("mine", "mixed with others, 1 of its images per image")
    assert mixed.mixed_in is other


def test_mixing_is_deterministic():
    own, other = dataset([1, 2, 3]), dataset([4] * 10, seed=1)
    assert mix_datasets(own, other).checksum() == mix_datasets(own, other).checksum()


@pytest.mark.parametrize("ratio", [0.0, 0.09, 11.0, float("nan"), -1.0])
def test_a_ratio_out_of_range_raises(ratio):
    with pytest.raises(InputError, match=r"ratio must be a number from 0.1 to 10. Received: ratio="):
        mix_datasets(dataset([1]), dataset([2]), ratio)


def test_a_class_that_the_other_dataset_lacks_raises():
    with pytest.raises(InputError, match="cannot be mixed into mine.* Expected: some of 0, 1, .* Received: seven"):
        mix_datasets(dataset([0, 1], ("1", "seven"), "mine"), dataset([2]))
