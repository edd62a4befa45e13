"""The file and the recipe of trained weights, and what is shorter when they are fine-tuned."""

import json
import shutil

import pytest

from mnist_keras.errors import InputError
from mnist_keras.recipes import RECIPES, get_recipe
from mnist_keras.training.initial_recipe import find_initial_file, fine_tuning_recipe


def test_a_kept_head_halves_learning_rate_and_augmentation():
    recipe, changes = fine_tuning_recipe(get_recipe("cnn_robust", warmup_fraction=0.1), new_head=False)
    assert (recipe.learning_rate, recipe.epochs, recipe.warmup_fraction) == (1e-3, 5, 0.1)
    assert recipe.augmentation == RECIPES["cnn_robust"].augmentation.halved()
    assert changes == ("5 of 24 epochs", "learning rate 0.001 in place of 0.002", "half of the augmentation")


def test_a_new_head_has_fewer_epochs_alone():
    recipe, changes = fine_tuning_recipe(get_recipe("cnn_robust"), new_head=True)
    assert recipe == get_recipe("cnn_robust", epochs=5)
    assert changes == ("5 of 24 epochs",)
    assert fine_tuning_recipe(get_recipe("linear", epochs=1), new_head=True) == (get_recipe("linear", epochs=1), ())


def test_given_fields_stay():
    recipe = get_recipe("cnn_robust")
    kept, changes = fine_tuning_recipe(recipe, new_head=False, given={"epochs", "learning_rate", "augmentation"})
    assert (kept, changes) == (recipe, ())


@pytest.mark.parametrize("name", ["cnn_robust", "compact_1k", "accurate", "cnn_augmented"])
def test_shipped_models_have_the_recipe_of_their_card(name):
    found = find_initial_file(name)
    assert (found.name, found.path.name) == (name, "model.keras")
    assert found.recipe.network_options.keys() == RECIPES[name].network_options.keys()
    assert (found.recipe.name, found.recipe.learning_rate) == (name, RECIPES[name].learning_rate)


def test_a_run_an_export_and_a_file_have_a_recipe(trained_run, letters_export, tmp_path):
    run = find_initial_file(trained_run)
    assert (run.name, run.recipe.name, run.recipe.epochs) == (trained_run.name, "linear", 10)
    assert find_initial_file(letters_export).recipe.epochs == 40
    # A file alone has the registered recipe of its model's name.
    shutil.copy(trained_run / "model.keras", tmp_path / "mine.keras")
    alone = find_initial_file(tmp_path / "mine.keras")
    assert (alone.name, alone.recipe) == ("mine", RECIPES["linear"])


def test_the_ensemble_is_refused():
    with pytest.raises(InputError, match="An ensemble cannot start from trained weights.*--ensemble_size=1"):
        find_initial_file("ensemble")


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="There are no trained weights of this name.*cnn_robust.*Received: 'nothing'"):
        find_initial_file("nothing")
    with pytest.raises(InputError, match="has no trained weights to start from. Expected: a .keras file"):
        find_initial_file(tmp_path)
    (tmp_path / "damaged.keras").write_bytes(b"no archive")
    assert find_initial_file(tmp_path / "damaged.keras").recipe is None


def test_a_replaced_file_of_an_export_is_refused(letters_export, tmp_path):
    shutil.copytree(letters_export, tmp_path / "export")
    card = json.loads((tmp_path / "export" / "card.json").read_text())
    assert "model.keras" in card["files"]
    (tmp_path / "export" / "model.keras").write_bytes(b"other")
    with pytest.raises(InputError, match="is not the one that card.json beside it describes"):
        find_initial_file(tmp_path / "export")
