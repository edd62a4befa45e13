"""Ablations of a recipe: one variant without each of its ingredients."""

import dataclasses
from typing import Any

from mnist_keras.recipes.recipe import Recipe

# The value of a field that removes the ingredient.
_WITHOUT: dict[str, Any] = {
    "warmup_fraction": 0.0,
    "weight_decay": 0.0,
    "schedule": "constant",
    "label_smoothing": 0.0,
    "augmentation": None,
}
_WITHOUT_NETWORK_OPTIONS: dict[str, Any] = {"separable": False, "weighted_average": False, "dropout": 0.0}
_WITHOUT_AUGMENTATION: dict[str, Any] = {"elastic": 0.0, "shear": 0.0}


def ablations(recipe: Recipe) -> list[Recipe]:
    """Returns the recipe and one variant without each of its ingredients, named NAME-without-INGREDIENT.

    Ingredients are warm-up, weight decay, a learning-rate schedule, label smoothing, augmentation, elastic distortion,
    shear, separable convolutions, weighted average pooling and dropout. Ingredients that the recipe does not use have
    no variant.
    """
    variants = [(name, {name: absent}) for name, absent in _WITHOUT.items() if getattr(recipe, name) != absent]
    variants += [
        (name, {"network_options": {**recipe.network_options, name: absent}})
        for name, absent in _WITHOUT_NETWORK_OPTIONS.items()
        if recipe.network_options.get(name, absent) != absent
    ]
    variants += [
        (name, {"augmentation": dataclasses.replace(recipe.augmentation, **{name: absent})})
        for name, absent in _WITHOUT_AUGMENTATION.items()
        if recipe.augmentation and getattr(recipe.augmentation, name) != absent
    ]
    named = [dataclasses.replace(recipe, name=f"{recipe.name}-without-{name}", **change) for name, change in variants]
    return [recipe, *named]
