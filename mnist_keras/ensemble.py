"""The runs of an ensemble's members become one run."""

import dataclasses
import hashlib
import pathlib
import statistics
from collections.abc import Sequence

from mnist_keras.digits import Digits
from mnist_keras.history import Rows, read_rows
from mnist_keras.models import build_model
from mnist_keras.prediction.keras_file import load_keras_model
from mnist_keras.recipe import Recipe
from mnist_keras.recipes import RECIPES
from mnist_keras.run_folder import MODEL_FILE, read_run
from mnist_keras.settings import DESCRIPTIVE, describe_settings
from mnist_keras.training import Training


def members_of(recipe: Recipe, seed: int) -> list[tuple[Recipe, int]]:
    """What to train for an ensemble: its members, with seeds that no other seed of the ensemble has.

    A member is named after the recipe that it is, or RECIPE_member where it is none.
    """
    member = dataclasses.replace(recipe, name=f"{recipe.name}_member", members=1, published=None)
    alike = (known for known in RECIPES.values() if _settings(known) == _settings(member))
    member = next(alike, member)
    return [(member, seed * recipe.members + index) for index in range(recipe.members)]


def combine(recipe: Recipe, digits: Digits, seed: int, runs: Sequence[pathlib.Path]) -> Training:
    """One model of the complete runs of all members.

    Its history is the mean of theirs, its seconds their sum, its memory their largest, and its digest made of theirs.
    """
    model = build_model(recipe)
    configs, reports = zip(*map(read_run, runs), strict=True)
    models = [load_keras_model(run / MODEL_FILE) for run in runs]
    model.set_weights([weight for member in models for weight in member.get_weights()])
    digests = [config["digest"] for config in configs]
    return Training(
        model=model,
        recipe=recipe,
        settings=describe_settings(recipe, digits, seed, **configs[0]["training"], members=digests),
        history=_mean([read_rows(run / "history.csv") for run in runs]),
        steps=[],
        seconds=sum(report["seconds"] for report in reports),
        peak_memory=max(report.get("peak_memory", 0) for report in reports),
        digest=hashlib.sha256("".join(digests).encode()).hexdigest(),
    )


def _settings(recipe: Recipe) -> dict:
    fields = dataclasses.asdict(recipe)
    return {name: value for name, value in fields.items() if name not in ("name", *DESCRIPTIVE)}


def _mean(histories: Sequence[Rows]) -> Rows:
    return [
        {name: statistics.fmean(row[name] for row in rows) for name in rows[0]} for rows in zip(*histories, strict=True)
    ]
