"""Fixtures of all tests: tiny digits, a run and an export trained on them, the folder of MNIST if there is one."""

import fcntl
import json
import os
import pathlib

import pytest
from hypothesis import settings
from letter_images import make_letters
from tiny_digits import make_digits

from mnist_keras.files import sha256
from mnist_keras.training.settings import TrainingOptions

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# pytest --hypothesis-profile=many
settings.register_profile("many", max_examples=2000)

_MNIST = os.environ.get("MNIST_KERAS_DATA_DIR")


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch):
    """Tests request MNIST by the fixture `mnist_folder`, never by the environment."""
    monkeypatch.delenv("MNIST_KERAS_DATA_DIR", raising=False)


@pytest.fixture
def without_figures(monkeypatch):
    """Saves runs without figures, which take longer than a tiny training."""
    monkeypatch.setattr("mnist_keras.experiments.save_run.run_figures", lambda *_: {})


@pytest.fixture(scope="session")
def tiny():
    return make_digits()


@pytest.fixture(scope="session")
def mnist_folder():
    if not _MNIST:
        pytest.skip("set MNIST_KERAS_DATA_DIR to a folder of the four MNIST files")
    return pathlib.Path(_MNIST)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """Returns a function that creates a folder once for all pytest-xdist workers. Tests must not change it."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def create_once(name, create):
        folder = root / name
        folder.parent.mkdir(exist_ok=True)
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                # Runs and exports are written atomically: a folder that exists is complete.
                create(folder)
        return folder

    return create_once


@pytest.fixture(scope="session")
def trained_run(tiny, shared_folder):
    """The folder of a run: `linear`, ten steps on the tiny digits."""

    def create(folder):
        from mnist_keras.experiments.save_run import save_run
        from mnist_keras.recipes import get_recipe
        from mnist_keras.training.train import train

        recipe = get_recipe("linear", epochs=10)
        save_run(folder, train(recipe, tiny, options=TrainingOptions(verbose=False)), tiny, flags={"epochs": 10})

    return shared_folder("shared_runs/linear", create)


@pytest.fixture(scope="session")
def export(trained_run, tiny, shared_folder):
    """An export of `trained_run`."""

    def create(folder):
        from mnist_keras.export.export import export_run

        export_run(trained_run, folder, tiny)

    return shared_folder("shared_exports/linear", create)


@pytest.fixture
def canvas_export(tmp_path):
    """An export folder for the phone page. Its model file is not a real model."""
    folder = tmp_path / "exported"
    folder.mkdir()
    model = folder / "mnist_canvas_numbers.tflite"
    model.write_bytes(b"a model")
    (folder / "card.json").write_text(json.dumps({"files": {model.name: {"sha256": sha256(model)}}}))
    return folder


@pytest.fixture(scope="session")
def letters():
    return make_letters()


@pytest.fixture(scope="session")
def letters_run(letters, shared_folder):
    """The folder of a run: `linear`, forty steps on the letters."""

    def create(folder):
        from mnist_keras.experiments.save_run import save_run
        from mnist_keras.recipes import get_recipe
        from mnist_keras.training.train import train

        recipe = get_recipe("linear", epochs=40)
        save_run(folder, train(recipe, letters, options=TrainingOptions(verbose=False)), letters)

    return shared_folder("shared_runs/letters", create)


@pytest.fixture(scope="session")
def letters_export(letters_run, letters, shared_folder):
    """An export of `letters_run` without the formats that take longest."""

    def create(folder):
        from mnist_keras.export.export import export_run

        export_run(letters_run, folder, letters, ["saved_model", "float32", "uint8_io", "onnx", "keras", "c_array"])

    return shared_folder("shared_exports/letters", create)
