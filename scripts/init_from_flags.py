"""Flags of fine-tuning, and their conversion to a recipe and trained weights."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from absl import flags
from script_flags import recipe_flags_given, recipe_from_flags

from mnist_keras import cli
from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.flag_help import flag_group
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.initial_recipe import InitialFile, check_one_network, fine_tuning_recipe

if TYPE_CHECKING:
    from mnist_keras.training.initial_model import InitialModel

flags.disclaim_key_flags()


@flag_group("Fine-tuning")
def define_init_from_flags() -> None:
    """Defines --init_from and --frozen_stages."""
    text = "fine-tune trained weights: the name of a shipped model, the folder of a run or an export, or a .keras file"
    flags.DEFINE_string("init_from", None, text)
    text = "with --init_from: keep the weights of the first N stages (layers up to a pooling); 0: train all"
    flags.DEFINE_integer("frozen_stages", 0, text, lower_bound=0)


def recipe_of_initial_file(initial: InitialFile) -> Recipe:
    """Returns the recipe of --model, otherwise that of the trained weights, with the values of the given flags."""
    recipe = flags.FLAGS.model if flags.FLAGS["model"].present else initial.recipe
    if recipe is None:
        raise InputError(
            f"No recipe is known of {initial.path}. Expected: config.json or card.json beside it, or a model with the "
            "name of a recipe. Name its recipe by --model."
        )
    recipe = recipe_from_flags(recipe)
    check_one_network(recipe, recipe.name)
    return recipe


def load_initial(file: InitialFile, recipe: Recipe, digits: Digits) -> tuple[Recipe, "InitialModel", Mapping[str, Any]]:
    """Returns the recipe to fine-tune trained weights, these, and the settings that record them."""
    with cli.silence_native_logs():
        from mnist_keras.training.initial_model import Start, has_classes, load_initial_model

    initial = load_initial_model(file.path)
    new_head = not has_classes(initial, digits.class_names)
    recipe, changes = fine_tuning_recipe(recipe, new_head, recipe_flags_given())
    print(
        f"{recipe.name} is fine-tuned from the weights of {file.name}: {', '.join(changes) or 'as from scratch'}",
        flush=True,
    )
    return recipe, initial, Start(recipe, digits.class_names, initial, flags.FLAGS.frozen_stages).settings
