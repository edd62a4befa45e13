"""Data files that are damaged, larger than they look, or no files. Each ends in one message, at once."""

import gzip
import os
import struct
import zipfile

import numpy as np
import pytest

from mnist_keras.data import load_digits
from mnist_keras.data.archives import npz_arrays, write_idx
from mnist_keras.errors import InputError

NAMES = ("x_train", "y_train", "x_test", "y_test")


def npy(header, content=b""):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def npz(path, **members):
    """Writes an npz file of whatever bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            archive.writestr(f"{name}.npy", members.get(name, members.get("all", b"")))
    return path


def encrypted(path, tiny):
    np.savez(path, **npz_arrays(tiny))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(signature, place + 4)
    path.write_bytes(content)
    return path


def plain_npy(path, tiny):
    with path.open("wb") as file:
        np.save(file, tiny.train_images)
    return path


HEADERS = {
    "mixed keys": "{'descr': '|u1', 3: False, 'shape': (1, 28, 28), 'fortran_order': False}",
    "no end": "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 28, 28",
    "a shape of bools": "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 28.0, '28')}",
    "a negative shape": "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 28, 28)}",
    "a huge shape": "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999, 28, 28)}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "nothing": "{'descr': '|V0', 'fortran_order': False, 'shape': (1, 28, 28)}",
    "fields": "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (1, 28, 28)}",
    "brackets": "[" * 9000,
    "another size": "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 28, 28)}",
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_damaged_header_of_an_npz_member(tmp_path, header):
    path = npz(tmp_path / "mine.npz", all=npy(HEADERS[header], bytes(783)))
    with pytest.raises(InputError, match="mine.npz(: x_train.npy)? (cannot be read as an npz file|has [0-9,]* bytes)"):
        load_digits("folder", path)


@pytest.mark.parametrize("write", [encrypted, plain_npy])
def test_an_archive_of_another_kind(tiny, tmp_path, write):
    with pytest.raises(InputError, match="mine.npz cannot be read as an npz file of plain arrays: .*numpy.savez"):
        load_digits("folder", write(tmp_path / "mine.npz", tiny))


def test_a_text_in_place_of_an_array(tmp_path):
    with pytest.raises(InputError, match="mine.npz cannot be read as an npz file"):
        load_digits("folder", npz(tmp_path / "mine.npz", all=b"just text"))


@pytest.fixture
def decompressed(monkeypatch):
    """Counts what is decompressed."""
    sizes = []
    read = gzip.GzipFile.read

    def counting(file, size=-1):
        content = read(file, size)
        sizes.append(len(content))
        return content

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    return sizes


def test_a_gzip_bomb_is_refused_by_its_header(tmp_path, tiny, decompressed):
    for part, name in (("train", "train"), ("test", "t10k")):
        write_idx(tmp_path / f"{name}-images-idx3-ubyte.gz", getattr(tiny, f"{part}_images"))
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte.gz", getattr(tiny, f"{part}_labels"))
    path = tmp_path / "train-images-idx3-ubyte.gz"
    zeros = bytes(50_000_000)
    for shape, message in (
        ((1, 28, 28), "is too long. Expected: 800 bytes .* Received: 801 bytes or more"),
        ((2_000_000, 28, 28), "has 1,568,000,016 bytes after it is decompressed. Expected: at most 1,073,741,824"),
    ):
        path.write_bytes(gzip.compress(b"\x00\x00\x08\x03" + np.array(shape, ">u4").tobytes() + zeros, 1))
        decompressed.clear()
        with pytest.raises(InputError, match=message):
            load_digits("folder", tmp_path)
        assert sum(decompressed) < 2000


def test_a_zip_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "mine.npz"
    header = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2000000, 28, 28)}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                file.write(header)
                for _ in range(10):
                    file.write(bytes(10_000_000))
    with pytest.raises(InputError, match="x_train.npy has 1,568,000,000 bytes after it is decompressed"):
        load_digits("folder", path)


@pytest.mark.parametrize("name", ["mine.npz", "train-images-idx3-ubyte"])
def test_a_pipe_is_no_data_file(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="no folder and no npz file|must hold train-images-idx3-ubyte"):
        load_digits("folder", tmp_path / name if name.endswith("npz") else tmp_path)


def test_a_file_of_another_kind_is_not_called_missing(tmp_path):
    (tmp_path / "train.xlsx").write_text("label,pixel0\n")
    with pytest.raises(InputError, match="train.xlsx is no folder and no npz file. Expected: a folder of the four IDX"):
        load_digits("folder", tmp_path / "train.xlsx")


def test_arrays_in_fortran_order_and_other_integers_are_read(tmp_path, tiny):
    arrays = npz_arrays(tiny)
    arrays["x_train"] = np.asfortranarray(arrays["x_train"])
    arrays["y_test"] = arrays["y_test"].astype(">i4")
    np.savez_compressed(tmp_path / "mine.npz", **arrays)
    read = load_digits("folder", tmp_path / "mine.npz")
    np.testing.assert_array_equal(read.train_images, tiny.train_images)
    np.testing.assert_array_equal(read.test_labels, tiny.test_labels)
