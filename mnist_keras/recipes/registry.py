"""What to train: every published system, and our own, as data.

A recipe is frozen; a variant is `dataclasses.replace(recipe, epochs=2)` or
`get_recipe("cnn", epochs=2)`. `python scripts/train.py --model=NAME` trains one;
`python scripts/study.py --recipes=all --seeds=0,1,2` measures them all. The
measured accuracies stand in the README, beside the published ones.

Nothing here imports TensorFlow.
"""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from mnist_keras.data.augmentation.config import Augmentation
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
from mnist_keras.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        *(LINEAR, MLP, CNN, CNN_3X3, CNN_AUGMENTED, LENET_DROPOUT, CNN_ROBUST),
        *(COMPACT_1K, COMPACT_6K, COMPACT_10K, ACCURATE, ENSEMBLE, FAST_990, FAST_994),
        *STACK,
    )
}
# Names that stand for several recipes.
GROUPS: dict[str, tuple[str, ...]] = {
    "stack": tuple(recipe.name for recipe in STACK),
    "fast": (FAST_990.name, FAST_994.name),
    "all": tuple(RECIPES),
}


def get_recipe(name: str, **overrides: Any) -> Recipe:
    """The recipe of that name, with some of its fields replaced.

    `network_options` and `augmentation` given as dicts replace single entries
    of the recipe's own.

    Raises:
        InputError: no such recipe or field, or a value out of range.
    """
    if name not in RECIPES:
        close = difflib.get_close_matches(name, RECIPES, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise InputError(f"No recipe has this name. Received: {name!r}.{hint} There are: {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    fields = [field.name for field in dataclasses.fields(Recipe)]
    changes = {}
    for key, value in overrides.items():
        if key not in fields:
            raise InputError(f"A recipe has no field {key!r}. Fields: {', '.join(fields)}")
        changes[key] = _merged(getattr(recipe, key), value, key) if isinstance(value, Mapping) else value
    return dataclasses.replace(recipe, **changes)


def _merged(current: Any, changes: Mapping, name: str) -> Any:
    if name == "augmentation":
        fields = [field.name for field in dataclasses.fields(Augmentation)]
        unknown = [key for key in changes if key not in fields]
        if unknown:
            raise InputError(f"augmentation has no field {unknown[0]!r}. Fields: {', '.join(fields)}")
        return dataclasses.replace(current or Augmentation(), **changes)
    if name == "network_options":
        return {**current, **changes}
    raise InputError(f"{name} takes a plain value. Received: {name}={dict(changes)!r}")


def expand_names(names: list[str]) -> list[str]:
    """Recipe names, with groups ("stack", "all") written out, each name once.

    Raises:
        InputError: a name is neither a recipe nor a group.
    """
    expanded: list[str] = []
    for name in names:
        expanded.extend(GROUPS[name] if name in GROUPS else [get_recipe(name).name])
    return list(dict.fromkeys(expanded))
