import dataclasses
import warnings

import numpy as np
import pytest

from mnist_keras.data import load_digits
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.evaluation.orientation import ORIENTATIONS, are_digits, orientation_accuracies, warn_unless_upright
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

# The transform that stores upright images so that the transform of that name makes them upright.
INVERSE = {**{name: name for name in ORIENTATIONS}, "turned clockwise": "turned counterclockwise"}
INVERSE["turned counterclockwise"] = "turned clockwise"


@pytest.fixture(scope="module")
def foreign():
    """Digits of an unverified dataset."""
    sample = load_digits("sample")
    return dataclasses.replace(
        sample, name="theirs", train_images=sample.train_images[:600], train_labels=sample.train_labels[:600]
    )


def turned(digits, name, parts=("train", "test")):
    changes = {f"{part}_images": ORIENTATIONS[INVERSE[name]](getattr(digits, f"{part}_images")) for part in parts}
    return dataclasses.replace(digits, **changes)


@pytest.mark.parametrize("name", [name for name in ORIENTATIONS if name != "upright"])
def test_a_warning_names_the_orientation(foreign, name):
    with pytest.warns(InputWarning) as caught:
        warn_unless_upright(turned(foreign, name))
    messages = [str(warning.message) for warning in caught]
    assert [message.split(":")[0] for message in messages] == [
        f"the {part} images of theirs seem to be {name}" for part in ("training", "test")
    ]
    assert np.argmax(list(orientation_accuracies(foreign.test_images, foreign.test_labels).values())) == 0


def test_test_images_alone_can_be_transposed(foreign):
    with pytest.warns(InputWarning, match="^the test images of theirs seem to be transposed") as caught:
        warn_unless_upright(turned(foreign, "transposed", parts=("test",)))
    assert len(caught) == 1


@pytest.mark.parametrize("kind", ["upright", "other classes", "noise"])
def test_no_warning(foreign, kind):
    random = np.random.default_rng(0)
    digits = {
        "upright": foreign,
        "other classes": dataclasses.replace(foreign, train_labels=9 - foreign.train_labels.astype(int)),
        "noise": dataclasses.replace(foreign, train_images=random.integers(0, 256, (600, 28, 28), np.uint8)),
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_unless_upright(digits)
    assert are_digits(digits) == (kind == "upright")


def test_synthetic_digits_join_digits_only(foreign, capsys):
    recipe = get_recipe("linear", synthetic_examples=50, epochs=1)
    train(recipe, foreign)
    assert "training set: 600 images and 50 synthetic digits" in capsys.readouterr().out
    reversed_labels = dataclasses.replace(foreign, train_labels=9 - foreign.train_labels.astype(int))
    with pytest.raises(InputError, match="Received: theirs and 50 synthetic digits. Pass synthetic_examples=0"):
        train(recipe, reversed_labels)
    train(dataclasses.replace(recipe, synthetic_examples=0), reversed_labels, options=TrainingOptions(verbose=False))
