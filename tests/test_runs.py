import json

import numpy as np
import pytest
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.history import read_rows
from mnist_keras.recipes import get_recipe
from mnist_keras.runs import read_run, save_run
from mnist_keras.training import train


def test_the_config_tells_how_to_repeat_it(trained_run, tiny):
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
    assert {"intra_op", "inter_op"} == config["threads"].keys()
    assert {"date", "git_commit", "platform", "cpus", "gpus"} <= config.keys()


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
    assert names == {"curves.png", "predictions.png", "misclassified.png", "confusion.png"}
    for name in names:
        with Image.open(trained_run / "figures" / name) as picture:
            assert min(picture.size) >= 240
            assert len(np.unique(picture.convert("L"))) > 10


def test_steps_and_augmentation_are_drawn_where_there_are_some(tiny, tmp_path):
    recipe = get_recipe("linear", epochs=1, batch_size=20, log_every=3, augmentation={"rotation": 10})
    save_run(tmp_path / "run", train(recipe, tiny, verbose=False), tiny)
    assert len(read_rows(tmp_path / "run" / "steps.csv")) == 6
    names = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert {"steps.png", "augmentation.png"} <= names


def test_a_run_is_never_overwritten(trained_run, tiny):
    before = (trained_run / "config.json").read_bytes()
    with pytest.raises(InputError, match="exists already"):
        save_run(trained_run, train(get_recipe("linear", epochs=1), tiny, verbose=False), tiny)
    assert (trained_run / "config.json").read_bytes() == before


def test_a_damaged_run(trained_run, tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="is no run's folder"):
        read_run(tmp_path)
    assert json.loads((trained_run / "config.json").read_text())
