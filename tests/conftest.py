"""What tests share: tiny digits, a run and an export of them, and real MNIST where it is at hand."""

import json
import os
import pathlib

import pytest
from hypothesis import settings
from tiny_digits import make_digits

from mnist_keras.files import sha256

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# pytest --hypothesis-profile=many
settings.register_profile("many", max_examples=2000)

_MNIST = os.environ.get("MNIST_KERAS_DATA_DIR")


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch):
    """Tests ask for MNIST by the fixture `mnist_folder`, never by the environment."""
    monkeypatch.delenv("MNIST_KERAS_DATA_DIR", raising=False)


@pytest.fixture
def without_figures(monkeypatch):
    """Runs are saved without their figures, which take longer than a tiny training."""
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
def trained_run(tiny, tmp_path_factory):
    """A run's folder: `linear`, ten steps on the tiny digits."""
    from mnist_keras.experiments.save_run import save_run
    from mnist_keras.recipes import get_recipe
    from mnist_keras.training.train import train

    folder = tmp_path_factory.mktemp("runs") / "linear"
    recipe = get_recipe("linear", epochs=10)
    save_run(folder, train(recipe, tiny, verbose=False), tiny, flags={"epochs": 10})
    return folder


@pytest.fixture(scope="session")
def export(trained_run, tiny, tmp_path_factory):
    """An export of `trained_run`."""
    from mnist_keras.export.export import export_run

    folder = tmp_path_factory.mktemp("exported") / "linear"
    export_run(trained_run, folder, tiny)
    return folder


@pytest.fixture
def canvas_export(tmp_path):
    """What the phone page takes of an export; its model is none."""
    folder = tmp_path / "exported"
    folder.mkdir()
    model = folder / "mnist_canvas.tflite"
    model.write_bytes(b"a model")
    (folder / "card.json").write_text(json.dumps({"files": {model.name: {"sha256": sha256(model)}}}))
    return folder
