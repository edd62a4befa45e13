import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_keras.training.checkpoints.storage import read_checkpoint, write_checkpoint

ARRAYS = {"a/0": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.array(7), "c": np.zeros((0, 2))}
METADATA = {"step": 3, "loss": 0.1 + 0.2, "text": "é"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "whole.npz"
    write_checkpoint(path, ARRAYS, METADATA)
    return path


def same(arrays, metadata):
    assert metadata == METADATA
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_a_written_run_is_read(whole):
    same(*read_checkpoint(whole))
    assert [path.name for path in whole.parent.iterdir()] == ["whole.npz"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(whole, tmp_path, share):
    content = whole.read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="cut.npz is damaged or is not a checkpoint"):
        read_checkpoint(tmp_path / "cut.npz")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_flipped_byte_changes_nothing_or_is_noticed(whole, tmp_path, share, mask):
    content = bytearray(whole.read_bytes())
    content[int(share * len(content))] ^= mask
    (tmp_path / "flipped.npz").write_bytes(content)
    try:
        read = read_checkpoint(tmp_path / "flipped.npz")
    except ValueError:
        return
    same(*read)


def test_a_failure_while_writing_leaves_the_old_file(whole, tmp_path):
    path = tmp_path / "kept.npz"
    path.write_bytes(whole.read_bytes())
    # Written behind the others, and no array that can be.
    broken = np.array([lambda: None], dtype=object)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        write_checkpoint(path, {**ARRAYS, "z": broken}, METADATA)
    same(*read_checkpoint(path))
    assert [path.name for path in tmp_path.iterdir()] == ["kept.npz"]


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "pickled.npz", metadata=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="is damaged or is not a checkpoint"):
        read_checkpoint(tmp_path / "pickled.npz")
