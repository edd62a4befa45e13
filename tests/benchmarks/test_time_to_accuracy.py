import numpy as np
import pytest

from mnist_keras.benchmarks.time_to_accuracy import TimeToAccuracy, time_to_accuracy_table, train_here, train_in_torch
from mnist_keras.data import load_digits
from mnist_keras.data.archives import npz_arrays
from mnist_keras.recipes import get_recipe


@pytest.fixture
def few_digits(tmp_path):
    arrays = {name: array[:512] for name, array in npz_arrays(load_digits("sample")).items()}
    np.savez(tmp_path / "few.npz", **arrays)
    return str(tmp_path / "few.npz")


def test_a_training_run_is_timed_and_evaluated(few_digits):
    recipe = get_recipe("stack_1", epochs=20)
    run = train_here(recipe, seed=3, threads=1, dataset="folder", data_dir=few_digits)
    assert (run.name, run.seed, run.epochs) == ("stack_1", 3, 20)
    assert 0.5 < run.accuracy <= 1
    assert 0 < run.cpu <= 1.5 * run.wall


def test_training_in_pytorch_stops_at_the_target_accuracy(few_digits):
    pytest.importorskip("torch")
    run = train_in_torch(0.2, seed=0, threads=1, dataset="folder", data_dir=few_digits)
    assert run.accuracy >= 0.2
    assert run.epochs < 30


def test_the_table_has_one_row_per_contender():
    runs = [TimeToAccuracy("fast", seed, 4.0 + seed, 8.0, 0.99 + seed / 1000, 1) for seed in range(3)]
    rows = time_to_accuracy_table([*runs, TimeToAccuracy("other", 0, 50.0, 90.0, 0.99, 7)]).splitlines()
    assert rows[2] == "| fast | 5.0 | 8.0 | 99.10 | 99.00 | 99.20 | 1 | 3 | 1.0 |"
    assert rows[3] == "| other | 50.0 | 90.0 | 99.00 | 99.00 | 99.00 | 7 | 1 | 10.0 |"
