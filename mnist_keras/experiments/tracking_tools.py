"""Experiment tracking by MLflow or Weights & Biases behind one interface. Must not import TensorFlow."""

import abc
import importlib.util
import logging
import os
import pathlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_keras.errors import InputError

#: Name of the MLflow experiment and of the W&B project, unless the tool's own variable names another one.
EXPERIMENT = "mnist_keras"
# MLflow's tag of a tracked run with the `key` of the run, see `Tracker.start`.
_KEY_TAG = "mnist_keras.run_id"
# MLflow repeats a request seven times and waits two minutes for each answer.
_MLFLOW_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_WANDB_DEFAULTS = {"WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
# Seconds that W&B waits for its server, at the start of a run and until all files of a run are uploaded.
_WANDB_START, _WANDB_UPLOAD = 30.0, 120.0
# MLflow refuses longer values, and more parameters in one request.
_MAX_TEXT, _MAX_PARAMETERS = 6000, 100
# Maximum number of characters of a library's error in a message.
_MAX_REASON = 300


class Tracker(abc.ABC):
    """A tool for experiment tracking. Every method raises whatever the tool's libraries raise."""

    #: The value of --tracking.
    name: str
    #: Whether metrics can be looked at while a run is trained.
    is_live = True

    @abc.abstractmethod
    def connect(self) -> None:
        """Imports the library and connects to its server or store."""

    @abc.abstractmethod
    def start(self, key: str, name: str, parameters: Mapping[str, Any], tags: Mapping[str, Any]) -> set[int]:
        """Starts the tracked run of a key, or continues it if there is one.

        Args:
            key: identifies a run over all processes that train it.
            name: the name of a new tracked run.
            parameters: recorded once, when the tracked run is new.
            tags: what may change when a run is resumed, such as the machine.

        Returns:
            The epochs, from 1, whose metrics are already recorded.
        """

    @abc.abstractmethod
    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Records the metrics of an epoch, from 1."""

    @abc.abstractmethod
    def log_files(self, paths: Sequence[pathlib.Path], name: str) -> None:
        """Records files and folders as artifacts under a name."""

    @abc.abstractmethod
    def log_results(self, metrics: Mapping[str, float]) -> None:
        """Records the metrics of the complete run."""

    @abc.abstractmethod
    def end(self, status: str) -> str:
        """Ends the tracked run as "FINISHED", "FAILED" or "KILLED". Returns where it is, as text for the user."""


class MlflowTracker(Tracker):
    """Tracks runs by MLflow.

    Args:
        uri: a folder, which gets a SQLite database and the artifacts; an address that MLflow knows, such as
            http://HOST:PORT or sqlite:///FILE; None: that of MLFLOW_TRACKING_URI, otherwise MLflow's default.
    """

    name = "mlflow"

    def __init__(self, uri: str | None = None):
        self._uri = uri

    def connect(self) -> None:
        for variable, value in _MLFLOW_DEFAULTS.items():
            os.environ.setdefault(variable, value)
        from mlflow import MlflowClient

        # They report each table of a new database.
        for library in ("mlflow", "alembic"):
            logging.getLogger(library).setLevel(logging.WARNING)
        uri, artifacts = self._uri, None
        if uri and "://" not in uri and not uri.startswith("databricks"):
            # From 3.13 on MLflow refuses folders without a database.
            folder = pathlib.Path(uri).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            uri, artifacts = f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()
        self._client = MlflowClient(uri)
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        found = self._client.get_experiment_by_name(name)
        self._experiment = found.experiment_id if found else self._client.create_experiment(name, artifacts)

    def start(self, key: str, name: str, parameters: Mapping[str, Any], tags: Mapping[str, Any]) -> set[int]:
        from mlflow.entities import Param, RunTag

        found = self._client.search_runs([self._experiment], f"tags.`{_KEY_TAG}` = '{key}'")
        run = found[0] if found else self._client.create_run(self._experiment, run_name=name, tags={_KEY_TAG: key})
        self._run = run.info.run_id
        self._client.update_run(self._run, status="RUNNING")
        # A process that was killed may have recorded the first of them.
        new = [Param(key, str(parameters[key])[:_MAX_TEXT]) for key in sorted(parameters.keys() - run.data.params)]
        for first in range(0, len(new), _MAX_PARAMETERS):
            self._client.log_batch(self._run, params=new[first : first + _MAX_PARAMETERS])
        self._client.log_batch(self._run, tags=[RunTag(key, str(value)) for key, value in tags.items()])
        return {metric.step for metric in self._client.get_metric_history(self._run, "loss")}

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        self._client.log_batch(self._run, [Metric(name, value, now, epoch) for name, value in metrics.items()])

    def log_files(self, paths: Sequence[pathlib.Path], name: str) -> None:
        for path in paths:
            if path.is_dir():
                self._client.log_artifacts(self._run, str(path), f"{name}/{path.name}")
            else:
                self._client.log_artifact(self._run, str(path), name)

    def log_results(self, metrics: Mapping[str, float]) -> None:
        # MLflow has no metrics without a step.
        self.log_epoch(0, metrics)

    def end(self, status: str) -> str:
        self._client.set_terminated(self._run, status)
        return f"MLflow run {self._run} in {self._client.tracking_uri}"


class WandbTracker(Tracker):
    """Tracks runs by Weights & Biases. WANDB_MODE, WANDB_PROJECT, WANDB_ENTITY and so on apply.

    Offline, `is_live` is false. W&B writes a folder per process there, and does not know in the second one which
    epochs the first one has recorded.
    """

    name = "wandb"

    def connect(self) -> None:
        for variable, value in _WANDB_DEFAULTS.items():
            os.environ.setdefault(variable, value)
        import wandb

        self._wandb = wandb
        self._run: Any = None
        self.is_live = wandb.setup().settings.mode not in ("offline", "dryrun", "disabled")
        if self.is_live and not wandb.login(prompt=False, verify=True):
            raise ValueError("no API key. Run `wandb login`, or set WANDB_MODE=offline")

    def start(self, key: str, name: str, parameters: Mapping[str, Any], tags: Mapping[str, Any]) -> set[int]:
        if self._run is None:
            project = os.environ.get("WANDB_PROJECT", EXPERIMENT)
            settings = self._wandb.Settings(
                console="off", init_timeout=_WANDB_START, finish_timeout=_WANDB_UPLOAD, finish_timeout_raises=True
            )
            self._run = self._wandb.init(project=project, id=key, name=name, resume="allow", settings=settings)
        self._run.config.update({**parameters, **tags}, allow_val_change=True)
        # The step of the next point.
        return set(range(1, self._run.step))

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self._run.log(dict(metrics), step=epoch)

    def log_files(self, paths: Sequence[pathlib.Path], name: str) -> None:
        artifact = self._wandb.Artifact(f"{name}-{self._run.id}", type=name)
        for path in paths:
            if path.is_dir():
                artifact.add_dir(str(path), name=path.name)
            else:
                artifact.add_file(str(path))
        self._run.log_artifact(artifact)

    def log_results(self, metrics: Mapping[str, float]) -> None:
        self._run.summary.update(dict(metrics))

    def end(self, status: str) -> str:
        place = self._run.url if self.is_live else f"{pathlib.Path(self._run.dir).parent}, until `wandb sync` sends it"
        self._run.finish(exit_code=0 if status == "FINISHED" else 1)
        return f"W&B run {place}"


#: The tools by the value of --tracking.
TOOLS = (MlflowTracker.name, WandbTracker.name)


def connect_tracker(name: str, uri: str | None = None) -> Tracker:
    """Returns the tool of that name, connected to its server or store.

    Args:
        name: one of TOOLS.
        uri: see `MlflowTracker`.

    Raises:
        InputError: the tool is not installed, or there is no connection.
    """
    if not importlib.util.find_spec(name):
        raise InputError(f"This needs {name}, which is not installed. Run: pip install -e '.[{name}]'")
    tracker: Tracker = MlflowTracker(uri) if name == MlflowTracker.name else WandbTracker()
    try:
        tracker.connect()
    except Exception as error:
        raise connection_error(tracker, error) from error
    return tracker


def connection_error(tracker: Tracker, error: Exception) -> InputError:
    """Returns the error of a tool that cannot be used, for the user."""
    return InputError(
        f"There is no connection to {tracker.name}, which --tracking asks for: {short_reason(error)} Expected: a "
        "server that runs, or a folder or database that can be written. Start the server, correct --tracking_uri or "
        "the variables of the tool, or leave --tracking out."
    )


def short_reason(error: Exception) -> str:
    """Returns the beginning of an exception's message, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if len(text) <= _MAX_REASON else f"{text[:_MAX_REASON]}..."
    return text if text.endswith(".") else f"{text}."
