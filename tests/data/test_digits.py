import dataclasses
import hashlib

import numpy as np
import pytest
from made_datasets import made

from mnist_keras.data import Digits
from mnist_keras.errors import InputError


def letters(names=("A", "B", "C"), **changes):
    images, labels = made(3)
    return Digits("letters", images, labels, images, labels, names, **changes)


def test_the_checksum_of_digits_covers_the_four_arrays_alone(tiny):
    arrays = (tiny.train_images, tiny.train_labels, tiny.test_images, tiny.test_labels)
    expected = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    assert tiny.class_names == tuple("0123456789")
    assert tiny.checksum() == expected
    assert dataclasses.replace(tiny, note="a note", name="another").checksum() == expected


def test_the_checksum_covers_other_names():
    assert letters().checksum() != letters(("A", "B", "D")).checksum()
    assert letters().checksum() == letters(["A", "B", "C"]).checksum()


def test_a_thousand_classes_are_accepted():
    images, labels = made(1000, 1)
    names = tuple(f"class {label}" for label in range(1000))
    assert Digits("many", images, labels.astype(np.uint16), images, labels, names).class_names == names


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("A", "B"), "train labels must lie in 0..1. Received: labels from 0 to 2"),
        (("A",), "must have 2 to 1,000 classes. Received: 1 .A."),
        ((), "must have 2 to 1,000 classes. Received: 0 .no names."),
        (tuple(map(str, range(1001))), "must have 2 to 1,000 classes. Received: 1,001 .0, 1, 2, 3, 4, ...."),
        (("A", "B", "A"), "Class names must differ.*Received: 'A' 2 times"),
        (("A", "B", " "), "Class names must be text of one line.*Received: ' '"),
        (("A", "B", "C\nD"), r"Class names must be text of one line.*Received: 'C\\nD'"),
        (("A", "B", 3), "Class names must be text of one line.*Received: 3"),
    ],
)
def test_invalid_class_names_raise(names, message):
    with pytest.raises(InputError, match=message):
        letters(names)
