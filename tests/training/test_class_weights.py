"""Class weights: their formula, their effect on the loss, and when they are recorded."""

import json

import numpy as np
import pytest

from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.experiments.run_folder import is_complete
from mnist_keras.experiments.train_run import train_run
from mnist_keras.recipes import get_recipe
from mnist_keras.training.checkpoints.storage import CheckpointManager
from mnist_keras.training.class_weights import balanced_class_weights
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

RECIPE = get_recipe("linear", epochs=1, batch_size=0)


@pytest.fixture(scope="module")
def unbalanced(letters):
    """Three letters, of which the first has most images."""
    order = np.argsort(letters.train_labels, kind="stable")
    kept = [*order[:10], *order[10:12], *order[20:23]]
    images, labels = letters.train_images[kept], letters.train_labels[kept]
    return Digits("unbalanced", images, labels, images, labels, ("A", "B", "C"))


def test_weights_are_inversely_proportional_to_the_frequencies():
    # scikit-learn's examples / (classes * count).
    labels = np.repeat([0, 1, 3], [6, 3, 1])
    weights = balanced_class_weights(labels, 5)
    np.testing.assert_allclose(weights, [10 / (3 * 6), 10 / (3 * 3), 0, 10 / 3, 0], rtol=1e-6)
    assert weights[labels].mean() == pytest.approx(1)
    np.testing.assert_array_equal(balanced_class_weights(np.arange(20) % 10, 10), np.ones(10))


@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_each_class_contributes_equally_to_the_loss(unbalanced, label_smoothing):
    recipe = get_recipe("linear", epochs=1, batch_size=0, learning_rate=0.1, label_smoothing=label_smoothing)
    biases = {}
    for class_weight in (None, "balanced"):
        options = TrainingOptions(class_weight=class_weight, verbose=False)
        biases[class_weight] = train(recipe, unbalanced, options=options).model.get_weights()[1]
    # The first gradient of the biases, from uniform probabilities: weighted mean of 1/3 minus the target.
    assert biases[None][0] > biases[None][2] > biases[None][1]
    np.testing.assert_allclose(biases["balanced"], 0, atol=1e-6)


@pytest.mark.usefixtures("without_figures")
def test_class_weights_are_recorded_only_if_they_are_used(unbalanced, tmp_path):
    for class_weight in (None, "balanced"):
        options = TrainingOptions(class_weight=class_weight, verbose=False)
        train_run(tmp_path / str(class_weight), RECIPE, unbalanced, options=options)
    recorded = [json.loads((tmp_path / name / "config.json").read_text())["training"] for name in ("None", "balanced")]
    assert "class_weight" not in recorded[0]
    assert recorded[1].pop("class_weight") == "balanced"
    assert recorded[0] == recorded[1]
    assert is_complete(tmp_path / "balanced", RECIPE, unbalanced, 0, "balanced")
    for name, wanted in (("balanced", None), ("None", "balanced")):
        with pytest.raises(InputError, match="already holds a run with other settings: .*class_weight is "):
            is_complete(tmp_path / name, RECIPE, unbalanced, 0, wanted)


@pytest.mark.parametrize(("first", "second"), [(None, "balanced"), ("balanced", None)])
def test_a_resumed_run_keeps_its_class_weights(unbalanced, tmp_path, first, second):
    settings = [
        train(RECIPE, unbalanced, options=TrainingOptions(class_weight=each, verbose=False)).settings
        for each in (first, second)
    ]
    checkpoints = CheckpointManager(tmp_path / "run")
    checkpoints.open(settings[0])
    with pytest.raises(InputError, match="has other settings: training class_weight is "):
        checkpoints.open(settings[1])
    checkpoints.close()


def test_an_unknown_class_weight_is_refused():
    with pytest.raises(InputError, match="class_weight must be 'balanced' or None. Received: class_weight='equal'"):
        TrainingOptions(class_weight="equal")
