"""The scripts with a dataset of letters: names in what they print, and errors of what needs digits."""

import json

import numpy as np
import pytest
from letter_images import NAMES
from PIL import Image


@pytest.fixture(scope="module")
def npz(letters, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "signs.npz"
    arrays = {f"x_{part}": getattr(letters, f"{part}_images") for part in ("train", "test")}
    arrays |= {f"y_{part}": getattr(letters, f"{part}_labels") for part in ("train", "test")}
    np.savez(path, **arrays, class_names=np.array(letters.class_names))
    return path


def test_predict_prints_names(script, letters_export, letters, tmp_path):
    Image.fromarray(255 - letters.test_images[0]).resize((112, 112)).save(tmp_path / "a.png")
    printed = script("predict", letters_export / "mnist.tflite", "a.png", "--plot=plot.png")
    assert printed.returncode == 0, printed.stderr
    heading, row = printed.stdout.splitlines()
    assert heading.split()[:3] == ["file", "class", "probability"]
    assert "no digit" not in row
    content = json.loads(script("predict", letters_export / "mnist.tflite", "a.png", "--json").stdout)[0]
    assert content["class_name"] == NAMES[content["digit"]]
    assert f" {content['class_name']} " in row
    assert (tmp_path / "plot.png").stat().st_size > 1000


@pytest.mark.slow
def test_letters_are_trained_exported_and_evaluated(script, npz, tmp_path):
    data = ("--dataset=folder", f"--data_dir={npz}")
    common = ("--model=linear", "--epochs=30", "--run_name=run", *data)
    refused = script("train", *common, "--formats=float32,numbers")
    assert refused.returncode == 2
    assert "A format for numbers needs a model of the ten digits" in refused.stderr
    trained = script("train", *common, "--class_weight=balanced", "--formats=float32,c_array")
    assert trained.returncode == 0, trained.stderr
    assert "signs: 260 training and 52 test images of 26 classes" in trained.stdout
    config = json.loads((tmp_path / "runs" / "run" / "config.json").read_text())
    assert config["training"]["class_weight"] == "balanced"
    assert config["dataset"]["class_names"] == list(NAMES)
    export = tmp_path / "exported" / "linear"
    assert (export / "labels.txt").read_text(encoding="utf-8").splitlines() == list(NAMES)
    evaluated = script("evaluate", "runs/run", *data, "--json=report.json", "--calibration", "--robustness")
    assert evaluated.returncode == 0, evaluated.stderr
    assert "10 of 26 classes with the lowest recall" in evaluated.stdout
    assert json.loads((tmp_path / "report.json").read_text())["class_names"] == list(NAMES)
    refused = script("evaluate", "runs/run", "--dataset=sample")
    assert refused.returncode == 1
    assert "predicts 26 classes. Expected: the 10 classes of the dataset" in refused.stderr
    again = script("train", *common, "--export_dir=")
    assert again.returncode == 1
    assert "training class_weight is 'balanced' there and None now" in again.stderr
