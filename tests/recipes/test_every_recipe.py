"""Every recipe trains some steps, is saved, exported, read back, and answers the same."""

import dataclasses
import json

import numpy as np
import pytest

from mnist_keras.experiments.train_run import train_run
from mnist_keras.export.export import export_run
from mnist_keras.export.formats import DEFAULT_FORMATS, FORMATS
from mnist_keras.files import read_rows
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.recipes import RECIPES, STACK, get_recipe
from mnist_keras.training.settings import TrainingOptions

pytestmark = pytest.mark.usefixtures("without_figures")
# Of the stack, without a layer between, with one, and with most.
_ALIKE = {recipe.name for recipe in STACK[2:-1]}
# Of the same layers as smaller ones.
_WIDER = {"compact_6k", "compact_10k", "accurate", "fast_990"}


def _marks(name):
    return [pytest.mark.slow, pytest.mark.long] if name in _WIDER else []


@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in RECIPES if name not in _ALIKE])
def test_train_save_export_reload(name, tiny, tmp_path):
    recipe = get_recipe(name)
    if recipe.ensemble_size > 1:
        recipe = get_recipe(name, network_options={"stages": ((4,), (8,), (8,))})
    recipe = dataclasses.replace(
        recipe,
        epochs=2,
        batch_size=recipe.batch_size and 20,
        # The classes of the tiny dataset are no digits.
        synthetic_examples=0,
    )
    train_run(tmp_path / "run", recipe, tiny, options=TrainingOptions(verbose=False))
    history = read_rows(tmp_path / "run" / "history.csv")
    assert history[1]["loss"] < history[0]["loss"]
    # A SavedModel takes seconds, most of them for what is the same in all. The fixture `export` has that of `linear`.
    formats = DEFAULT_FORMATS if name == "cnn_augmented" else ("float32",)
    export_run(tmp_path / "run", tmp_path / "export", tiny, formats)
    expected = load_predictor(tmp_path / "run").predict(tiny.test_images)
    for file in (FORMATS[kind].file for kind in formats):
        received = load_predictor(tmp_path / "export" / file).predict(tiny.test_images)
        np.testing.assert_allclose(received, expected, atol=1e-5, err_msg=file)
    card = json.loads((tmp_path / "export" / "card.json").read_text())
    assert card["name"] == name
    assert card["dataset"]["name"] == "tiny"
