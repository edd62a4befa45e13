import warnings

import numpy as np
import pytest
from made_datasets import made

from mnist_keras.data import load_digits
from mnist_keras.errors import InputWarning


@pytest.fixture
def load(tmp_path):
    def save_and_load(**arrays):
        np.savez(tmp_path / "mine.npz", **arrays)
        return load_digits("folder", tmp_path / "mine.npz")

    return save_and_load


@pytest.fixture
def quiet():
    """Turns warnings into errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", InputWarning)
        yield


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "y_train", "X_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("train_data", "train_target", "test_data", "test_target"),
        ("trainX", "trainY", "testX", "testY"),
        ("train-images", "train-labels", "t10k-images", "t10k-labels"),
        ("images_train", "labels_train", "images_test", "labels_test"),
        ("images", "labels", "test_images", "test_labels"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
        ("arr_0", "arr_2", "arr_1", "arr_3"),
    ],
)
def test_arrays_by_their_usual_names(tiny, load, quiet, keys):
    arrays = (tiny.train_images, tiny.train_labels, tiny.test_images, tiny.test_labels)
    assert load(**dict(zip(keys, arrays, strict=True))).checksum() == tiny.checksum()


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (1, 28, 28), (784,)])
@pytest.mark.parametrize("label", ["numbers", "column", "one-hot", "float one-hot"])
def test_usual_shapes_of_images_and_labels(load, quiet, shape, label):
    images, labels = made(4)
    layouts = {"numbers": labels, "column": labels[:, np.newaxis], "one-hot": np.eye(4, dtype=int)[labels]}
    y = layouts.get(label, np.eye(4)[labels])
    digits = load(x_train=images.reshape(-1, *shape), y_train=y, x_test=images.reshape(-1, *shape), y_test=y)
    np.testing.assert_array_equal(digits.train_images, images)
    np.testing.assert_array_equal(digits.test_labels, labels)
    assert digits.class_names == tuple("0123" if "hot" in label else "0123456789")


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (lambda images: images / 255, "the images are float64 from 0 to 1: they are converted"),
        (lambda images: images.astype(np.float32), "the images are float32 from 0 to 255"),
        (lambda images: images.astype(np.float16), "the images are float16 from 0 to 255"),
    ],
)
def test_floats_of_a_plain_range_are_converted_aloud(tiny, load, convert, message):
    with pytest.warns(InputWarning, match=message):
        digits = load(
            x_train=convert(tiny.train_images),
            y_train=tiny.train_labels,
            x_test=convert(tiny.test_images),
            y_test=tiny.test_labels,
        )
    assert digits.checksum() == tiny.checksum()


def test_other_integers_are_the_same_images(tiny, load, quiet):
    digits = load(
        x_train=tiny.train_images.astype(np.int64),
        y_train=tiny.train_labels,
        x_test=tiny.test_images.astype(">u2"),
        y_test=tiny.test_labels,
    )
    assert digits.checksum() == tiny.checksum()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32])
def test_binary_images_become_black_and_white(load, dtype):
    images, labels = made(10)
    binary = (images > 127).astype(dtype)
    with pytest.warns(InputWarning, match=f"the images are {np.dtype(dtype)} from 0 to 1: they are converted"):
        digits = load(x_train=binary, y_train=labels, x_test=binary, y_test=labels)
    np.testing.assert_array_equal(digits.train_images, np.where(images > 127, 255, 0))


def test_labels_above_nine_are_classes_by_number(load, quiet):
    images, labels = made(300, 1)
    digits = load(x_train=images, y_train=labels, x_test=images, y_test=labels)
    assert digits.class_names == tuple(map(str, range(300)))
    one_hot = load(x_train=images, y_train=np.eye(300)[labels], x_test=images, y_test=np.eye(300)[labels])
    assert one_hot.train_labels.dtype == np.uint16
    np.testing.assert_array_equal(one_hot.train_labels, labels)


def test_names_of_classes_in_the_file(load, quiet):
    images, labels = made(3)
    names = np.array(["cat", "dog", "bird"])
    digits = load(x_train=images, y_train=labels, x_test=images, y_test=labels, class_names=names)
    assert digits.class_names == ("cat", "dog", "bird")


def test_medmnist(load):
    images, labels = made(2)
    arrays = {"val_images": images[:2], "val_labels": labels[:2, np.newaxis]}
    for part in ("train", "test"):
        arrays |= {f"{part}_images": images, f"{part}_labels": labels[:, np.newaxis]}
    with pytest.warns(InputWarning, match="the validation images of .*mine.npz are left out"):
        digits = load(**arrays)
    assert digits.class_names == ("0", "1")
    assert len(digits.train_images) == len(digits.test_images) == 8
    del arrays["test_images"], arrays["test_labels"]
    with pytest.warns(InputWarning, match="the validation images of .*mine.npz are used as the test set"):
        assert len(load(**arrays).test_images) == 2


@pytest.mark.parametrize("keys", [("images", "labels"), ("X", "y"), ("arr_0", "arr_1"), ("x_train", "y_train")])
def test_without_a_test_set_a_fifth_is_split_off_aloud(tiny, load, keys):
    with pytest.warns(InputWarning, match="mine has no test set: 24 of its 120 images, always the same, are split off"):
        digits = load(**dict(zip(keys, (tiny.train_images, tiny.train_labels), strict=True)))
    assert (len(digits.train_images), len(digits.test_images)) == (96, 24)
    assert digits.note == "test set of 24 images split off from the training images"
    together = np.concatenate([digits.train_images, digits.test_images])
    assert {image.tobytes() for image in together} == {image.tobytes() for image in tiny.train_images}
