"""What to train: every published system as data.

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

from mnist_keras.augmentation import Augmentation
from mnist_keras.errors import InputError
from mnist_keras.recipe import Recipe

LINEAR = Recipe(
    name="linear",
    summary="softmax regression, full-batch gradient descent",
    network="linear",
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=0,
    epochs=200,
    published=91.68,
)

MLP = Recipe(
    name="mlp",
    summary="one hidden layer of 128 ReLU units, full-batch Adam",
    network="mlp",
    network_options=dict(hidden_units=(128,), activation="relu"),
    learning_rate=1e-3,
    batch_size=0,
    epochs=200,
    published=94.0,
)

CNN = Recipe(
    name="cnn",
    summary="two 5x5 convolutions, 1,024 dense units, dropout",
    network="cnn",
    network_options=dict(filters=(32, 64), kernel_size=5, dense_units=1024, dense_activation="relu", dropout=0.5),
    learning_rate=3e-4,
    batch_size=256,
    epochs=30,
    published=99.23,
)

CNN_3X3 = Recipe(
    name="cnn_3x3",
    summary="two 3x3 convolutions, no hidden dense layer",
    network="cnn",
    network_options=dict(filters=(32, 64), kernel_size=3, activation="relu", kernel_initializer="lecun_normal"),
    learning_rate=1e-4,
    batch_size=512,
    epochs=30,
    published=98.36,
)

CNN_AUGMENTED = Recipe(
    name="cnn_augmented",
    summary="seven small convolutions, batch norm, dropout, augmentation",
    network="batch_norm_cnn",
    mean=0.1307,
    std=0.3081,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.9,
    batch_size=128,
    epochs=20,
    augmentation=Augmentation(rotation=20, shift=0.1, scale=(0.9, 1.1), brightness=0.2, contrast=0.2),
    published=99.48,
)

CNN_ROBUST = Recipe(
    name="cnn_robust",
    summary="six convolutions, trained for people's own pictures",
    network="deep_cnn",
    network_options=dict(stages=((16, 16), (32, 32), (64, 64)), dropout=0.2),
    learning_rate=2e-3,
    schedule="cosine",
    batch_size=128,
    epochs=24,
    augmentation=Augmentation(
        rotation=12,
        shift=0.06,
        scale=(0.85, 1.1),
        shear=20,
        aspect=0.25,
        elastic=1.2,
        stroke=(-1.2, 2.0),
        blur=0.8,
        hardness=3.0,
        noise=0.12,
        gap=0.2,
        brightness=0.1,
        contrast=0.2,
    ),
    drawn=12000,
    temperature=1.02,
)

# Our own, chosen on 5,000 images held out of the training set: docs/accuracy.md tells how.
_SEPARABLE = dict(separable=True, scale=False, weighted_average=True)

COMPACT_1K = Recipe(
    name="compact_1k",
    summary="five separable convolutions, fewer than 1,500 parameters",
    network="deep_cnn",
    network_options=dict(stages=((8,), (12, 12), (16, 14)), **_SEPARABLE),
    optimizer="adamw",
    learning_rate=0.06,
    weight_decay=0.01,
    schedule="cosine",
    warmup=0.05,
    batch_size=128,
    epochs=60,
    steps_per_execution=18,
    augmentation=Augmentation(rotation=6, shift=0.05, scale=(0.95, 1.05), shear=4, elastic=0.3),
)

COMPACT_6K = dataclasses.replace(
    COMPACT_1K,
    name="compact_6k",
    summary="six separable convolutions, fewer than 6,000 parameters",
    network_options=dict(stages=((16, 16), (24, 24), (24, 24)), **_SEPARABLE),
    epochs=40,
    augmentation=Augmentation(rotation=8, shift=0.06, scale=(0.92, 1.08), shear=6, elastic=0.4),
)

COMPACT_10K = dataclasses.replace(
    COMPACT_6K,
    name="compact_10k",
    summary="six separable convolutions, fewer than 10,000 parameters",
    network_options=dict(stages=((24, 24), (32, 32), (32, 32)), **_SEPARABLE),
)

ACCURATE = dataclasses.replace(
    COMPACT_1K,
    name="accurate",
    summary="six convolutions, the most accurate single network",
    network_options=dict(stages=((32, 32), (64, 64), (128, 128)), weighted_average=True, dropout=0.3),
    learning_rate=0.01,
    epochs=30,
    augmentation=Augmentation(rotation=12, shift=0.08, scale=(0.88, 1.12), shear=10, elastic=0.8),
)

ENSEMBLE = dataclasses.replace(ACCURATE, name="ensemble", summary="the mean of three accurate networks", members=3)

DISTILLED = dataclasses.replace(
    COMPACT_6K, name="distilled", summary="compact_6k, taught by the ensemble", teacher="ensemble"
)

LENET_DROPOUT = Recipe(
    name="lenet_dropout",
    summary="a small LeNet with dropout between its convolutions",
    network="cnn",
    network_options=dict(filters=(6, 16), kernel_size=5, activation="relu", first_pool_dropout=0.5, dense_units=30),
    mean=0.5,
    std=0.5,
    learning_rate=0.01,
    batch_size=64,
    epochs=3,
    log_every=100,
)

_STACK_WIDTHS = ((), (5,), (6,), (7,), (8,), (9,), (10,), (100,), (100,) * 2, (100,) * 3, (100,) * 4)
_STACK_PUBLISHED = (92.50, 90.10, 91.21, 91.89, 92.37, 92.67, 92.51, 92.44, 92.40, 92.53, 92.32)

STACK = tuple(
    Recipe(
        name=f"stack_{number}",
        summary=f"dense layers without activations, hidden widths {widths or 'none'}",
        network="mlp",
        network_options=dict(hidden_units=widths, activation=None),
        mean=0.1307,
        std=0.3081,
        optimizer="sgd",
        learning_rate=0.001,
        momentum=0.01,
        batch_size=12,
        epochs=100,
        steps_per_execution=500,
        published=published,
    )
    for number, (widths, published) in enumerate(zip(_STACK_WIDTHS, _STACK_PUBLISHED, strict=True))
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        *(LINEAR, MLP, CNN, CNN_3X3, CNN_AUGMENTED, LENET_DROPOUT, CNN_ROBUST),
        *(COMPACT_1K, COMPACT_6K, COMPACT_10K, ACCURATE, ENSEMBLE, DISTILLED),
        *STACK,
    )
}
# Names that stand for several recipes.
GROUPS: dict[str, tuple[str, ...]] = {
    "stack": tuple(recipe.name for recipe in STACK),
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
    expanded = []
    for name in names:
        expanded.extend(GROUPS[name] if name in GROUPS else [get_recipe(name).name])
    return list(dict.fromkeys(expanded))
