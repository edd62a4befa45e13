import dataclasses

import keras
import numpy as np
import pytest

from mnist_keras.evaluation.calibration import apply_temperature, fit_temperature, selective_accuracy
from mnist_keras.models import build_model
from mnist_keras.models.rewrites import fold_temperature
from mnist_keras.recipes import get_recipe
from mnist_keras.training.train import train


def of_logits(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def labels_drawn_from(probabilities, random):
    return (probabilities.cumsum(axis=1) > random.random((len(probabilities), 1))).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_spoilt_the_logits_is_found(temperature):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20000, 10))
    labels = labels_drawn_from(of_logits(logits), random)
    assert fit_temperature(of_logits(logits * temperature), labels) == pytest.approx(temperature, rel=0.03)


def test_a_temperature_moves_probabilities_and_no_answer():
    probabilities = of_logits(np.random.default_rng(1).normal(0, 3, (50, 10)))
    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-12)
    warmer = apply_temperature(probabilities, 2.0)
    np.testing.assert_allclose(warmer.sum(axis=1), 1.0)
    np.testing.assert_array_equal(warmer.argsort(axis=1), probabilities.argsort(axis=1))
    assert (warmer.max(axis=1) < probabilities.max(axis=1)).all()


def test_the_extremes_stay_within_bounds():
    sure = np.full((2, 10), 0.7 / 9)
    sure[[0, 1], [3, 4]] = 0.3
    assert fit_temperature(sure, np.array([3, 4])) == pytest.approx(0.1, rel=0.01)
    assert fit_temperature(sure, np.array([5, 6])) == pytest.approx(10, rel=0.01)


def test_answers_by_hand():
    probabilities = np.full((4, 10), 0.01)
    probabilities[range(4), range(4)] = 0.95, 0.85, 0.75, 0.55
    rows = selective_accuracy(probabilities, np.array([0, 9, 2, 9]), (0.5, 0.8, 0.99))
    assert rows == [(0.5, 1.0, 0.5, None), (0.8, 0.5, 0.5, 0.5), (0.99, 0.0, None, 0.5)]


def test_logits_of_every_network_are_divided():
    images = np.random.default_rng(2).integers(0, 256, (3, 28, 28, 1)).astype(np.float32)
    for name in ("linear", "mlp", "cnn", "cnn_augmented", "cnn_robust"):
        model = build_model(name)
        before = keras.ops.convert_to_numpy(model(images))
        fold_temperature(model, 4.0)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(model(images)), before / 4, rtol=1e-4, atol=1e-6)


def test_a_trained_network_has_the_recipes_temperature(tiny):
    plain = get_recipe("linear", epochs=2)
    logits = [
        train(recipe, tiny, verbose=False).model.predict(tiny.test_images, verbose=0)
        for recipe in (plain, dataclasses.replace(plain, temperature=2.0))
    ]
    np.testing.assert_allclose(logits[1], logits[0] / 2, rtol=1e-5, atol=1e-6)
