"""Training on MNIST to the published test accuracy. Continuous integration trains the CNN."""

import pytest

from mnist_keras.data import load_digits
from mnist_keras.experiments.save_run import save_run
from mnist_keras.export.export import export_run
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

pytestmark = pytest.mark.slow


@pytest.mark.long
def test_linear_reaches_the_published_accuracy_and_exports_agree(mnist_folder, tmp_path):
    digits = load_digits("mnist", mnist_folder)
    report = save_run(tmp_path / "run", train("linear", digits, options=TrainingOptions(verbose=False)), digits)
    assert report.examples == 10000
    assert abs(100 * report.accuracy - 91.68) <= 0.2
    card = export_run(tmp_path / "run", tmp_path / "export", digits)
    for name in ("saved_model", "mnist.tflite"):
        parity = card["files"][name]["parity"]
        assert parity["classes_agreeing"] == parity["examples"] == 10000
        assert parity["largest_difference"] <= 1e-5


@pytest.mark.long
def test_mlp_reaches_the_published_accuracy(mnist_folder, tmp_path):
    digits = load_digits("mnist", mnist_folder)
    history = train("mlp", digits, options=TrainingOptions(verbose=False)).history
    assert len(history) == 200
    assert history[-1]["test_accuracy"] >= 0.94
