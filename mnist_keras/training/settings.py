"""What decides the figures of a run, to be kept with it and compared with another's."""

import dataclasses
import json
from collections.abc import Collection, Mapping
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe


def run_settings(recipe: Recipe, digits: Digits, seed: int, **training: Any) -> dict[str, Any]:
    """Recipe, dataset, seed and `training`, how it is done, as JSON will give them back."""
    settings = {
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        "dataset": {
            "name": digits.name,
            "sha256": digits.checksum(),
            "train_examples": len(digits.train_images),
            "test_examples": len(digits.test_images),
        },
        "training": training,
    }
    return json.loads(json.dumps(settings))


def first_difference(
    there: Mapping[str, Any], now: Mapping[str, Any], ignored: Collection[str] = DESCRIPTIVE
) -> str | None:
    """Names the first setting of `now` that is another one `there`, in words; None where all agree."""
    for name, value in now.items():
        found = there.get(name)
        if isinstance(value, Mapping) and isinstance(found, (Mapping, type(None))):
            difference = first_difference(found or {}, value, ignored)
            if difference:
                return f"{name} {difference}"
        elif name not in ignored and found != value:
            return f"{name} is {found!r} there and {value!r} now"
    return None
