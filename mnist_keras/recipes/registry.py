"""All recipes by name: published systems and our own networks. Must not import TensorFlow.

A recipe is frozen; a variant is `dataclasses.replace(recipe, epochs=2)` or `get_recipe("cnn", epochs=2)`.
`python scripts/train.py --model=NAME` trains one. `python scripts/study.py --recipes=all --seeds=0,1,2` trains all of
them. The README lists measured and published test accuracies.
"""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.digits import is_whole_mnist
from mnist_keras.errors import InputError
from mnist_keras.recipes.own import (
    ACCURATE,
    CNN_ROBUST,
    COMPACT_1K,
    COMPACT_6K,
    COMPACT_10K,
    ENSEMBLE,
    FAST_990,
    FAST_994,
)
from mnist_keras.recipes.published import CNN, CNN_3X3, CNN_AUGMENTED, LENET_DROPOUT, LINEAR, MLP, STACK
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        *(LINEAR, MLP, CNN, CNN_3X3, CNN_AUGMENTED, LENET_DROPOUT, CNN_ROBUST),
        *(COMPACT_1K, COMPACT_6K, COMPACT_10K, ACCURATE, ENSEMBLE, FAST_990, FAST_994),
        *STACK,
    )
}
# Names of several recipes at once.
GROUPS: dict[str, tuple[str, ...]] = {
    "stack": tuple(recipe.name for recipe in STACK),
    "fast": (FAST_990.name, FAST_994.name),
    "all": tuple(RECIPES),
}


def get_recipe(name: str, **overrides: Any) -> Recipe:
    """Returns the recipe of a name, with some of its fields replaced.

    Args:
        name: key of `RECIPES`.
        overrides: new values of fields. Dicts for `network_options` and `augmentation` replace single entries.

    Raises:
        InputError: the recipe or a field does not exist, or a value is out of range.
    """
    if name not in RECIPES:
        close = difflib.get_close_matches(name, RECIPES, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise InputError(f"No recipe has this name. Received: {name!r}.{hint} There are: {', '.join(RECIPES)}")
    return change_recipe(RECIPES[name], overrides)


def change_recipe(recipe: Recipe, overrides: Mapping[str, Any]) -> Recipe:
    """Returns a recipe with some of its fields replaced, see `get_recipe`."""
    fields = [field.name for field in dataclasses.fields(Recipe)]
    changes = {}
    for key, value in overrides.items():
        if key not in fields:
            raise InputError(f"A recipe has no field {key!r}. Expected one of: {', '.join(fields)}")
        changes[key] = _merged(getattr(recipe, key), value, key) if isinstance(value, Mapping) else value
    return dataclasses.replace(recipe, **changes)


def _merged(current: Any, changes: Mapping, name: str) -> Any:
    if name == "augmentation":
        fields = [field.name for field in dataclasses.fields(Augmentation)]
        unknown = [key for key in changes if key not in fields]
        if unknown:
            raise InputError(f"augmentation has no field {unknown[0]!r}. Expected one of: {', '.join(fields)}")
        return dataclasses.replace(current or Augmentation(), **changes)
    if name == "network_options":
        return {**current, **changes}
    raise InputError(f"{name} takes a single value, not a dict. Received: {name}={dict(changes)!r}")


# These fields change the speed or the output of a training and not its protocol.
_OUTSIDE_PROTOCOL = ("mixed_precision", "log_every_steps", "steps_per_execution")


def comparable_published_accuracy(recipe: Recipe, dataset: str, train_examples: int) -> float | None:
    """Returns the published test accuracy of a recipe if a run follows the published protocol, otherwise None.

    The protocol is MNIST with all its training images, and every field of the recipe as in `RECIPES`, epochs included.

    Args:
        recipe: of the run. One that `RECIPES` does not have is its own protocol.
        dataset: name of the run's dataset.
        train_examples: its number of training images.
    """
    protocol = RECIPES.get(recipe.name, recipe)
    fields = {name: getattr(protocol, name) for name in (*_OUTSIDE_PROTOCOL, *DESCRIPTIVE)}
    follows = dataclasses.replace(recipe, **fields) == protocol and is_whole_mnist(dataset, train_examples)
    return recipe.published_accuracy if follows else None


def expand_names(names: list[str]) -> list[str]:
    """Returns recipe names in order without duplicates. The names of a group replace the group ("stack", "all").

    Raises:
        InputError: a name is neither a recipe nor a group.
    """
    expanded: list[str] = []
    for name in names:
        expanded.extend(GROUPS[name] if name in GROUPS else [get_recipe(name).name])
    return list(dict.fromkeys(expanded))
