import dataclasses

import keras
import numpy as np
import pytest

from mnist_keras.evaluation.calibration import SelectiveAccuracy, apply_temperature, fit_temperature, selective_accuracy
from mnist_keras.models import build_model
from mnist_keras.models.rewrites import fold_temperature
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sample_labels(probabilities, random):
    return (probabilities.cumsum(axis=1) > random.random((len(probabilities), 1))).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_fit_temperature_recovers_the_factor_of_the_logits(temperature):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20000, 10))
    labels = sample_labels(softmax(logits), random)
    assert fit_temperature(softmax(logits * temperature), labels) == pytest.approx(temperature, rel=0.03)


def test_a_temperature_changes_confidence_and_keeps_the_ranking():
    probabilities = softmax(np.random.default_rng(1).normal(0, 3, (50, 10)))
    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-12)
    smoothed = apply_temperature(probabilities, 2.0)
    np.testing.assert_allclose(smoothed.sum(axis=1), 1.0)
    np.testing.assert_array_equal(smoothed.argsort(axis=1), probabilities.argsort(axis=1))
    assert (smoothed.max(axis=1) < probabilities.max(axis=1)).all()


def test_fit_temperature_stays_within_its_bounds():
    probabilities = np.full((2, 10), 0.7 / 9)
    probabilities[[0, 1], [3, 4]] = 0.3
    assert fit_temperature(probabilities, np.array([3, 4])) == pytest.approx(0.1, rel=0.01)
    assert fit_temperature(probabilities, np.array([5, 6])) == pytest.approx(10, rel=0.01)


def test_selective_accuracy_by_hand():
    probabilities = np.full((4, 10), 0.01)
    probabilities[range(4), range(4)] = 0.95, 0.85, 0.75, 0.55
    rows = selective_accuracy(probabilities, np.array([0, 9, 2, 9]), (0.5, 0.8, 0.99))
    assert rows == [
        SelectiveAccuracy(threshold=0.5, coverage=1.0, accuracy=0.5, rejected_accuracy=None),
        SelectiveAccuracy(threshold=0.8, coverage=0.5, accuracy=0.5, rejected_accuracy=0.5),
        SelectiveAccuracy(threshold=0.99, coverage=0.0, accuracy=None, rejected_accuracy=0.5),
    ]


def test_fold_temperature_divides_the_logits_of_every_network():
    images = np.random.default_rng(2).integers(0, 256, (3, 28, 28, 1)).astype(np.float32)
    for name in ("linear", "mlp", "cnn", "cnn_augmented", "cnn_robust"):
        model = build_model(name)
        before = keras.ops.convert_to_numpy(model(images))
        fold_temperature(model, 4.0)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(model(images)), before / 4, rtol=1e-4, atol=1e-6)


def test_training_folds_the_calibration_temperature(tiny):
    plain = get_recipe("linear", epochs=2)
    logits = [
        train(recipe, tiny, options=TrainingOptions(verbose=False)).model.predict(tiny.test_images, verbose=0)
        for recipe in (plain, dataclasses.replace(plain, calibration_temperature=2.0))
    ]
    np.testing.assert_allclose(logits[1], logits[0] / 2, rtol=1e-5, atol=1e-6)
