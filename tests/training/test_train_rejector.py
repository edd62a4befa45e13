import numpy as np
import pytest

from mnist_keras.data.synthetic import synthetic_digits
from mnist_keras.inference.preprocessing.digit_finder import load_weights
from mnist_keras.inference.preprocessing.rejector import WEIGHTS
from mnist_keras.training.train_rejector import Examples, draw_examples, train_rejector

IMAGES = synthetic_digits(50, seed=1)[0]


@pytest.fixture(scope="module")
def examples():
    return draw_examples(IMAGES, 40, seed=3, processes=1)


def test_examples_are_digits_and_other_things(examples):
    digits, probabilities, labels = examples
    assert digits.shape == (len(labels), 28, 28) and digits.dtype == np.uint8
    assert len(labels) > 25
    assert 0.2 < labels.mean() < 0.9
    assert digits.reshape(len(labels), -1).max(axis=1).min() == 255
    assert probabilities[labels].mean() > probabilities[~labels].mean() + 0.3


def test_examples_do_not_depend_on_the_processes(examples):
    for one, other in zip(examples, draw_examples(IMAGES, 40, seed=3, processes=2), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_training_learns_to_reject_and_writes_the_weights(tmp_path, capsys):
    random = np.random.default_rng(0)
    labels = random.random(512) < 0.5
    bars = np.zeros((512, 28, 28), np.uint8)
    # Vertical bars are digits, horizontal ones are not.
    bars[labels, 4:24, 12:16] = 255
    bars[~labels, 12:16, 4:24] = 255
    train_rejector(Examples(bars, np.full(512, 0.5, np.float32), labels), 6, seed=0, path=tmp_path / "weights.npz")
    losses = [float(part.split()[0]) for part in capsys.readouterr().out.split(" loss: ")[1:]]
    assert losses[-1] < 0.3 * losses[0]
    weights = load_weights(tmp_path / "weights.npz")
    assert [array.shape for array in weights] == [array.shape for array in load_weights(WEIGHTS)]
