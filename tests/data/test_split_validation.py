import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_datasets import made

from mnist_keras.data import Digits, base_dataset, split_validation
from mnist_keras.data.splits import choose_test_images
from mnist_keras.errors import InputError


def rows(images):
    return {image.tobytes() for image in images}


def dataset(labels, names=None):
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 28, 28), np.uint8)
    names = names or tuple(f"class {label}" for label in range(max(labels) + 1))
    return Digits("made", images, np.array(labels), images[:1], np.array(labels)[:1], names)


def test_the_split_is_stratified_and_complete(tiny):
    split = split_validation(tiny, 20)
    assert split.name == "tiny-validation-20"
    assert base_dataset(split.name) == base_dataset("tiny") == "tiny"
    assert np.bincount(split.test_labels).tolist() == [2] * 10
    assert len(split.train_labels) == 100
    assert not rows(split.train_images) & rows(split.test_images)
    assert rows(split.train_images) | rows(split.test_images) == rows(tiny.train_images)


def test_the_split_of_ten_digits_is_that_of_earlier_versions(tiny):
    random = np.random.default_rng(0)
    chosen = [random.choice(np.flatnonzero(tiny.train_labels == digit), 3, replace=False) for digit in range(10)]
    expected = np.sort(np.concatenate(chosen))
    np.testing.assert_array_equal(split_validation(tiny, 30).test_images, tiny.train_images[expected])


def test_the_split_is_deterministic(tiny):
    assert split_validation(tiny, 20).checksum() == split_validation(tiny, 20).checksum()


@pytest.mark.parametrize("count", [0, -10, 15, 120])
def test_an_invalid_number_of_validation_images_raises(tiny, count):
    with pytest.raises(InputError, match=f"must be a multiple of ten below 120.*validation={count}"):
        split_validation(tiny, count)


def test_each_class_gives_its_share_and_the_names_and_the_note_stay():
    digits = dataclasses.replace(dataset([0] * 60 + [1] * 30 + [2] * 10), note="a note")
    split = split_validation(digits, 20)
    assert np.bincount(split.test_labels).tolist() == [12, 6, 2]
    assert (split.class_names, split.note) == (digits.class_names, "a note")


def test_digits_that_are_not_balanced_give_their_shares():
    digits = dataset([label for label in range(10) for _ in range(4 + 16 * (label == 0))], tuple("0123456789"))
    assert np.bincount(split_validation(digits, 14).test_labels).tolist() == [5, *[1] * 9]


@given(
    sizes=st.lists(st.integers(0, 30), min_size=2, max_size=12).filter(lambda sizes: sizes[-1] and max(sizes) > 1),
    fraction=st.floats(0, 1),
)
def test_the_count_is_exact_and_a_training_image_of_each_class_stays(sizes, fraction):
    digits = dataset([label for label, size in enumerate(sizes) for _ in range(size)])
    maximum = sum(max(size - 1, 0) for size in sizes)
    count = max(1, int(fraction * maximum))
    split = split_validation(digits, count)
    assert len(split.test_labels) == count
    left = np.bincount(split.train_labels, minlength=len(sizes))
    assert [bool(images) for images in left] == [bool(size) for size in sizes]
    shares = np.array(sizes) - left
    # A share is rounded, and a class of one image gives its share to others.
    assert (shares >= np.floor(count * np.array(sizes) / sum(sizes))).all()
    with pytest.raises(InputError, match=f"validation must be a whole number from 1 to {maximum},.*={maximum + 1}"):
        split_validation(digits, maximum + 1)


@pytest.mark.parametrize(("sizes", "expected"), [([50, 50], [10, 10]), ([80, 19, 1], [16, 4, 0]), ([2, 1], [1, 0])])
def test_a_fifth_is_chosen_as_test_set(sizes, expected):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    is_test = choose_test_images(labels)
    assert np.bincount(labels[is_test], minlength=len(sizes)).tolist() == expected
    np.testing.assert_array_equal(is_test, choose_test_images(labels))


def test_a_test_set_has_at_most_ten_thousand_images():
    assert choose_test_images(np.tile(np.arange(3), 30_000)).sum() == 10_000


def test_no_test_set_can_be_chosen_of_single_images():
    with pytest.raises(InputError, match="none can be split off.*Received: 3 images of 3 classes"):
        choose_test_images(made(3, 1)[1])
