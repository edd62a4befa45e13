import numpy as np
import pytest

from mnist_keras.benchmarks.training import TimeToAccuracy, time_to_accuracy_table, train_here, train_in_torch
from mnist_keras.data import load_digits
from mnist_keras.data.archives import npz_arrays


@pytest.fixture
def few(tmp_path):
    digits = load_digits("sample")
    arrays = {name: array[:512] for name, array in npz_arrays(digits).items()}
    np.savez(tmp_path / "few.npz", **arrays)
    return str(tmp_path / "few.npz")


def test_a_training_is_timed_and_scored(few):
    arrival = train_here("stack_1", seed=3, threads=1, dataset="folder", data_dir=few)
    assert (arrival.side, arrival.seed, arrival.epochs) == ("stack_1", 3, 100)
    assert 0.5 < arrival.accuracy <= 1
    assert 0 < arrival.cpu <= 1.5 * arrival.wall


def test_the_peer_trains_until_it_is_there(few):
    pytest.importorskip("torch")
    arrival = train_in_torch(0.2, seed=0, threads=1, dataset="folder", data_dir=few)
    assert arrival.accuracy >= 0.2
    assert arrival.epochs < 30


def test_a_row_a_side():
    arrivals = [TimeToAccuracy("fast", seed, 4.0 + seed, 8.0, 0.99 + seed / 1000, 1) for seed in range(3)]
    rows = time_to_accuracy_table([*arrivals, TimeToAccuracy("other", 0, 50.0, 90.0, 0.99, 7)]).splitlines()
    assert rows[2] == "| fast | 5.0 | 8.0 | 99.10 | 99.00 | 99.20 | 1 | 3 | 1.0 |"
    assert rows[3] == "| other | 50.0 | 90.0 | 99.00 | 99.00 | 99.00 | 7 | 1 | 10.0 |"
