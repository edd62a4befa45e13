"""Records a run in a tool for experiment tracking: metrics per epoch while it trains, results when it is complete."""

import contextlib
import pathlib
import warnings
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import keras

from mnist_keras.distribution.machine import describe_environment
from mnist_keras.errors import InputWarning
from mnist_keras.experiments.run_folder import TRACKING_FILE, read_run, unfinished_folder
from mnist_keras.experiments.tracking_tools import Tracker, connection_error, short_reason
from mnist_keras.files import read_rows, write_json
from mnist_keras.recipes.recipe import DESCRIPTIVE
from mnist_keras.training.callbacks import epoch_metrics
from mnist_keras.training.checkpoints.storage import read_settings

# Keys of config.json that decide the result, and those that describe where it was computed.
_PARAMETERS = ("recipe", "seed", "dataset", "training")
_TAGS = ("git_commit", "platform", "cpus", "gpus")
# Metrics of a complete run by their names in report.json.
_RESULTS = {
    "accuracy": "final_test_accuracy",
    "loss": "final_test_loss",
    "expected_calibration_error": "final_test_calibration_error",
    "parameters": "parameters",
    "seconds": "seconds",
    "peak_memory": "peak_memory",
}
_REPORT = ("report.html", "figures", "config.json", "report.json", "history.csv")


class TrackedRun:
    """A run whose progress and results a tool for experiment tracking records.

    The block `with tracked:` is the training. A run that is resumed continues its tracked run. When training has
    begun, an error of the tool is only a warning: `finish` records again what is missing.

    Args:
        tracker: a connected tool.
        folder: the run's folder.
    """

    def __init__(self, tracker: Tracker, folder: pathlib.Path):
        self._tracker, self._folder = tracker, folder
        self._epochs: set[int] = set()
        self._is_started = self._has_failed = False
        #: Keras callback for `TrainingOptions`.
        self.callback: keras.callbacks.Callback = _TrackingCallback(self)

    def __enter__(self) -> "TrackedRun":
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind and self._is_started and not self._has_failed:
            with self._warning():
                self._tracker.end("KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED")

    def begin(self) -> None:
        """Starts or continues the tracked run before the first epoch.

        Raises:
            InputError: the tool fails.
        """
        settings = read_settings(unfinished_folder(self._folder))
        # The members of an ensemble train in other folders.
        if settings and self._tracker.is_live:
            try:
                self._start(settings["run_id"], settings, describe_environment())
            except Exception as error:
                raise connection_error(self._tracker, error) from error

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Records the metrics of an epoch, from 1, unless they are recorded. After an error it does nothing."""
        if self._is_started and not self._has_failed and epoch not in self._epochs:
            with self._warning():
                self._tracker.log_epoch(epoch, metrics)
                self._epochs.add(epoch)

    def finish(self, export: pathlib.Path | None = None) -> str | None:
        """Records what is missing of a complete run, its report and its export, and ends the tracked run.

        Returns:
            Where the tracked run is, as text for the user; None after an error, which is a warning.
        """
        config, report = read_run(self._folder)
        with self._warning():
            if not self._is_started or self._has_failed:
                self._start(config.get("run_id", config["digest"]), config, config)
            for row in read_rows(self._folder / "history.csv"):
                epoch = int(row.pop("epoch"))
                if epoch not in self._epochs:
                    self._tracker.log_epoch(epoch, {name: row[name] for name in row if name != "seconds"})
                    self._epochs.add(epoch)
            self._tracker.log_files([self._folder / name for name in _REPORT], "report")
            if export:
                self._tracker.log_files([export], "export")
            self._tracker.log_results({name: report[key] for key, name in _RESULTS.items() if key in report})
            place = self._tracker.end("FINISHED")
            write_json(self._folder / TRACKING_FILE, {"tool": self._tracker.name})
            return place
        return None

    def _start(self, key: str, settings: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        parameters = {name: settings[name] for name in _PARAMETERS}
        recipe = {name: value for name, value in settings["recipe"].items() if name not in DESCRIPTIVE}
        tags = {name: environment[name] for name in _TAGS if environment.get(name)}
        flat = _flatten({**parameters, "recipe": recipe})
        self._epochs = self._tracker.start(key, self._folder.name, flat, tags)
        self._is_started = True

    @contextlib.contextmanager
    def _warning(self) -> Iterator[None]:
        try:
            yield
        # The tools raise errors of their own, of HTTP libraries and of databases.
        except Exception as error:
            self._has_failed = True
            warnings.warn(
                f"{self._tracker.name} failed: {short_reason(error)} The run is not affected. What is missing is "
                "recorded when the run is complete, or by the same command after that.",
                InputWarning,
                stacklevel=2,
            )


class _TrackingCallback(keras.callbacks.Callback):
    def __init__(self, run: TrackedRun):
        super().__init__()
        self._run = run

    def on_train_begin(self, logs=None):
        self._run.begin()

    def on_epoch_end(self, epoch, logs=None):
        self._run.log_epoch(epoch + 1, epoch_metrics(self.model, logs))


def _flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns the values of nested dicts by names such as recipe.augmentation.rotation."""
    flat: dict[str, Any] = {}
    for name, value in content.items():
        flat |= _flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat
