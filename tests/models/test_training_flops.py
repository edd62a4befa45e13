import pytest

from mnist_keras.models import build_model
from mnist_keras.models.builder import training_flops


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Forward 2 * 7,840 FLOPs, and the same for the kernel's gradient.
        ("linear", 2 * 2 * 7840),
        ("cnn_3x3", 2 * (2 * 26 * 26 * 9 * 32 + 3 * (11 * 11 * 9 * 32 * 64 + 1600 * 10))),
    ],
)
def test_flops_of_a_training_step_per_image(name, expected):
    assert training_flops(build_model(name)) == expected
