"""Processes that share a folder of runs train each run once."""

import threading

import pytest

from mnist_keras.errors import InputError
from mnist_keras.experiments import study_runs
from mnist_keras.experiments.study_runs import StudyRun, train_in_turns
from mnist_keras.experiments.turns import take_turn
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions

# Every open file has a lock of its own: a second `take_turn` of this process behaves like another process.


def test_one_at_a_time_has_the_turn(tmp_path):
    with take_turn(tmp_path / "run") as first, take_turn(tmp_path / "run") as second:
        assert (first, second) == (True, False)
        with take_turn(tmp_path / "another run") as other:
            assert other
    with take_turn(tmp_path / "run") as again:
        assert again


def test_waiting_ends_when_the_other_process_has_finished(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_keras.experiments.turns._SECONDS_BETWEEN_ATTEMPTS", 0.01)
    events = []

    def wait():
        with take_turn(tmp_path / "run", wait=True) as is_mine:
            events.append(is_mine)

    thread = threading.Thread(target=wait)
    with take_turn(tmp_path / "run"):
        thread.start()
        thread.join(0.1)
        events.append("finished")
    thread.join()
    assert events == ["finished", True]


@pytest.fixture
def runs(tmp_path):
    return [StudyRun(tmp_path / f"linear-seed-{seed}", get_recipe("linear"), seed) for seed in range(3)]


def test_a_run_of_another_process_is_left_to_it_and_taken_when_it_has_ended(runs, tiny, monkeypatch, capsys):
    monkeypatch.setattr(study_runs, "_SECONDS_BETWEEN_ATTEMPTS", 0.01)
    trained = []
    other = take_turn(runs[0].folder)
    assert other.__enter__()

    def train(folder, recipe, digits, seed, options):
        trained.append(seed)
        with take_turn(folder) as is_free:
            assert not is_free
        if seed == 2:
            other.__exit__(None, None, None)
            raise InputError("it diverged")

    monkeypatch.setattr(study_runs, "train_run", train)
    assert train_in_turns(runs, tiny, TrainingOptions()) == ["linear, seed 2: it diverged"]
    assert trained == [1, 2, 0]
    assert "waiting for other processes, which train linear, seed 0" in capsys.readouterr().out
