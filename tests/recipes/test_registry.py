import dataclasses
import subprocess
import sys

import pytest

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.errors import InputError
from mnist_keras.recipes import RECIPES, expand_names, get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.registry import comparable_published_accuracy


def test_published_systems_are_registered():
    stack = {f"stack_{number}" for number in range(11)}
    assert {"linear", "mlp", "cnn", "cnn_3x3", "cnn_augmented", "lenet_dropout"} | stack <= RECIPES.keys()


def test_cnn_augmented_follows_the_published_protocol():
    recipe = get_recipe("cnn_augmented")
    assert (recipe.mean, recipe.std) == (0.1307, 0.3081)
    assert (recipe.optimizer, recipe.learning_rate, recipe.momentum) == ("sgd", 0.01, 0.9)
    assert (recipe.batch_size, recipe.epochs) == (128, 20)
    assert recipe.augmentation == Augmentation(rotation=20, shift=0.1, scale=(0.9, 1.1), brightness=0.2, contrast=0.2)


@pytest.mark.parametrize(
    "name, rate, epochs", [("compact_1k", 0.06, 60), ("compact_6k", 0.03, 40), ("compact_10k", 0.015, 40)]
)
def test_compact_recipes_have_the_measured_settings(name, rate, epochs):
    recipe = get_recipe(name)
    assert (recipe.learning_rate, recipe.epochs, recipe.batch_size) == (rate, epochs, 128)
    assert (recipe.optimizer, recipe.schedule, recipe.warmup_fraction, recipe.weight_decay) == (
        "adamw",
        "cosine",
        0.05,
        0.01,
    )


def test_overrides_leave_the_registered_recipe_unchanged():
    assert get_recipe("cnn", epochs=2, learning_rate=0.1).epochs == 2
    assert get_recipe("cnn").epochs == 30
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECIPES["cnn"].epochs = 2


def test_a_whole_number_is_a_learning_rate():
    rate = get_recipe("cnn", learning_rate=2).learning_rate
    assert (rate, type(rate)) == (2.0, float)


def test_dicts_replace_single_entries():
    recipe = get_recipe("cnn", network_options={"dropout": 0.1}, augmentation={"rotation": 5})
    assert recipe.network_options["dropout"] == 0.1
    assert recipe.network_options["filters"] == (32, 64)
    assert recipe.augmentation == Augmentation(rotation=5)
    assert get_recipe("cnn_augmented", augmentation={"rotation": 5}).augmentation.shift == 0.1
    assert get_recipe("cnn_augmented", augmentation=None).augmentation is None


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (dict(epochs=0), "epochs must be a whole number from 1 to 1,000,000. Received: epochs=0"),
        (dict(epochs=1.5), "epochs must be a whole number"),
        (dict(batch_size=-1), "batch_size must be a whole number from 0"),
        (dict(learning_rate=-0.1), "learning_rate must be a positive number. Received: learning_rate=-0.1"),
        (dict(learning_rate=float("nan")), "learning_rate must be a positive number"),
        (dict(momentum=0.5), "momentum must be 0 unless optimizer is sgd"),
        (dict(optimizer="adagrad"), "optimizer must be one of sgd, adam, adamw"),
        (dict(schedule="steps"), "schedule must be one of constant, cosine"),
        (dict(network="resnet"), "network must be one of linear, mlp, cnn"),
        (dict(std=0), "std must be a positive number"),
        (dict(mixed_precision="yes"), "mixed_precision must be True or False. Received: mixed_precision='yes'"),
        (dict(rate=1), "A recipe has no field 'rate'. Expected one of: name, summary"),
        (dict(augmentation={"spin": 1}), "augmentation has no field 'spin'. Expected one of: rotation"),
        (dict(augmentation={"rotation": 200}), "rotation must be from 0 to 180"),
        (dict(augmentation={"scale": (1.2, 0.8)}), "scale must be two factors"),
        (dict(augmentation="strong"), "augmentation must be an Augmentation or None"),
        (dict(epochs={"a": 1}), "epochs takes a single value, not a dict"),
    ],
)
def test_invalid_values_raise(overrides, message):
    with pytest.raises(InputError, match=message):
        get_recipe("cnn", **overrides)


def test_an_unknown_name_lists_all_recipes():
    with pytest.raises(InputError, match="Received: 'cnn_4x4'. Did you mean cnn_3x3.*There are: linear, mlp, cnn"):
        get_recipe("cnn_4x4")


def test_expand_names_replaces_groups_without_duplicates():
    assert expand_names(["stack_3", "stack"]) == ["stack_3", *(f"stack_{n}" for n in range(11) if n != 3)]
    assert expand_names(["all"]) == list(RECIPES)
    with pytest.raises(InputError, match="No recipe has this name"):
        expand_names(["stacks"])


def test_a_misspelled_field_of_a_new_recipe_raises():
    with pytest.raises(TypeError, match="batchsize"):
        Recipe(name="mine", summary="", network="linear", batchsize=3)


def test_recipes_and_the_package_import_no_tensorflow():
    code = "import sys, mnist_keras, mnist_keras.recipes, mnist_keras.data; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_published_accuracy_is_shown_beside_runs_of_its_protocol():
    faster = get_recipe("cnn", mixed_precision=True, log_every_steps=10)
    assert comparable_published_accuracy(get_recipe("cnn"), "mnist", 60_000) == 99.23
    assert comparable_published_accuracy(faster, "mnist", 60_000) == 99.23
    own = Recipe(name="own", summary="", network="linear", published_accuracy=90.0)
    assert comparable_published_accuracy(own, "mnist", 60_000) == 90.0


@pytest.mark.parametrize(
    ("changes", "dataset", "train_examples"),
    [
        ({"epochs": 3}, "mnist", 60_000),
        ({"learning_rate": 0.5}, "mnist", 60_000),
        ({}, "sample", 4_000),
        ({}, "mnist-validation-5000", 55_000),
        ({}, "mnist", 70_000),
    ],
)
def test_it_is_left_out_beside_runs_of_another_protocol(changes, dataset, train_examples):
    assert comparable_published_accuracy(get_recipe("cnn", **changes), dataset, train_examples) is None
