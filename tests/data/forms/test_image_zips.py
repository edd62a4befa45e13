"""Zip files of images in a folder per class, as the phone page, macOS and Windows write them."""

import io
import re
import zipfile

import numpy as np
import pytest
from made_datasets import HEADER, made
from PIL import Image

from mnist_keras.data import load_digits
from mnist_keras.errors import InputError, InputWarning

IMAGES, LABELS = made(3, 10)


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def members(names=LABELS, top=""):
    return {
        f"{top}{name}/{number:04}.png": png(image)
        for number, (image, name) in enumerate(zip(IMAGES, names, strict=True))
    }


def write(path, files, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content, method)
    return path


def load(path):
    with pytest.warns(InputWarning, match="my_digits has no test set"):
        return load_digits("folder", path)


def all_images(digits):
    """Returns the images of both sets and their class names, in an order that does not depend on the split."""
    images = np.concatenate([digits.train_images, digits.test_images])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    order = np.lexsort(images.reshape(len(images), -1).T)
    return images[order], [digits.class_names[label] for label in labels[order]]


def assert_all_there(digits, names=LABELS):
    images, labels = all_images(digits)
    order = np.lexsort(IMAGES.reshape(len(IMAGES), -1).T)
    np.testing.assert_array_equal(images, IMAGES[order])
    assert labels == [str(names[index]) for index in order]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("top", ["", "my_digits/", "a/b/"], ids=["top", "in a folder", "in two folders"])
def test_a_zip_file_is_read_like_its_folder(tmp_path, top, method):
    digits = load(write(tmp_path / "my_digits.zip", members(top=top), method))
    assert_all_there(digits)
    assert digits.name == "my_digits"
    assert [path.name for path in tmp_path.iterdir()] == ["my_digits.zip"]


def test_train_and_test_in_a_zip_file(tmp_path):
    path = write(tmp_path / "digits.zip", members(top="train/") | members(top="test/"))
    digits = load_digits("folder", path)
    assert (len(digits.train_images), len(digits.test_images)) == (30, 30)


def test_what_macos_and_windows_add_is_ignored(tmp_path):
    added = {"my_digits/.DS_Store": b"x", "my_digits/0/.DS_Store": b"x", "my_digits/0/Thumbs.db": b"x"}
    added |= {f"__MACOSX/{name[:-8]}._{name[-8:]}": b"x" for name in members(top="my_digits/")}
    with pytest.warns(InputWarning, match="1 other files among the images"):
        assert_all_there(load(write(tmp_path / "my_digits.zip", members(top="my_digits/") | added)))


def test_members_outside_of_the_zip_file_are_left_out(tmp_path):
    path = write(tmp_path / "my_digits.zip", members() | {"../7/a.png": png(IMAGES[0]), "0/../../a.png": b"x"})
    assert_all_there(load(path))
    assert [path.name for path in tmp_path.iterdir()] == ["my_digits.zip"]


@pytest.mark.parametrize("is_flagged", [True, False])
def test_class_names_in_any_script(tmp_path, is_flagged):
    names = np.array(["T-shirt/top", "あ", "100%"])[LABELS]
    folders = np.array(["T-shirt%2Ftop", "あ", "100%25"])[LABELS]
    path = write(tmp_path / "my_digits.zip", members(folders))
    if not is_flagged:
        # As macOS does: UTF-8 without the bit that says so, in both headers of a member.
        content = bytearray(path.read_bytes())
        for signature, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
            for found in re.finditer(re.escape(signature), content):
                content[found.start() + flags] &= ~0x08
        path.write_bytes(content)
    assert_all_there(load(path), names)


def test_a_table_beside_the_images_is_no_dataset(tmp_path):
    assert_all_there(load(write(tmp_path / "my_digits.zip", members() | {"labels.csv": f"{HEADER}\n"})))


def damaged(content):
    place = content.index(b"IDAT")
    return content[:place] + bytes(20) + content[place + 20 :]


def with_password(content):
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + flags
        content = content[:at] + bytes([content[at] | 1]) + content[at + 1 :]
    return content


def claiming_a_gigabyte(content):
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + (1 << 30).to_bytes(4, "little") + content[at + 4 :]


WRONG = {
    "no zip": (lambda content: b"no zip", "is a damaged zip file. Expected: a zip file of train.csv or of images"),
    "a cut zip": (lambda content: content[:-30], "is a damaged zip file"),
    "a damaged image": (damaged, "cannot be read as a zip file of images.*Received: Bad CRC-32.*Download it again"),
    "a password": (with_password, "cannot be read as a zip file of images.*without a password. Received: .*encrypted"),
    "a huge image": (claiming_a_gigabyte, "0/0000.png has 1,073,741,824 bytes .* at most 268,435,456"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_damaged_zip_file_raises_one_message(tmp_path, case):
    damage, message = WRONG[case]
    path = write(tmp_path / "my_digits.zip", members())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=message):
        load_digits("folder", path)


UNFIT = {
    "nothing": ({}, "must hold train.csv, or a folder of images per class, .* Received: an empty zip file"),
    "texts": ({"readme.txt": b"x"}, "must hold train.csv, or .* Received: readme.txt. Add"),
    "images without classes": ({"a.png": png(IMAGES[0])}, "must hold train.csv, or .* Received: a.png"),
    "one class": ({"7/a.png": png(IMAGES[0])}, "for each of 2 to 1,000 classes. Received: 1 .7."),
    "an empty class": (members() | {"9/": b""}, "my_digits.zip/9 has no images. .* Received: an empty folder"),
    "no picture": (members() | {"0/b.png": b"x"}, "my_digits.zip/0/b.png cannot be read as an image"),
    "a large image": (members() | {"0/b.png": png(np.zeros((30, 20), np.uint8))}, "0/b.png has 20x30 pixels.*digit"),
    "deep folders": ({"a/" * 9 + "b.png": png(IMAGES[0])}, "Received: an empty zip file"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_zip_file_of_something_else_raises_one_message(tmp_path, case):
    files, message = UNFIT[case]
    with pytest.raises(InputError, match=message):
        load_digits("folder", write(tmp_path / "my_digits.zip", files))


def test_a_preparation_is_for_images_in_a_zip_file_too(tmp_path):
    large = {f"{label}/{n}.png": png(np.pad(IMAGES[n], 20)) for n, label in enumerate(LABELS)}
    path = write(tmp_path / "my_digits.zip", large)
    with pytest.warns(InputWarning):
        digits = load_digits("folder", path, "resize")
    assert "images prepared by resize" in digits.note
