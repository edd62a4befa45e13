"""`scripts/train.py --init_from`: defaults, what is recorded in run and export, resuming, errors."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="module")
def letters_flags(letters, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "signs.npz"
    arrays = {f"x_{part}": getattr(letters, f"{part}_images") for part in ("train", "test")}
    arrays |= {f"y_{part}": getattr(letters, f"{part}_labels") for part in ("train", "test")}
    np.savez(path, **arrays, class_names=np.array(letters.class_names))
    return ["--dataset=folder", f"--data_dir={path}"]


def test_a_run_goes_on_and_says_so(script, trained_run, data_flags, tmp_path):
    common = (f"--init_from={trained_run}", "--run_name=run", *data_flags)
    trained = script("train", *common, "--formats=float32")
    assert trained.returncode == 0, trained.stderr
    # The run's recipe has ten epochs.
    line = "linear is fine-tuned from the weights of linear: 2 of 10 epochs, learning rate 0.5 in place of 1"
    assert line in trained.stdout
    assert "initial weights: linear, with its head" in trained.stdout
    config = json.loads((tmp_path / "runs" / "run" / "config.json").read_text())
    assert (config["recipe"]["epochs"], config["training"]["initial_model"]) == (2, "linear")
    # A config says how a model was made, not where.
    assert str(trained_run) not in json.dumps(config)
    [export] = (tmp_path / "exported").iterdir()
    card = json.loads((export / "card.json").read_text())
    assert card["training"]["initial_weights"] == config["training"]["initial_weights"]
    assert "fine-tuned from the weights of `linear`" in (export / "README.md").read_text()
    again = script("train", *common, "--export_dir=")
    assert "is complete and is not trained again" in again.stdout
    scratch = script("train", "--model=linear", "--epochs=2", "--run_name=run", "--export_dir=", *data_flags)
    assert scratch.returncode == 1
    assert "already holds a run with other settings" in scratch.stderr


def test_replicas_train_letters_from_a_shipped_model(script, letters_flags, tmp_path):
    common = ("--init_from=compact_1k", "--frozen_stages=1", "--epochs=1", "--export_dir=", "--threads=1")
    options = ("--strategy=mirrored", "--logical_devices=2", "--checkpoint_every=1", *letters_flags)
    trained = script("train", *common, *options, "--run_name=one")
    assert trained.returncode == 0, trained.stderr
    assert "with a new head, because the classes differ; frozen stages: 1" in trained.stdout
    assert "compact_1k is fine-tuned from the weights of compact_1k: as from scratch" in trained.stdout
    config = json.loads((tmp_path / "runs" / "one" / "config.json").read_text())
    assert config["training"]["replicas"] == 2
    assert (config["training"]["frozen_stages"], config["training"]["new_head"]) == (1, True)


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (["--init_from=nothing"], 1, "There are no trained weights of this name"),
        (["--init_from=ensemble"], 1, "An ensemble cannot start from trained weights"),
        (["--init_from=compact_1k", "--ensemble_size=2"], 1, "An ensemble cannot start from trained weights"),
        (["--frozen_stages=1"], 2, "--frozen_stages needs --init_from"),
        (["--init_from=compact_1k", "--model=compact_6k"], 1, "has another network than the initial model compact_1k"),
        (["--init_from=compact_1k", "--frozen_stages=9"], 1, "frozen_stages must be a whole number from 0 to "),
    ],
)
def test_what_cannot_go_on_is_refused(script, data_flags, flags, status, message, tmp_path):
    refused = script("train", *flags, *data_flags)
    assert refused.returncode == status, refused.stderr
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "runs").exists()
