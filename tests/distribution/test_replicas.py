import types

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from mnist_keras.distribution.strategy import (
    check_global_batch_size,
    shareable_test_batch_size,
    translate_worker_errors,
)
from mnist_keras.errors import InputError, WorkerLost


class Four:
    num_replicas_in_sync = 4


def test_batches_are_shared_out_evenly():
    check_global_batch_size(Four(), 12)
    with pytest.raises(InputError, match="batch_size must be a multiple of 4. Received: batch_size=18"):
        check_global_batch_size(Four(), 18)


@given(st.integers(1, 9), st.integers(1, 200), st.integers(1, 500))
def test_test_batches_leave_no_replica_without_an_image(replicas, wanted, examples):
    strategy = types.SimpleNamespace(num_replicas_in_sync=replicas)
    try:
        size = shareable_test_batch_size(strategy, wanted, examples)
    except InputError:
        assert min(wanted, examples) < 2 * replicas * replicas
        return
    assert 0 < size <= wanted
    count = max(1, examples // size)
    first, last = (examples if count == 1 else size), examples - (count - 1) * size
    assert first % replicas == 0
    assert last - (replicas - 1) * -(-last // replicas) > 0


def test_the_error_names_the_lost_worker(monkeypatch):
    class Workers(tf.distribute.MultiWorkerMirroredStrategy):
        def __init__(self):
            pass

    gone = tf.errors.UnavailableError(None, None, "Socket closed")
    with (
        pytest.raises(WorkerLost, match="Another worker has ended.*UnavailableError"),
        translate_worker_errors(Workers()),
    ):
        raise gone
    with pytest.raises(tf.errors.UnavailableError), translate_worker_errors(tf.distribute.get_strategy()):
        raise gone
