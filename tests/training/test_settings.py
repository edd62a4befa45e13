import dataclasses

import pytest

from mnist_keras.errors import InputError
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions, first_difference, run_settings


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


def test_settings_record_class_names_and_note_of_other_datasets_than_digits(tiny):
    recipe = get_recipe("linear")
    assert not {"class_names", "note"} & set(run_settings(recipe, tiny, seed=0)["dataset"])
    names = list("abcdefghij")
    other = dataclasses.replace(tiny, class_names=names, note="test set split off")
    dataset = run_settings(recipe, other, seed=0)["dataset"]
    assert (dataset["class_names"], dataset["note"]) == (names, "test set split off")
    assert dataset["sha256"] != tiny.checksum()
