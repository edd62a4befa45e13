import pytest

from mnist_keras.errors import InputError
from mnist_keras.training.settings import TrainingOptions, first_difference


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (dict(strategy="none"), "strategy must be one of auto, one_device, mirrored, multi_worker. Received: .*none"),
        (dict(test_batch_size=0), "test_batch_size must be a whole number from 1. Received: test_batch_size=0"),
        (dict(test_batch_size=1.5), "test_batch_size must be a whole number from 1"),
    ],
)
def test_options_out_of_range(values, message):
    with pytest.raises(InputError, match=message):
        TrainingOptions(**values)


def test_the_first_difference_of_two_settings_is_in_words():
    recorded = {"seed": 0, "recipe": {"epochs": 3, "summary": "one"}}
    assert first_difference(recorded, {"seed": 0, "recipe": {"epochs": 3, "summary": "other"}}) is None
    assert first_difference(recorded, {"recipe": {"epochs": 4}}) == "recipe epochs is 3 there and 4 now"
