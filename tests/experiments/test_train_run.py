import json
import os
import pathlib
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import mnist_keras
from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.distribution.strategy import intra_op_threads
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.experiments import train_run as train_run_module
from mnist_keras.experiments.run_folder import (
    is_complete,
    latest_unfinished,
    read_run,
    recorded_threads,
    unfinished_folder,
)
from mnist_keras.experiments.save_run import save_run
from mnist_keras.experiments.train_run import train_run
from mnist_keras.files import read_rows
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train


def test_the_config_contains_what_repeats_the_run(trained_run, tiny):
    config, _ = read_run(trained_run)
    assert config["recipe"]["name"] == "linear"
    assert config["recipe"]["epochs"] == 10
    assert (config["seed"], config["flags"]) == (0, {"epochs": 10})
    assert config["dataset"] == {
        "name": "tiny",
        "sha256": tiny.checksum(),
        "train_examples": 120,
        "test_examples": 30,
    }
    assert {"tensorflow", "keras", "numpy", "python"} <= config["versions"].keys()
    assert config["training"].pop("versions").keys() == {"tensorflow", "keras"}
    assert config["training"] == {
        "replicas": 1,
        "threads": intra_op_threads(),
        "deterministic": False,
        "mixed_precision": False,
        "sync_batch_norm": True,
        "test_batch_size": 1000,
        "steps_per_execution": 1,
    }
    assert re.fullmatch("[0-9a-f]{64}", config["digest"])
    assert {"date", "git_commit", "platform", "cpus", "gpus"} <= config.keys()
    # None where the package is not in a checkout.
    is_checkout = (pathlib.Path(mnist_keras.__file__).parents[1] / ".git").exists()
    assert (config["git_commit"] is not None) == is_checkout


def test_the_report_is_of_the_last_epoch(trained_run):
    _, report = read_run(trained_run)
    history = read_rows(trained_run / "history.csv")
    assert [row["epoch"] for row in history] == list(range(1, 11))
    assert np.isclose(report["accuracy"], history[-1]["test_accuracy"])
    assert np.isclose(report["loss"], history[-1]["test_loss"], rtol=1e-4)
    assert report["examples"] == np.sum(report["confusion"]) == 30
    assert (report["recipe"], report["dataset"], report["parameters"]) == ("linear", "tiny", 7850)


def test_the_figures_are_pictures(trained_run):
    names = {path.name for path in (trained_run / "figures").iterdir()}
    kinds = ("calibration", "confusion", "curves", "first_layer", "least_confident", "misclassified", "predictions")
    assert names == {f"{kind}.png" for kind in kinds}
    for name in names:
        with Image.open(trained_run / "figures" / name) as picture:
            assert min(picture.size) >= 200
            assert len(np.unique(picture.convert("L"))) > 10


def test_steps_and_augmentation_are_drawn_where_there_are_some(tiny, tmp_path):
    recipe = get_recipe("linear", epochs=1, batch_size=20, log_every_steps=3, augmentation={"rotation": 10})
    save_run(tmp_path / "run", train(recipe, tiny, options=TrainingOptions(verbose=False)), tiny)
    assert len(read_rows(tmp_path / "run" / "steps.csv")) == 6
    names = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert {"steps.png", "augmentation.png"} <= names


def test_a_run_is_never_overwritten(trained_run, tiny):
    before = (trained_run / "config.json").read_bytes()
    with pytest.raises(InputError, match="exists already"):
        save_run(trained_run, train(get_recipe("linear", epochs=1), tiny, options=TrainingOptions(verbose=False)), tiny)
    assert (trained_run / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Expecting property name"),
        ("{}", "config.json has no field 'recipe'"),
        ("[]", "config.json is no JSON object with the fields recipe, seed"),
        ('{"recipe": 3}', "'recipe' in config.json is no JSON object"),
        ('{"recipe": {"name": null}}', "the field 'name' of 'recipe' in config.json is 'None'"),
        ("[" * 100_000, "config.json is nested too deeply"),
        (" " * 50_000_001, "config.json has more than 50,000,000 bytes"),
    ],
)
def test_a_damaged_run_is_refused(trained_run, tmp_path, content, reason):
    copy = shutil.copytree(trained_run, tmp_path / "run")
    assert read_run(copy)[0]["recipe"]["name"] == "linear"
    (copy / "config.json").write_text(content)
    with pytest.raises(InputError, match=f"is not the folder of a run: .*{reason}"):
        read_run(copy)


def test_a_pipe_in_place_of_a_config_is_refused(tmp_path):
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(InputError, match="config.json is a pipe, a device or a socket"):
        read_run(tmp_path)


def test_a_run_is_trained_once(tiny, tmp_path, capsys):
    recipe = get_recipe("linear", epochs=2)
    digest = train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    before = (tmp_path / "run" / "config.json").read_bytes()
    # What a kill between two last steps leaves.
    unfinished_folder(tmp_path / "run").mkdir()
    assert train_run(tmp_path / "run", recipe, tiny) == digest == read_run(tmp_path / "run")[0]["digest"]
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "config.json").read_bytes() == before
    with pytest.raises(InputError, match="with other settings: recipe epochs is 2 there and 3 now"):
        train_run(tmp_path / "run", get_recipe("linear", epochs=3), tiny)
    with pytest.raises(InputError, match="with other settings: seed is 0 there and 1 now"):
        is_complete(tmp_path / "run", recipe, tiny, 1)


def test_an_unfinished_run_is_found_and_resumed(tiny, tmp_path, monkeypatch):
    recipe = get_recipe("linear", epochs=3)
    with pytest.raises(InputError, match="No unfinished run of linear is in"):
        latest_unfinished(tmp_path, "linear")
    monkeypatch.setattr(StopRequest, "received", True)
    with pytest.raises(TrainingStopped, match="stopped after step 1, saved in .*run.unfinished"):
        train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
    monkeypatch.setattr(StopRequest, "received", False)
    assert latest_unfinished(tmp_path, "linear") == tmp_path / "run"
    assert recorded_threads(tmp_path / "run") == intra_op_threads()
    with pytest.raises(InputError, match="The run is unfinished"):
        read_run(unfinished_folder(tmp_path / "run"))
    with pytest.raises(InputError, match="training mixed_precision is False there and True now"):
        train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(mixed_precision=True, verbose=False))
    train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
    assert recorded_threads(tmp_path / "run") == 0
    assert len(read_rows(tmp_path / "run" / "history.csv")) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_that_cannot_be_written_is_not_lost(tiny, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    recipe = get_recipe("linear", epochs=2)
    with monkeypatch.context() as patch:
        patch.setattr("mnist_keras.experiments.save_run.run_figures", full)
        with pytest.raises(OSError, match="No space left"):
            train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
    assert [path.name for path in tmp_path.iterdir()] == ["run.unfinished"]
    assert (tmp_path / "run.unfinished" / "step-000000002.npz").exists()
    train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_written_before_a_field_existed_is_complete(trained_run, tiny, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(trained_run, folder)
    config = json.loads((folder / "config.json").read_text())
    del config["recipe"]["weight_decay"]
    (folder / "config.json").write_text(json.dumps(config))
    assert is_complete(folder, get_recipe("linear", epochs=10), tiny, 0)
    with pytest.raises(InputError, match="recipe warmup_fraction is 0.0 there and 0.5 now"):
        is_complete(folder, get_recipe("linear", epochs=10, warmup_fraction=0.5), tiny, 0)


def test_a_worker_stops_waiting_for_a_run_that_nobody_writes(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(train_run_module, "_SECONDS_FOR_A_RUN", 0.01)
    real = train_run_module.train_run
    # Another worker than the first one trains and writes nothing.
    monkeypatch.setattr(train_run_module, "train_run", lambda *_: "digest")
    recipe = get_recipe("linear", ensemble_size=2)
    message = "has not written .*within 0.01 s. Expected: a --runs_dir that all workers share. Received: .*Start all"
    with pytest.raises(InputError, match=message):
        real(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
