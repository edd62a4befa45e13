"""Runs that are tracked while they train: points per epoch, resumed runs, and tools that fail."""

import json
import shutil

import keras
import pytest

from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.errors import InputError, InputWarning, TrainingStopped
from mnist_keras.experiments.run_folder import is_tracked, unfinished_folder
from mnist_keras.experiments.tracking import TrackedRun
from mnist_keras.experiments.tracking_tools import Tracker
from mnist_keras.experiments.train_run import train_run
from mnist_keras.files import read_rows
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions

RECIPE = get_recipe("linear", epochs=4)
NAMES = {"loss", "accuracy", "test_loss", "test_accuracy", "learning_rate"}


class ListTracker(Tracker):
    """Keeps what is tracked in lists. `broken` holds the methods that fail."""

    name = "list"

    def __init__(self):
        self.runs, self.broken = {}, set()

    def connect(self):
        pass

    def start(self, key, name, parameters, tags):
        self._call("start")
        new = dict(name=name, parameters=parameters, tags=tags, points=[], files=[], results={})
        self.run = self.runs.setdefault(key, new)
        self.run["status"] = "RUNNING"
        return {epoch for epoch, _ in self.run["points"]}

    def log_epoch(self, epoch, metrics):
        self._call("log_epoch")
        self.run["points"].append((epoch, dict(metrics)))

    def log_files(self, paths, name):
        self._call("log_files")
        assert all(path.exists() for path in paths)
        self.run["files"] += [f"{name}/{path.name}" for path in paths]

    def log_results(self, metrics):
        self.run["results"] |= metrics

    def end(self, status):
        self._call("end")
        self.run["status"] = status
        return "a list"

    def _call(self, method):
        if method in self.broken:
            raise ConnectionError(f"{method} did not answer")


class EndAfter(keras.callbacks.Callback):
    """Ends the training by an error at the end of an epoch, before its checkpoint."""

    def __init__(self, epoch):
        super().__init__()
        self._epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self._epoch:
            raise ZeroDivisionError


@pytest.fixture
def tracker():
    return ListTracker()


def tracked_training(tracker, folder, digits, *callbacks, recipe=RECIPE, checkpoint_every="2"):
    tracked = TrackedRun(tracker, folder)
    options = TrainingOptions(
        callbacks=[tracked.callback, *callbacks], checkpoint_every=checkpoint_every, verbose=False
    )
    with tracked:
        train_run(folder, recipe, digits, options=options)
    return tracked.finish()


def only_run(tracker):
    [run] = tracker.runs.values()
    return run


def test_a_run_is_tracked_with_parameters_points_results_and_files(tiny, tracker, tmp_path, without_figures):
    assert tracked_training(tracker, tmp_path / "mine", tiny) == "a list"
    run = only_run(tracker)
    assert (run["name"], run["status"]) == ("mine", "FINISHED")
    parameters = run["parameters"]
    assert (parameters["recipe.name"], parameters["recipe.epochs"], parameters["seed"]) == ("linear", 4, 0)
    assert (parameters["dataset.name"], parameters["dataset.sha256"]) == ("tiny", tiny.checksum())
    assert parameters["training.replicas"] == 1
    assert not {"recipe.summary", "run_id"} & parameters.keys()
    assert {"platform", "cpus"} <= run["tags"].keys()
    history = [{name: row[name] for name in NAMES} for row in read_rows(tmp_path / "mine" / "history.csv")]
    assert run["points"] == list(enumerate(history, start=1))
    report = json.loads((tmp_path / "mine" / "report.json").read_text())
    assert run["results"]["final_test_accuracy"] == report["accuracy"]
    assert {"report/report.html", "report/figures"} <= set(run["files"])
    assert is_tracked(tmp_path / "mine", "list")
    assert not is_tracked(tmp_path / "mine", "mlflow")


def test_a_killed_run_continues_its_tracked_run_without_double_points(tiny, tracker, tmp_path, without_figures):
    # The checkpoint is that of epoch 2, and epoch 3 is tracked: it is trained again and not tracked again.
    with pytest.raises(ZeroDivisionError):
        tracked_training(tracker, tmp_path / "mine", tiny, EndAfter(3))
    run = only_run(tracker)
    assert ([epoch for epoch, _ in run["points"]], run["status"]) == ([1, 2, 3], "FAILED")
    tracked_training(tracker, tmp_path / "mine", tiny)
    assert only_run(tracker) is run
    assert ([epoch for epoch, _ in run["points"]], run["status"]) == ([1, 2, 3, 4], "FINISHED")


def test_a_stopped_run_is_tracked_as_killed(tiny, tracker, tmp_path, monkeypatch, without_figures):
    monkeypatch.setattr(StopRequest, "received", True)
    with pytest.raises(TrainingStopped):
        tracked_training(tracker, tmp_path / "mine", tiny)
    assert only_run(tracker)["status"] == "KILLED"


def test_a_tool_that_fails_during_training_is_a_warning_and_gets_the_rest_later(
    tiny, tracker, tmp_path, without_figures
):
    class Break(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            tracker.broken = {"log_epoch"} if epoch == 1 else set()

    with pytest.warns(InputWarning, match="list failed: log_epoch did not answer. The run is not affected") as warned:
        tracked_training(tracker, tmp_path / "mine", tiny, Break())
    assert len([each for each in warned if each.category is InputWarning]) == 1
    run = only_run(tracker)
    assert ([epoch for epoch, _ in run["points"]], run["status"]) == ([1, 2, 3, 4], "FINISHED")


def test_a_tool_that_fails_at_the_end_leaves_the_run_for_the_same_command(tiny, tracker, tmp_path, without_figures):
    tracker.broken = {"log_files"}
    with pytest.warns(InputWarning, match="list failed: log_files did not answer"):
        assert tracked_training(tracker, tmp_path / "mine", tiny) is None
    assert (tmp_path / "mine" / "report.json").is_file()
    assert not is_tracked(tmp_path / "mine", "list")
    tracker.broken = set()
    # The run is complete: nothing is trained.
    assert tracked_training(tracker, tmp_path / "mine", tiny) == "a list"
    assert [epoch for epoch, _ in only_run(tracker)["points"]] == [1, 2, 3, 4]
    assert is_tracked(tmp_path / "mine", "list")


def test_a_tool_that_fails_before_training_ends_in_one_message(tiny, tracker, tmp_path):
    tracker.broken = {"start"}
    with pytest.raises(InputError, match="There is no connection to list, .*: start did not answer. Expected"):
        tracked_training(tracker, tmp_path / "mine", tiny)
    assert list(tmp_path.iterdir()) == []


def test_an_offline_tool_gets_everything_once_at_the_end(tiny, tracker, tmp_path, without_figures):
    tracker.is_live = False
    with pytest.raises(ZeroDivisionError):
        tracked_training(tracker, tmp_path / "mine", tiny, EndAfter(3))
    assert tracker.runs == {}
    tracked_training(tracker, tmp_path / "mine", tiny)
    assert [epoch for epoch, _ in only_run(tracker)["points"]] == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.long
def test_an_ensemble_is_one_tracked_run(tiny, tracker, tmp_path, without_figures):
    recipe = get_recipe("linear", epochs=2, ensemble_size=2)
    tracked_training(tracker, tmp_path / "both", tiny, recipe=recipe)
    run = only_run(tracker)
    assert (run["name"], [epoch for epoch, _ in run["points"]]) == ("both", [1, 2])


@pytest.mark.slow
@pytest.mark.long
def test_a_run_that_is_started_again_after_it_was_deleted_is_another_tracked_run(
    tiny, tracker, tmp_path, without_figures
):
    with pytest.raises(ZeroDivisionError):
        tracked_training(tracker, tmp_path / "mine", tiny, EndAfter(3))
    shutil.rmtree(unfinished_folder(tmp_path / "mine"))
    tracked_training(tracker, tmp_path / "mine", tiny)
    assert [len(run["points"]) for run in tracker.runs.values()] == [3, 4]


def test_a_damaged_record_of_tracking_is_refused(tmp_path):
    assert not is_tracked(tmp_path, "mlflow")
    (tmp_path / "tracking.json").write_text("[]")
    with pytest.raises(InputError, match="tracking.json is damaged .* Delete it to track the run again"):
        is_tracked(tmp_path, "mlflow")
