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
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.export.c_array import write_c_array
from mnist_keras.export.card import describe_contract, describe_model, describe_training
from mnist_keras.export.formats import (
    DEFAULT_FORMATS,
    FORMATS,
    NUMBER_FORMATS,
    PICTURE_FORMATS,
    check_replaceable,
    expand_formats,
)
from mnist_keras.export.golden import write_golden
from mnist_keras.export.onnx import write_onnx
from mnist_keras.export.parity import check_parity
from mnist_keras.export.readme import describe_export
from mnist_keras.export.saved_model import write_saved_model
from mnist_keras.export.tflite import calibration_images, embed_metadata, write_tflite
from mnist_keras.files import MODEL_FILE, sha256, write_json
from mnist_keras.inference.class_names import LABELS_FILE, names_from_settings
from mnist_keras.inference.keras_model import keras_predict_function, load_keras_model
from mnist_keras.inference.preprocessing.normalize_ops import normalize_each
from mnist_keras.inference.preprocessing.numbers_ops import normalize_all_checked
from mnist_keras.inference.tflite import enlarge


def export_run(
    run: str | os.PathLike,
    folder: str | os.PathLike,
    digits: Digits,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> dict[str, Any]:
    """Exports the model of a run to a folder. Formats that fail are left out; if all fail, nothing is changed.

    The folder holds a file per format, `labels.txt`, `golden.json`, `golden.png`, `card.json` and `README.md`. A fresh
    process loads the exported files. Their predictions on the test images must agree with the Keras model.

    Args:
        run: a folder from `save_run`.
        folder: the export's folder. An existing export is replaced when the new one is complete.
        digits: the dataset. The exported files are compared on its test images; 8-bit formats are calibrated on some of
            its training images.
        formats: names of `FORMATS`, or "all".

    Returns:
        The content of `card.json`.

    Raises:
        InputError: `run` is not a run's folder; `digits` has other classes than the run; a format does not fit them;
            `folder` holds something else than an export, or an export trained on
            MNIST while this model was trained on another dataset; the folder cannot be written.
        IncompleteExport: a format cannot be written or read back, or predicts differently. The others are exported.
    """
    run, folder = pathlib.Path(run), pathlib.Path(folder)
    config, report = read_run(run)
    class_names = names_from_settings(config)
    _check_same_classes(run, class_names, digits)
    formats = expand_formats(formats, class_names)
    check_replaceable(folder, config["dataset"]["name"])
    model = load_keras_model(run / MODEL_FILE)
    probabilities, expected = _expected_probabilities(model, digits.test_images, formats)
    calibration = calibration_images(digits.train_images, digits.train_labels)
    try:
        with atomic_folder(folder, replace=True) as new:
            card = describe_model(config, report)
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
            card["training"] = describe_training(config)
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


def _check_same_classes(run: pathlib.Path, class_names: tuple[str, ...], digits: Digits) -> None:
    if digits.class_names != class_names:
        raise InputError(
            f"{run} and the dataset {digits.name} have other classes. Expected: the {len(class_names)} classes of the "
            f"run, {_first(class_names)}. Received: {len(digits.class_names)}, "
            f"{_first(digits.class_names)}. Choose the dataset of the run by --dataset and --data_dir."
        )


def _first(names: Sequence[str], maximum: int = 5) -> str:
    return ", ".join(names[:maximum]) + (", ..." if len(names) > maximum else "")


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


def _expected_probabilities(
    model: keras.Model, images: np.ndarray, formats: Sequence[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the model's probabilities on the images, and those that each format must reproduce.

    Formats that normalize their input must reproduce the model's probabilities on the normalized images.
    """
    predict = keras_predict_function(model)
    probabilities = predict(images)
    expected = dict.fromkeys(formats, probabilities)
    normalizing = [name for name in formats if name in PICTURE_FORMATS and name != "mediapipe"]
    if normalizing:
        expected |= dict.fromkeys(normalizing, predict(_normalize(images[..., np.newaxis])))
    for name in set(formats) & set(NUMBER_FORMATS):
        found = [normalize_all_checked(image[..., np.newaxis]) for image in images[: FORMATS[name].max_images]]
        first = np.stack([digits.digits[0] for digits in found]).astype(np.uint8)
        has_digit = np.array([digits.count > 0 for digits in found])
        expected[name] = np.where(has_digit[:, np.newaxis], predict(first), np.float32(0.1))
    if "mediapipe" in formats:
        pictures = enlarge(images[: FORMATS["mediapipe"].max_images])
        expected["mediapipe"] = predict(_normalize(np.repeat(pictures[..., np.newaxis], 3, axis=3)))
    return probabilities, expected


def _normalize(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(normalize_each(pictures).digit).astype(np.uint8)


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
