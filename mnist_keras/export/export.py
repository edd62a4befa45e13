"""Exports a run: writes the files, compares their predictions with the model, and describes them."""

import dataclasses
import os
import pathlib
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.atomic import atomic_folder
from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.export.c_array import write_c_array
from mnist_keras.export.card import describe_contract
from mnist_keras.export.expected import expected_probabilities
from mnist_keras.export.formats import (
    DEFAULT_FORMATS,
    FORMATS,
    check_replaceable,
    expand_formats,
)
from mnist_keras.export.golden import write_golden
from mnist_keras.export.onnx import write_onnx
from mnist_keras.export.parity import check_parity
from mnist_keras.export.readme import describe_export
from mnist_keras.export.saved_model import write_saved_model
from mnist_keras.export.source import Source, check_same_classes, read_file, read_run_folder
from mnist_keras.export.tflite import calibration_images, embed_metadata, write_tflite
from mnist_keras.files import sha256, write_json
from mnist_keras.inference.class_names import LABELS_FILE


def export_run(
    run: str | os.PathLike,
    folder: str | os.PathLike,
    digits: Digits,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> dict[str, Any]:
    """Exports the model of a run to a folder, a file per format, and compares each file with the model.

    The folder also holds `labels.txt`, `golden.json`, `golden.png`, `card.json` and `README.md`. A fresh process loads
    the exported files. Their predictions on the test images must agree with the Keras model. Formats that fail are
    left out; if all fail, nothing is changed.

    Args:
        run: a folder from `save_run`.
        folder: the export's folder. An existing export is replaced when the new one is complete.
        digits: the dataset of the run. The exported files are compared on its test images; 8-bit formats are
            calibrated on some of its training images.
        formats: names of `FORMATS`, or "all".

    Returns:
        The content of `card.json`.

    Raises:
        InputError: `run` is not a run's folder; `digits` has other classes than the model; a format does not fit them;
            `folder` holds something else than an export, or an export trained on MNIST while this model was trained on
            another dataset; the folder cannot be written.
        IncompleteExport: a format cannot be written or read back, or predicts differently. The others are exported.
    """
    return write_export(read_run_folder(pathlib.Path(run)), folder, digits, formats)


def export_model(
    file: str | os.PathLike,
    folder: str | os.PathLike,
    digits: Digits,
    formats: Sequence[str] = DEFAULT_FORMATS,
    input_range: str = "auto",
) -> dict[str, Any]:
    """Exports a Keras model of someone else to a folder, as `export_run` does.

    The exported files have the input and output of this package's models. An `InputWarning` says what was assumed. The
    card says that the training is not known.

    Args:
        file: a `.keras`, `.h5` or `.hdf5` file.
        folder: see `export_run`.
        digits: as of `export_run`. The card's test accuracy is that on its test images.
        formats: names of `FORMATS`, or "all".
        input_range: "auto", "1" or "255", see `load_predictor`.

    Returns:
        The content of `card.json`.

    Raises:
        InputError: the file is no Keras model that maps images to classes; or see `export_run`.
        IncompleteExport: see `export_run`.
    """
    return write_export(read_file(pathlib.Path(file), digits, input_range), folder, digits, formats)


def write_export(
    source: Source, folder: str | os.PathLike, digits: Digits, formats: Sequence[str] = DEFAULT_FORMATS
) -> dict[str, Any]:
    """Exports a model to a folder, see `export_run`, also for the arguments, what is returned and what is raised."""
    folder = pathlib.Path(folder)
    model, class_names = source.model, source.class_names
    check_same_classes(source.path, class_names, digits)
    formats = expand_formats(formats, class_names)
    check_replaceable(folder, source.dataset)
    probabilities, expected = expected_probabilities(model, digits.test_images, formats)
    calibration = calibration_images(digits.train_images, digits.train_labels)
    try:
        with atomic_folder(folder, replace=True) as new:
            card = dict(source.card)
            files, failures = _write_all(model, new, formats, card, calibration, class_names)
            (new / LABELS_FILE).write_text("\n".join(class_names) + "\n", encoding="utf-8", newline="\n")
            parity, differing = check_parity(
                new, digits.test_images, digits.test_labels, {name: expected[name] for name in files}
            )
            failures |= differing
            for name in differing:
                _remove(new / FORMATS[name].file)
                files.pop(name)
            if not parity:
                raise InputError("\n".join([*failures.values(), f"Nothing was exported to {folder}."]))
            card["files"] = {
                FORMATS[name].file: {
                    **contract,
                    "sha256": sha256(new / FORMATS[name].file),
                    "parity": dataclasses.asdict(parity[name]),
                }
                for name, contract in files.items()
            }
            write_golden(new, model, digits, probabilities, tuple(files))
            card["training"] = source.training
            write_json(new / "card.json", card)
            (new / "README.md").write_text(describe_export(card), encoding="utf-8")
    except tf.errors.OpError as error:
        # TensorFlow adds names of nodes and operations to its message.
        reason = re.sub(r"\{\{.*?\}\}|\[Op:.*?\]", "", error.message).strip()
        raise InputError(
            f"{folder} could not be written: {reason}. Nothing was changed. "
            "Check the free disk space, or choose another folder."
        ) from error
    if failures:
        raise IncompleteExport(folder, failures, card)
    return card


class IncompleteExport(InputError):
    """Some formats of an export failed. The others were exported."""

    def __init__(self, folder: pathlib.Path, failures: Mapping[str, str], card: dict[str, Any]):
        super().__init__("\n".join([*failures.values(), f"{folder} holds the formats {_formats_of(card)}."]))
        #: The content of `card.json`.
        self.card = card


def _formats_of(card: Mapping[str, Any]) -> str:
    return ", ".join(file["format"] for file in card["files"].values())


def _write_all(
    model: keras.Model,
    folder: pathlib.Path,
    formats: Sequence[str],
    card: Mapping,
    calibration: np.ndarray,
    class_names: tuple[str, ...],
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Returns the contract of each written file, and a message for each format that cannot be written."""
    files, failures = {}, {}
    for name in formats:
        path = folder / FORMATS[name].file
        try:
            files[name] = _write(model, path, name, card, calibration, class_names)
        except InputError as error:
            failures[name] = f"{path.name} cannot be written: {error}"
            _remove(path)
    return files, failures


def _remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
        return
    path.unlink(missing_ok=True)
    if path.suffix == ".c":
        path.with_suffix(".h").unlink(missing_ok=True)


def _write(
    model: keras.Model,
    path: pathlib.Path,
    name: str,
    card: Mapping[str, Any],
    calibration: np.ndarray,
    class_names: tuple[str, ...],
) -> dict[str, Any]:
    """Writes the file of a format, with the card so far and the file's contract inside. Returns the contract."""
    if name == "saved_model":
        write_saved_model(model, path, class_names)
    elif name == "keras":
        model.save(path)
    elif name in ("onnx", "onnx_picture", "onnx_numbers"):
        write_onnx(model, path, name, {**card, **describe_contract(name, path, class_names)})
    else:
        return _write_tflite(model, path, name, card, calibration, class_names)
    return describe_contract(name, path, class_names)


def _write_tflite(
    model: keras.Model,
    path: pathlib.Path,
    name: str,
    card: Mapping[str, Any],
    calibration: np.ndarray,
    class_names: tuple[str, ...],
) -> dict[str, Any]:
    """Writes a TFLite file with the card and the file's contract inside, or a C array. Returns the contract."""
    file = path.with_suffix(".tflite")
    write_tflite(model, file, "int8_io" if name == "c_array" else name, calibration, class_names)
    contract = describe_contract(name, file, class_names)
    if name == "c_array":
        write_c_array(path, file.read_bytes(), card["name"], contract, class_names)
        file.unlink()
    else:
        embed_metadata(file, {**card, **contract}, class_names, compressed=name != "mediapipe")
    return contract
