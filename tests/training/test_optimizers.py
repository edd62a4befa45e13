import keras
import numpy as np
import pytest

from mnist_keras.recipes import get_recipe
from mnist_keras.training.optimizers import make_optimizer


def rates(**fields):
    """Learning rates at the beginning of each of four epochs of ten steps, and at the end."""
    optimizer = make_optimizer(get_recipe("cnn", epochs=4, learning_rate=0.1, **fields), steps_in_epoch=10)
    optimizer.build([])
    values = []
    for step in range(0, 41, 10):
        optimizer.iterations.assign(step)
        values.append(float(optimizer.learning_rate))
    return values


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [0.1] * 5),
        (dict(warmup_fraction=0.5), [0, 0.05, 0.1, 0.1, 0.1]),
        (dict(schedule="cosine"), [0.1, 0.05 * (1 + 0.5**0.5), 0.05, 0.05 * (1 - 0.5**0.5), 0]),
        (dict(schedule="cosine", warmup_fraction=0.5), [0, 0.05, 0.1, 0.05, 0]),
        (dict(schedule="cosine", warmup_fraction=0.125), [0, 0.1 * (1 + np.cos(np.pi / 7)) / 2, *[None] * 2, 0]),
    ],
)
def test_the_learning_rate_over_a_run(fields, expected):
    for received, value in zip(rates(**fields), expected, strict=True):
        assert value is None or abs(received - value) < 1e-6


def test_weights_decay_but_not_biases_and_batch_norm():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    weights = model.trainable_variables
    for weight in weights:
        weight.assign(np.ones(weight.shape))
    recipe = get_recipe("cnn", optimizer="adamw", learning_rate=0.5, weight_decay=0.2)
    optimizer = make_optimizer(recipe, steps_in_epoch=1)
    optimizer.apply(
        [np.zeros(weight.shape, "float32") for weight in model.trainable_variables], model.trainable_variables
    )
    for weight in model.trainable_variables:
        expected = 0.9 if weight.name == "kernel" else 1.0
        np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-6, err_msg=weight.path)
