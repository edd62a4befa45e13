"""The tools for experiment tracking: MLflow with a local store, W&B offline, and a fake W&B."""

import sys
import types

import pytest

from mnist_keras.errors import InputError
from mnist_keras.experiments.tracking_tools import MlflowTracker, WandbTracker, connect_tracker

PARAMETERS = {"recipe.name": "linear", "seed": 0, "dataset.class_names": "x" * 9000}
TAGS = {"cpus": 2}


def metrics(loss):
    return {"loss": loss, "test_accuracy": 0.9}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A folder with a store of MLflow, whose tables take seconds to create."""
    pytest.importorskip("mlflow")
    pytest.importorskip("alembic")
    folder = tmp_path_factory.mktemp("mlflow")
    connect_tracker("mlflow", str(folder))
    return folder


@pytest.fixture
def files(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "curves.png").write_bytes(b"png")
    (tmp_path / "report.html").write_text("<p>")
    return [tmp_path / "report.html", tmp_path / "figures"]


def mlflow_run(store, key):
    """Returns MLflow's client and the only run of a key."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{store}/mlflow.db")
    experiment = client.get_experiment_by_name("mnist_keras")
    [run] = client.search_runs([experiment.experiment_id], f"tags.`mnist_keras.run_id` = '{key}'")
    return client, run


def test_mlflow_records_a_run_in_a_folder(store, files):
    tracker = connect_tracker("mlflow", str(store))
    assert tracker.start("key-1", "mine", PARAMETERS, TAGS) == set()
    tracker.log_epoch(1, metrics(0.5))
    tracker.log_files(files, "report")
    tracker.log_results({"final_test_accuracy": 0.9})
    assert str(store) in tracker.end("FINISHED")
    client, run = mlflow_run(store, "key-1")
    assert (run.info.run_name, run.info.status) == ("mine", "FINISHED")
    assert (run.data.params["recipe.name"], run.data.params["seed"]) == ("linear", "0")
    assert run.data.tags["cpus"] == "2"
    assert run.data.metrics == {"loss": 0.5, "test_accuracy": 0.9, "final_test_accuracy": 0.9}
    folder = store / "artifacts" / run.info.run_id / "artifacts" / "report"
    assert (folder / "report.html").read_text() == "<p>"
    assert (folder / "figures" / "curves.png").is_file()


def test_mlflow_continues_the_run_of_a_key_in_another_process(store):
    first = connect_tracker("mlflow", str(store))
    first.start("key-2", "mine", {"seed": 0}, TAGS)
    for epoch in (1, 2):
        first.log_epoch(epoch, metrics(1 / epoch))
    second = connect_tracker("mlflow", str(store))
    # The process that was killed had recorded one of the parameters.
    assert second.start("key-2", "mine", PARAMETERS, {"cpus": 4}) == {1, 2}
    client, run = mlflow_run(store, "key-2")
    assert (run.info.status, run.data.tags["cpus"]) == ("RUNNING", "4")
    assert run.data.params.keys() == PARAMETERS.keys()
    assert second.start("key-3", "other", {}, {}) == set()


def test_mlflow_records_more_parameters_than_a_request_takes(store):
    tracker = connect_tracker("mlflow", str(store))
    tracker.start("key-4", "mine", {f"name-{number}": number for number in range(150)}, {})
    assert len(mlflow_run(store, "key-4")[1].data.params) == 150


@pytest.mark.parametrize("uri", ["banana://here", "/proc/nothing"])
def test_a_store_that_cannot_be_reached_is_one_message(uri):
    pytest.importorskip("mlflow")
    with pytest.raises(InputError, match="There is no connection to mlflow, .* Expected: a server that runs"):
        connect_tracker("mlflow", uri)


def test_a_tool_that_is_not_installed_is_one_message(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for tool in ("mlflow", "wandb"):
        with pytest.raises(InputError, match=rf"{tool}, which is not installed. Run: pip install -e '.\[{tool}\]'"):
            connect_tracker(tool)


class FakeRun:
    """A run of the fake W&B. The server drops points before its step, as W&B's does."""

    def __init__(self, **options):
        self.options, self.id, self.url = options, options["id"], "https://wandb.example/run"
        self.config = types.SimpleNamespace(values={}, update=self._update)
        self.summary, self.points, self.artifacts, self.step, self.exit_code = {}, [], [], 0, None

    def _update(self, values, allow_val_change):
        assert allow_val_change
        self.config.values.update(values)

    def log(self, values, step):
        assert step >= self.step
        self.points.append((step, values))
        self.step = step + 1

    def log_artifact(self, artifact):
        self.artifacts.append(artifact)

    def finish(self, exit_code):
        self.exit_code = exit_code


class FakeArtifact:
    def __init__(self, name, type):
        self.name, self.type, self.paths = name, type, []

    def add_dir(self, path, name):
        self.paths.append(name)

    def add_file(self, path):
        self.paths.append(path.rpartition("/")[2])


@pytest.fixture
def fake_wandb(monkeypatch):
    """The module wandb with a server that keeps runs by their IDs."""
    runs = {}
    module = types.SimpleNamespace(runs=runs, mode="online", has_key=True, Artifact=FakeArtifact)
    module.Settings = lambda **settings: settings
    module.setup = lambda: types.SimpleNamespace(settings=types.SimpleNamespace(mode=module.mode))
    module.login = lambda prompt, verify: module.has_key
    module.init = lambda **options: runs.setdefault(options["id"], FakeRun(**options))
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_wandb_records_a_run_and_continues_it(fake_wandb, files):
    first = WandbTracker()
    first.connect()
    assert first.is_live
    assert first.start("key", "mine", PARAMETERS, TAGS) == set()
    first.log_epoch(1, metrics(0.5))
    assert first.end("KILLED") == "W&B run https://wandb.example/run"
    run = fake_wandb.runs["key"]
    assert run.exit_code == 1
    second = WandbTracker()
    second.connect()
    assert second.start("key", "mine", PARAMETERS, TAGS) == {1}
    second.log_epoch(2, metrics(0.25))
    second.log_files(files, "report")
    second.log_results({"final_test_accuracy": 0.9})
    second.end("FINISHED")
    assert run.options["resume"] == "allow"
    assert run.config.values == {**PARAMETERS, **TAGS}
    assert [step for step, _ in run.points] == [1, 2]
    assert [(artifact.name, artifact.paths) for artifact in run.artifacts] == [
        ("report-key", ["report.html", "figures"])
    ]
    assert (run.summary, run.exit_code) == ({"final_test_accuracy": 0.9}, 0)


def test_wandb_without_a_key_is_an_error_except_offline(fake_wandb):
    fake_wandb.has_key = False
    with pytest.raises(ValueError, match="no API key. Run `wandb login`, or set WANDB_MODE=offline"):
        WandbTracker().connect()
    fake_wandb.mode = "offline"
    tracker = WandbTracker()
    tracker.connect()
    assert not tracker.is_live


@pytest.mark.slow
@pytest.mark.long
def test_wandb_writes_a_folder_offline(tmp_path, monkeypatch, files):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    tracker = connect_tracker("wandb")
    assert not tracker.is_live
    assert tracker.start("key", "mine", PARAMETERS, TAGS) == set()
    tracker.log_epoch(1, metrics(0.5))
    tracker.log_files(files, "report")
    tracker.log_results({"final_test_accuracy": 0.9})
    assert tracker.end("FINISHED").endswith("until `wandb sync` sends it")
    [recorded] = tmp_path.glob("wandb/offline-run-*-key/run-key.wandb")
    content = recorded.read_bytes()
    assert all(name in content for name in (b"final_test_accuracy", b"recipe.name", b"report-key"))


def test_an_address_of_mlflow_is_passed_on(store):
    tracker = MlflowTracker(f"sqlite:///{store}/mlflow.db")
    tracker.connect()
    tracker.start("key-5", "mine", {}, {})
    assert mlflow_run(store, "key-5")[1].info.run_name == "mine"
