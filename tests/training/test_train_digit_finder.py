import numpy as np
import pytest

from mnist_keras.data.synthetic import synthetic_digits
from mnist_keras.inference.preprocessing.digit_finder import load_weights
from mnist_keras.training.train_digit_finder import draw_training_pages, train_digit_finder

IMAGES = synthetic_digits(50, seed=1)[0]


@pytest.fixture(scope="module")
def pages():
    return draw_training_pages(IMAGES, 64, seed=3, processes=1)


def test_pages_have_two_sizes_and_do_not_depend_on_the_processes(pages):
    assert pages[96]["gray"].shape == (56, 96, 96)
    assert pages[192]["gray"].shape == (8, 192, 192)
    again = draw_training_pages(IMAGES, 64, seed=3, processes=2)
    for side, arrays in pages.items():
        for name, values in arrays.items():
            np.testing.assert_array_equal(values, again[side][name])


@pytest.mark.slow
def test_training_lowers_the_loss_and_writes_the_weights(pages, tmp_path, capsys):
    train_digit_finder(pages, 12, 2, seed=0, path=tmp_path / "weights.npz")
    losses = [float(part.split()[0]) for part in capsys.readouterr().out.split(" loss: ")[1:]]
    assert len(losses) == 14
    assert losses[11] < 0.5 * losses[0]
    weights = load_weights(tmp_path / "weights.npz")
    assert all(np.isfinite(array).all() for array in weights)
    shipped = load_weights()
    assert [array.shape for array in weights] == [array.shape for array in shipped]
