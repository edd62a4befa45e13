"""A recipe without one thing at a time, to see what each of them buys."""

import dataclasses
from typing import Any

from mnist_keras.recipes.recipe import Recipe

# What stands for "without it".
_ABSENT: dict[str, Any] = {
    "warmup_fraction": 0.0,
    "weight_decay": 0.0,
    "schedule": "constant",
    "label_smoothing": 0.0,
    "augmentation": None,
}
_ABSENT_OPTIONS: dict[str, Any] = {"separable": False, "weighted_average": False, "dropout": 0.0}
_ABSENT_CHANGES: dict[str, Any] = {"elastic": 0.0, "shear": 0.0}


def ablations(recipe: Recipe) -> list[Recipe]:
    """The recipe itself, then a variant for each of its ingredients: NAME-without-INGREDIENT.

    Ingredients are what the recipe has of: warm-up, weight decay, a schedule, label
    smoothing, augmentation, its elastic warp and its shear, separable convolutions, a weighted average, and
    dropout.
    """
    variants = [(name, {name: absent}) for name, absent in _ABSENT.items() if getattr(recipe, name) != absent]
    variants += [
        (name, {"network_options": {**recipe.network_options, name: absent}})
        for name, absent in _ABSENT_OPTIONS.items()
        if recipe.network_options.get(name, absent) != absent
    ]
    variants += [
        (name, {"augmentation": dataclasses.replace(recipe.augmentation, **{name: absent})})
        for name, absent in _ABSENT_CHANGES.items()
        if recipe.augmentation and getattr(recipe.augmentation, name) != absent
    ]
    named = [dataclasses.replace(recipe, name=f"{recipe.name}-without-{name}", **change) for name, change in variants]
    return [recipe, *named]
