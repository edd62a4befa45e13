"""Finds the file of trained weights by name or path, and the recipe to fine-tune them. Must not import TensorFlow."""

import dataclasses
import json
import os
import pathlib
import zipfile
from collections.abc import Collection, Mapping
from typing import Any

from mnist_keras.errors import InputError
from mnist_keras.files import MODEL_FILE, check_regular_file, read_json, sha256
from mnist_keras.inference.predictor import shipped_models
from mnist_keras.recipes import RECIPES
from mnist_keras.recipes.recipe import Recipe

# The structure of a network, without its weights, has some kilobytes.
_MAX_CONFIG_BYTES = 10_000_000


@dataclasses.dataclass(frozen=True)
class InitialFile:
    """A `.keras` file of trained weights and what is known about it."""

    path: pathlib.Path
    #: Name of the shipped model, of the folder, or of the file without its suffix.
    name: str
    #: The recipe it was trained by; None if neither a config or card nor the name of the model tells it.
    recipe: Recipe | None


def find_initial_file(name_or_path: str | os.PathLike) -> InitialFile:
    """Finds the `.keras` file of a trained network.

    Args:
        name_or_path: the name of a shipped model, the folder of a run or of an export, or a `.keras` file.

    Raises:
        InputError: there is no such file, it is not the one that its card describes, or it is an ensemble.
    """
    path = pathlib.Path(name_or_path)
    if not path.exists():
        models = shipped_models()
        if str(name_or_path) not in models:
            raise InputError(
                f"There are no trained weights of this name. Expected: the folder of a run or an export, a .keras "
                f"file, or a shipped model: {', '.join(models)}. Received: {str(name_or_path)!r}."
            )
        path = models[str(name_or_path)].parent
    check_regular_file(path)
    file = path / MODEL_FILE if path.is_dir() else path
    name = file.parent.resolve().name if file.name == MODEL_FILE else file.stem
    recorded = _read_record(file)
    recipe = _recorded_recipe(recorded)
    if recipe:
        check_one_network(recipe, name)
    if not file.is_file() or file.suffix != ".keras":
        raise InputError(
            f"{name} has no trained weights to start from. Expected: a .keras file, or a folder with {MODEL_FILE}. "
            f"Received: {path}. Export the run with --formats=keras and the formats that it has."
        )
    checksum = _recorded_checksum(recorded)
    if checksum and checksum != sha256(file):
        raise InputError(
            f"{file} is not the one that card.json beside it describes: their SHA-256 differ. It is damaged or was "
            "replaced. Export it again, or move it to another folder."
        )
    return InitialFile(file, name, recipe or RECIPES.get(_model_name(file)))


def check_one_network(recipe: Recipe, name: str) -> None:
    """Raises InputError if a recipe, or the one of the initial model of that name, is an ensemble."""
    if recipe.ensemble_size > 1:
        raise InputError(
            f"An ensemble cannot start from trained weights, or be them. Expected: one network. Received: {name} with "
            f"ensemble_size={recipe.ensemble_size}. Train one network with --ensemble_size=1 from the weights of one, "
            "such as the run of a member."
        )


def fine_tuning_recipe(recipe: Recipe, new_head: bool, given: Collection[str] = ()) -> tuple[Recipe, tuple[str, ...]]:
    """Returns a recipe for fine-tuning trained weights: a fifth of its epochs, at least 1.

    If the head keeps its weights, the network is near a good solution, and a training from scratch would lead away from
    it: the learning rate and the augmentation are halved. A new head has random weights and needs them as they are.

    Args:
        recipe: for training from scratch.
        new_head: whether the classes differ from those of the trained weights.
        given: names of fields that stay as they are.

    Returns:
        The recipe, and its changes in words.
    """
    epochs = max(1, round(recipe.epochs / 5))
    changes: dict[str, tuple[Any, str]] = {"epochs": (epochs, f"{epochs} of {recipe.epochs} epochs")}
    if not new_head:
        rate = recipe.learning_rate / 2
        changes["learning_rate"] = rate, f"learning rate {rate:g} in place of {recipe.learning_rate:g}"
        if recipe.augmentation:
            changes["augmentation"] = recipe.augmentation.halved(), "half of the augmentation"
    changes = {
        name: change for name, change in changes.items() if name not in given and change[0] != getattr(recipe, name)
    }
    values = {name: value for name, (value, _) in changes.items()}
    return dataclasses.replace(recipe, **values), tuple(text for _, text in changes.values())


def _read_record(file: pathlib.Path) -> Mapping[str, Any]:
    """Returns the content of the config.json of a run or the card.json of an export beside a file; {} without one."""
    if file.name == MODEL_FILE:
        for name in ("config.json", "card.json"):
            try:
                content = read_json(file.parent / name)
            except (OSError, ValueError):
                continue
            if isinstance(content, dict):
                return content
    return {}


def _recorded_checksum(record: Mapping[str, Any]) -> str | None:
    try:
        return str(record["files"][MODEL_FILE]["sha256"])
    except (KeyError, TypeError):
        return None


def _recorded_recipe(record: Mapping[str, Any]) -> Recipe | None:
    training = record.get("training")
    found = record.get("recipe") or (training.get("recipe") if isinstance(training, Mapping) else None)
    if not isinstance(found, Mapping):
        return None
    if found.keys() <= {field.name for field in dataclasses.fields(Recipe)}:
        try:
            return Recipe(**found)
        except TypeError:
            return None
    # The cards of some shipped models have earlier names of the fields.
    return RECIPES.get(str(found.get("name")))


def _model_name(file: pathlib.Path) -> str:
    """Returns the name of the model in a `.keras` file; "" if it cannot be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo("config.json").file_size > _MAX_CONFIG_BYTES:
                return ""
            return str(json.loads(archive.read("config.json"))["config"]["name"])
    # A damaged zip archive raises a dozen kinds of errors. Loading the model reports them.
    except Exception:
        return ""
