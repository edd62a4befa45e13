"""Tiny digits made in code, and real MNIST where it is at hand."""

import os
import pathlib

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_MNIST = os.environ.get("MNIST_KERAS_DATA_DIR")


def make_digits(train: int = 120, test: int = 30, name: str = "tiny"):
    """A bar whose height tells the class, on noise: learnable in a few steps."""
    from mnist_keras.digits import Digits

    random = np.random.default_rng(0)

    def draw(count):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = random.integers(0, 40, (count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[4 + 2 * label : 6 + 2 * label, 4:24] = 250
        return images, labels

    return Digits(name, *draw(train), *draw(test))


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch):
    """Tests ask for MNIST by the fixture `mnist_folder`, never by the environment."""
    monkeypatch.delenv("MNIST_KERAS_DATA_DIR", raising=False)


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
    from mnist_keras.recipes import get_recipe
    from mnist_keras.runs import save_run
    from mnist_keras.training import train

    folder = tmp_path_factory.mktemp("runs") / "linear"
    recipe = get_recipe("linear", epochs=10)
    save_run(folder, train(recipe, tiny, verbose=False), tiny, flags={"epochs": 10})
    return folder


@pytest.fixture(scope="session")
def export(trained_run, tiny, tmp_path_factory):
    """An export of `trained_run`."""
    from mnist_keras.exporting.export import export_run

    folder = tmp_path_factory.mktemp("exported") / "linear"
    export_run(trained_run, folder, tiny)
    return folder
