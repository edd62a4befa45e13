import dataclasses

import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.recipes import get_recipe
from mnist_keras.training.learning_rate_range import LearningRateTest, find_learning_rate


@pytest.fixture(scope="module")
def recipe():
    return get_recipe("linear", batch_size=20, learning_rate=0.5)


@pytest.fixture(scope="module")
def result(recipe, tiny):
    return find_learning_rate(recipe, tiny, steps=60, highest=1000.0)


def test_the_learning_rate_rises_exponentially_and_the_loss_is_of_each_step(result):
    factors = result.learning_rates[1:] / result.learning_rates[:-1]
    assert factors == pytest.approx(np.full(len(factors), (1000 / 1e-6) ** (1 / 59)))
    assert result.learning_rates[0] == 1e-6
    assert len(result.losses) == len(result.learning_rates) == len(result.smoothed)
    # Weights of zeros give each of ten classes the same probability.
    assert result.losses[0] == pytest.approx(np.log(10), abs=1e-3)


def test_the_loss_falls_and_a_suggestion_lies_below_its_minimum(result):
    assert result.losses.min() < 0.5
    assert result.lowest == result.learning_rates[result.smoothed.argmin()]
    assert 1e-5 < result.suggestion == result.lowest / 10


@pytest.fixture(scope="module")
def diverging():
    return get_recipe("mlp", batch_size=20, optimizer="sgd")


def test_the_test_ends_where_the_loss_diverges(diverging, tiny):
    # Labels that nothing on the images tells.
    labels = np.random.default_rng(0).permutation(tiny.train_labels)
    result = find_learning_rate(diverging, dataclasses.replace(tiny, train_labels=labels), steps=60, highest=1e6)
    assert 20 <= len(result.losses) < 60
    assert np.isfinite(result.losses).all()


def test_schedule_and_test_set_have_no_effect(recipe, tiny, result):
    scheduled = dataclasses.replace(recipe, schedule="cosine", warmup_fraction=0.1, learning_rate=7.0)
    other = dataclasses.replace(tiny, test_images=255 - tiny.test_images)
    repeated = find_learning_rate(scheduled, other, steps=60, highest=1000.0)
    assert repeated.losses == pytest.approx(result.losses, rel=1e-4)


def test_recipes_with_label_smoothing_and_several_epochs_are_trained(recipe, tiny):
    smooth = dataclasses.replace(recipe, label_smoothing=0.1, optimizer="adamw", ensemble_size=3)
    # 120 images are 6 steps of 20.
    assert len(find_learning_rate(smooth, tiny, steps=25, highest=1e-3).losses) == 25


def test_the_moving_average_has_no_bias_at_its_start():
    test = LearningRateTest(np.geomspace(1, 10, 50), np.full(50, 3.0))
    assert test.smoothed == pytest.approx(np.full(50, 3.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 19}, "steps must be a whole number from 20. Received: steps=19"),
        ({"lowest": 0}, "lowest must be a number above 0. Received: lowest=0"),
        ({"highest": 1e-7}, "highest must be a number above lowest=1e-06. Received: highest=1e-07"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_values_out_of_range_are_refused(recipe, tiny, arguments, message):
    with pytest.raises(InputError, match=message):
        find_learning_rate(recipe, tiny, **arguments)


def test_a_training_that_diverges_at_once_is_refused(diverging, tiny):
    with pytest.raises(InputError, match="The training diverged after .+ steps"):
        find_learning_rate(diverging, tiny, lowest=1e5, highest=1e9)
