import gzip
import pathlib
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_keras.data.archives import read_idx, write_idx
from mnist_keras.errors import InputError

_SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)


@given(array=arrays.arrays(np.uint8, _SHAPES), ending=st.sampled_from(["", ".gz"]))
def test_read_idx_returns_the_written_array(array, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"array{ending}"
        write_idx(path, array)
        np.testing.assert_array_equal(read_idx(path, axes=array.ndim), array)


@given(content=st.binary(max_size=60), axes=st.sampled_from([1, 3]), header=st.booleans())
def test_arbitrary_bytes_are_read_or_raise_input_error(content, axes, header):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "bytes"
        path.write_bytes(b"\x00\x00\x08" * header + content)
        try:
            assert read_idx(path, axes).ndim == axes
        except InputError as error:
            assert "bytes" in str(error)


def test_a_large_file_is_memory_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_keras.data.archives._MAX_BYTES_IN_MEMORY", 2000)
    array = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    for name in ("plain", "gzipped.gz"):
        write_idx(tmp_path / name, array)
    read = read_idx(tmp_path / "plain", axes=3)
    assert isinstance(read, np.memmap)
    np.testing.assert_array_equal(read, array)
    with pytest.raises(InputError, match="2,368 bytes after it is decompressed. Expected: at most 2,000. Save it as"):
        read_idx(tmp_path / "gzipped.gz", axes=3)
    (tmp_path / "plain").write_bytes((tmp_path / "plain").read_bytes()[:-1])
    with pytest.raises(InputError, match="truncated"):
        read_idx(tmp_path / "plain", axes=3)


@pytest.fixture
def images(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    write_idx(path, np.zeros((3, 28, 28), np.uint8))
    return path


def test_write_idx_writes_the_published_format(tmp_path):
    write_idx(tmp_path / "labels", np.array([5, 0], np.uint8))
    assert (tmp_path / "labels").read_bytes() == bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 0])


def test_a_truncated_file_raises(images):
    images.write_bytes(images.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"is truncated. Expected: 2368 bytes for the shape \(3, 28, 28\).*2367"):
        read_idx(images, axes=3)


def test_a_file_that_is_too_long_raises(images):
    images.write_bytes(images.read_bytes() + b"x")
    with pytest.raises(InputError, match="is too long"):
        read_idx(images, axes=3)


def test_an_images_file_in_place_of_labels_raises(images):
    with pytest.raises(
        InputError, match="must hold labels: 1 axes. Received: 3 axes .images.. Check whether two files are swapped"
    ):
        read_idx(images, axes=1)


def test_another_format_raises(images):
    images.write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="is not an IDX file.*Received: 50 4b 03"):
        read_idx(images, axes=3)


def test_an_empty_file_raises(images):
    images.write_bytes(b"")
    with pytest.raises(InputError, match="Received: an empty file"):
        read_idx(images, axes=3)


@pytest.mark.parametrize("damage", [lambda gz: gz[:-9], lambda gz: gz[:40] + b"\x00\x01\x02" + gz[43:]])
def test_a_damaged_gzip_file_raises(tmp_path, damage):
    path = tmp_path / "labels.gz"
    path.write_bytes(damage(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 9, 0]) + bytes(range(256)) * 9)))
    with pytest.raises(InputError, match="is a damaged gzip file.*Download it again"):
        read_idx(path, axes=1)
