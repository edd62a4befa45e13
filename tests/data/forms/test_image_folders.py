import subprocess
import sys

import numpy as np
import pytest
from made_datasets import made, write_images
from PIL import Image

from mnist_keras.data import load_digits
from mnist_keras.errors import InputError, InputWarning


def load(folder, preparation="none"):
    return load_digits("folder", folder, preparation)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".pgm", ".PNG"])
@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("training", "Testing")])
def test_folders_of_train_and_test(tmp_path, train, test, suffix):
    images, labels = made(10)
    write_images(tmp_path / train, images, labels, suffix)
    write_images(tmp_path / test, images[:10], labels[:10], suffix)
    digits = load(tmp_path)
    order = np.argsort(labels, kind="stable")
    np.testing.assert_array_equal(digits.train_images, images[order])
    np.testing.assert_array_equal(digits.train_labels, labels[order])
    np.testing.assert_array_equal(digits.test_images, images[:10])
    assert digits.class_names == tuple("0123456789")


def test_folders_of_classes_alone_give_their_test_set(tmp_path):
    write_images(tmp_path / "shapes", *made(3, 10))
    with pytest.warns(InputWarning, match="shapes has no test set: 6 of its 30 images"):
        digits = load(tmp_path / "shapes")
    assert np.bincount(digits.test_labels).tolist() == [2, 2, 2]
    assert "test set of 6 images split off" in digits.note


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["10", "9", "1"], ("1", "9", "10")), (["b", "10", "a"], ("10", "a", "b")), (["Ä", "B", "é"], ("B", "Ä", "é"))],
)
def test_classes_are_sorted_by_number_if_all_are_numbers(tmp_path, names, expected):
    for part in ("train", "test"):
        write_images(tmp_path / part, made(3, 1)[0], names)
    (tmp_path / "train" / ".git").mkdir()
    digits = load(tmp_path)
    assert digits.class_names == expected
    images = dict(zip(names, made(3, 1)[0], strict=True))
    np.testing.assert_array_equal(digits.train_images, [images[name] for name in expected])


def test_colors_become_gray_and_transparent_becomes_white(tmp_path):
    color = np.zeros((28, 28, 4), np.uint8)
    color[:, :14], color[:, 14:] = (255, 0, 0, 255), (0, 0, 0, 0)
    for part in ("train", "test"):
        write_images(tmp_path / part, [color, made()[0][0]], ["a", "b"])
    image = load(tmp_path).train_images[0]
    assert np.unique(image[:, :14]).tolist() == [76]
    assert np.unique(image[:, 14:]).tolist() == [255]


def test_other_files_and_validation_images_are_left_out_aloud(tmp_path):
    for part in ("train", "test", "val"):
        write_images(tmp_path / part, *made(2))
    (tmp_path / "train" / "0" / "notes.txt").write_text("no image")
    (tmp_path / "train" / "0" / ".DS_Store").write_text("")
    with pytest.warns(InputWarning) as caught:
        assert len(load(tmp_path).train_images) == 8
    assert [str(warning.message).split(str(tmp_path))[-1] for warning in caught] == [
        "/val are left out: --validation splits off its own.",
        "/train are left out.",
    ]


def test_a_table_beside_the_folders_is_no_dataset(tmp_path):
    for part in ("train", "test"):
        write_images(tmp_path / part, *made(2))
    (tmp_path / "labels.csv").write_text("file,label\na.png,0\n")
    assert len(load(tmp_path).train_images) == 8


def test_validation_images_are_the_test_set_if_there_is_none(tmp_path):
    for part in ("train", "valid"):
        write_images(tmp_path / part, *made(2))
    with pytest.warns(InputWarning, match="valid are used as the test set"):
        assert load(tmp_path).note == "validation set used as the test set"


@pytest.fixture
def large(tmp_path):
    """Dark rings on light paper, 60 pixels wide and 90 high, for a class, and dark bars for the other."""
    ring, bar = np.full((90, 60), 230, np.uint8), np.full((90, 60), 230, np.uint8)
    ring[25:65, 15:45], ring[33:57, 22:38], bar[20:70, 27:34] = 20, 230, 20
    for part in ("train", "test"):
        write_images(tmp_path / part, [ring, bar] * 3, ["0", "1"] * 3)
    return tmp_path


def test_images_of_other_sizes_raise_and_both_ways_are_named(large):
    message = "60x90 pixels. Expected: 28x28.*--image_preparation=digit .* or --image_preparation=resize"
    with pytest.raises(InputError, match=message):
        load(large)
    with pytest.raises(InputError, match="image_preparation must be one of none, resize, digit"):
        load(large, "crop")


def test_resize_keeps_the_aspect_ratio_and_inverts_dark_on_light_aloud(large):
    with pytest.warns(InputWarning, match="are dark on light, as their borders show: they are inverted"):
        digits = load(large, "resize")
    image = digits.train_images[3]
    # The bar of 7x50 of 60x90 pixels: 28 / 90 of its size; padding is paper, which is 255 - 230.
    assert np.unique(image[:, :5]).tolist() == np.unique(image[:, -5:]).tolist() == [25]
    rows, columns = np.nonzero(image > 130)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (16, 2)
    assert digits.note == "images prepared by resize; inverted"


def test_resize_keeps_light_on_dark(large):
    for path in large.rglob("*.png"):
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    assert load(large, "resize").train_images[3].max() > 230
    assert load(large, "resize").note == "images prepared by resize"


def test_resize_of_mixed_polarity_warns(tmp_path):
    images, labels = made(2, 5)
    images[:3] = 255 - images[:3]
    images[:3, [0, -1]] = images[:3, :, [0, -1]] = 255
    images[3:, [0, -1]] = images[3:, :, [0, -1]] = 0
    for part in ("train", "test"):
        write_images(tmp_path / part, images, labels)
    with pytest.warns(InputWarning, match="30% of the training images of .* are dark on light, the others"):
        load(tmp_path, "resize")


def test_digit_prepares_by_the_geometry_of_mnist(large):
    digits = load(large, "digit")
    for image in digits.train_images:
        rows, columns = np.nonzero(image > 100)
        # MNIST's digits fill 20 pixels and are centered.
        assert 17 <= max(np.ptp(rows), np.ptp(columns)) <= 21
        assert abs(rows.mean() - 13.5) < 2
        assert image[0].max() == 0
    assert digits.note == "images prepared by digit"


def test_images_without_ink_are_left_out_aloud(large):
    Image.fromarray(np.full((90, 60), 255, np.uint8)).save(large / "train" / "0" / "blank.png")
    with pytest.warns(InputWarning, match="1 images without ink are left out, such as .*blank.png"):
        digits = load(large, "digit")
    assert np.bincount(digits.train_labels).tolist() == [3, 3]


def test_dark_on_light_of_28x28_pixels_stays_and_is_said(tmp_path):
    for part in ("train", "test"):
        write_images(tmp_path / part, np.full((4, 28, 28), 250, np.uint8), ["a", "b"] * 2)
    with pytest.warns(InputWarning, match="are dark on light, .* and stay so"):
        assert load(tmp_path).train_images.min() == 250


def test_plain_images_need_neither_tensorflow_nor_litert(tmp_path):
    for part in ("train", "test"):
        write_images(tmp_path / part, *made(2))
    code = (
        "import sys; from mnist_keras.data import load_digits; load_digits('folder', sys.argv[1], 'resize'); "
        "print({'tensorflow', 'ai_edge_litert', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
