import numpy as np
import pytest

from mnist_keras.data import base_dataset, split_validation
from mnist_keras.errors import InputError


def rows(images):
    return {image.tobytes() for image in images}


def test_the_split_is_stratified_and_complete(tiny):
    split = split_validation(tiny, 20)
    assert split.name == "tiny-validation-20"
    assert base_dataset(split.name) == base_dataset("tiny") == "tiny"
    assert np.bincount(split.test_labels).tolist() == [2] * 10
    assert len(split.train_labels) == 100
    assert not rows(split.train_images) & rows(split.test_images)
    assert rows(split.train_images) | rows(split.test_images) == rows(tiny.train_images)


def test_the_split_is_deterministic(tiny):
    assert split_validation(tiny, 20).checksum() == split_validation(tiny, 20).checksum()


@pytest.mark.parametrize("count", [0, -10, 15, 120])
def test_an_invalid_number_of_validation_images_raises(tiny, count):
    with pytest.raises(InputError, match=f"must be a multiple of ten below 120.*validation={count}"):
        split_validation(tiny, count)
