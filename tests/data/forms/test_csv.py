import gzip
import zipfile

import numpy as np
import pytest
from made_datasets import made, write_csv

from mnist_keras.data import load_digits
from mnist_keras.data.forms.idx import FASHION_NAMES
from mnist_keras.errors import InputError, InputWarning


@pytest.fixture
def digits_csv(tmp_path):
    """A folder with train.csv and test.csv of the digits 0 to 9."""
    write_csv(tmp_path / "train.csv", *made(10))
    write_csv(tmp_path / "test.csv", *made(10, 1, seed=1))
    return tmp_path


def check(digits):
    for part, (images, labels) in (("train", made(10)), ("test", made(10, 1, seed=1))):
        np.testing.assert_array_equal(getattr(digits, f"{part}_images"), images)
        np.testing.assert_array_equal(getattr(digits, f"{part}_labels"), labels)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_a_folder_of_train_and_test(tmp_path, header, last):
    write_csv(tmp_path / "train.csv", *made(10), header, last)
    write_csv(tmp_path / "test.csv", *made(10, 1, seed=1), header, last)
    check(load_digits("folder", tmp_path))


def test_gzipped_files(digits_csv):
    for name in ("train", "test"):
        content = (digits_csv / f"{name}.csv").read_bytes()
        (digits_csv / f"{name}.csv").unlink()
        (digits_csv / f"{name}.csv.gz").write_bytes(gzip.compress(content))
    check(load_digits("folder", digits_csv))


@pytest.mark.parametrize("together", [False, True])
def test_files_in_zip_files(digits_csv, together):
    for name in ("train", "test"):
        with zipfile.ZipFile(digits_csv / ("both.zip" if together else f"{name}.csv.zip"), "a") as archive:
            archive.write(digits_csv / f"{name}.csv", f"inner/{name}.csv")
            archive.writestr(f"__MACOSX/{name}.csv", "no data")
        (digits_csv / f"{name}.csv").unlink()
    check(load_digits("folder", digits_csv / "both.zip" if together else digits_csv))


def test_windows_text_with_a_mark_quotes_and_empty_lines(digits_csv):
    lines = (digits_csv / "train.csv").read_text().splitlines()
    text = "\r\n".join([",".join(f'"{name}"' for name in lines[0].split(",")), *lines[1:], ""])
    (digits_csv / "train.csv").write_bytes(("\ufeff" + text + "\r\n").encode())
    check(load_digits("folder", digits_csv))


def test_more_rows_than_one_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_keras.data.forms.csv_files._ROWS_PER_CHUNK", 7)
    write_csv(tmp_path / "train.csv", *made(10), header=False)
    write_csv(tmp_path / "test.csv", *made(10, 1, seed=1))
    check(load_digits("folder", tmp_path))


def test_one_file_alone_gives_its_test_set(tmp_path):
    images, labels = made(10, 5)
    path = write_csv(tmp_path / "digits.csv", images, labels)
    with pytest.warns(InputWarning, match="digits has no test set: 10 of its 50 images"):
        digits = load_digits("folder", path)
    assert np.bincount(digits.test_labels).tolist() == [1] * 10
    assert digits.name == "digits"


def test_the_unlabeled_test_set_of_kaggle_is_left_out_aloud(tmp_path):
    images, labels = made(10, 5)
    write_csv(tmp_path / "train.csv", images, labels)
    write_csv(tmp_path / "test.csv", images)
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    with pytest.warns(InputWarning) as caught:
        digits = load_digits("folder", tmp_path)
    assert "test.csv has no labels, like that of Kaggle: it is left out" in str(caught[0].message)
    assert len(digits.test_images) == 10
    with pytest.raises(InputError, match=r"test.csv has 784 columns and no labels.*Pass the labeled file"):
        load_digits("folder", tmp_path / "test.csv")


def test_letters_from_one(tmp_path):
    images, labels = made(26, 1, first=1)
    write_csv(tmp_path / "emnist-letters-train.csv", images.swapaxes(1, 2), labels, header=False)
    write_csv(tmp_path / "emnist-letters-test.csv", images.swapaxes(1, 2), labels, header=False)
    digits = load_digits("emnist-letters", tmp_path)
    np.testing.assert_array_equal(digits.train_images, images)
    np.testing.assert_array_equal(digits.test_labels, labels - 1)


def test_fashion_mnist_by_the_names_of_its_files(tmp_path):
    for part in ("train", "test"):
        write_csv(tmp_path / f"fashion-mnist_{part}.csv", *made(10))
    assert load_digits("folder", tmp_path).class_names == FASHION_NAMES


def test_a_compressed_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_keras.data.archives._MAX_BYTES_IN_MEMORY", 1_000_000)
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(b"\n" * 3_000_000))
    with pytest.raises(InputError, match="train.csv.gz has 1,000,001 bytes after it is decompressed"):
        load_digits("folder", tmp_path / "train.csv.gz")
    with zipfile.ZipFile(tmp_path / "train.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", b"\n" * 3_000_000)
    with pytest.raises(InputError, match="train.zip: train.csv has 3,000,000 bytes after it is decompressed"):
        load_digits("folder", tmp_path / "train.zip")


def test_the_header_says_where_the_label_is(tmp_path):
    images, labels = made(10)
    columns = np.insert(images.reshape(len(images), -1), 300, labels, axis=1)
    names = [f"pixel{number}" for number in range(784)]
    header = ",".join([*names[:300], "Label", *names[300:]])
    for part in ("train", "test"):
        np.savetxt(tmp_path / f"{part}.csv", columns, "%d", ",", header=header, comments="")
    digits = load_digits("folder", tmp_path)
    np.testing.assert_array_equal(digits.train_images, images)
    np.testing.assert_array_equal(digits.train_labels, labels)
