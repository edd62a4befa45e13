"""Where an export goes, and what it may replace."""

import os
import pathlib

from mnist_keras.errors import InputError
from mnist_keras.json_files import read_json


def default_folder(root: str | os.PathLike, recipe: str, dataset: str) -> pathlib.Path:
    """`root`/RECIPE; or `root`/RECIPE-DATASET where an export trained on MNIST would have to give way."""
    folder = pathlib.Path(root) / recipe
    keeps = dataset != "mnist" and _dataset_of(folder) == "mnist"
    return folder.with_name(f"{recipe}-{dataset}") if keeps else folder


def refuse_to_replace(folder: pathlib.Path, dataset: str) -> None:
    """Raises InputError if an export of a model trained on `dataset` may not replace what stands there."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    standing = _dataset_of(folder)
    if standing is None:
        raise InputError(f"{folder} exists and is no export (it has no card.json). Choose another folder.")
    if standing == "mnist" and dataset != "mnist":
        raise InputError(
            f"{folder} holds an export trained on MNIST; one trained on {dataset!r} does not replace it. "
            "Choose another folder, or move that export away."
        )


def _dataset_of(folder: pathlib.Path) -> str | None:
    try:
        return read_json(folder / "card.json")["dataset"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
