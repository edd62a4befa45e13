"""A trained model leaves for other people's apps: written, read back, compared, described."""

import dataclasses
import os
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.atomic import atomic_folder
from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.experiments.run_folder import MODEL_FILE, read_run
from mnist_keras.export.card import LABELS, describe_contract, describe_model, write_golden
from mnist_keras.export.formats import DEFAULT_FORMATS, FORMATS, PICTURE_FORMATS, check_replaceable, expand_formats
from mnist_keras.export.onnx import write_onnx
from mnist_keras.export.parity import check_parity
from mnist_keras.export.readme import describe_export
from mnist_keras.export.saved_model import write_saved_model
from mnist_keras.export.tflite import calibration_images, embed_metadata, write_tflite
from mnist_keras.files import sha256, write_json
from mnist_keras.inference.keras_model import keras_predict_function, load_keras_model
from mnist_keras.inference.preprocessing.normalize_ops import normalize_each

_TRAINING = ("recipe", "seed", "flags", "date", "versions", "git_commit")


def export_run(
    run: str | os.PathLike,
    folder: str | os.PathLike,
    digits: Digits,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> dict[str, Any]:
    """Writes a file of each format, `labels.txt`, `golden.json`, `card.json` and `README.md`, all or none.

    The files are read back in a fresh process and must answer like the run's model on the test images.

    Args:
        run: a folder from `save_run`.
        folder: an export that stands there is replaced when the new one is complete.
        digits: whose test images the files are compared on; some of its training images calibrate 8 bits.
        formats: names of `FORMATS`.

    Returns:
        The card.

    Raises:
        InputError: `run` is no run; `folder` holds something else, or an export trained on MNIST and this
            model was not; the files could not be written, or do not answer like the model.
    """
    run, folder = pathlib.Path(run), pathlib.Path(folder)
    formats = expand_formats(formats)
    config, report = read_run(run)
    check_replaceable(folder, config["dataset"]["name"])
    model = load_keras_model(run / MODEL_FILE)
    predict = keras_predict_function(model)
    probabilities = predict(digits.test_images)
    expected = dict.fromkeys(formats, probabilities)
    if set(formats) & set(PICTURE_FORMATS):
        normalized = normalize_each(digits.test_images[..., np.newaxis]).digit.numpy().astype(np.uint8)
        expected |= dict.fromkeys(PICTURE_FORMATS, predict(normalized))
    calibration = calibration_images(digits.train_images, digits.train_labels)
    try:
        with atomic_folder(folder, replace=True) as new:
            card = describe_model(config, report)
            files = {name: _write(model, new / FORMATS[name].file, name, card, calibration) for name in formats}
            (new / "labels.txt").write_text("\n".join(LABELS) + "\n")
            write_golden(new, digits, probabilities)
            parity = check_parity(
                new, digits.test_images, digits.test_labels, {name: expected[name] for name in formats}
            )
            card["files"] = {
                FORMATS[name].file: {
                    **contract,
                    "sha256": sha256(new / FORMATS[name].file),
                    "parity": dataclasses.asdict(parity[name]),
                }
                for name, contract in files.items()
            }
            card["training"] = {key: config[key] for key in _TRAINING}
            write_json(new / "card.json", card)
            (new / "README.md").write_text(describe_export(card), encoding="utf-8")
    except tf.errors.OpError as error:
        # TensorFlow wraps its message in names of nodes and operations.
        reason = re.sub(r"\{\{.*?\}\}|\[Op:.*?\]", "", error.message).strip()
        raise InputError(f"{folder} could not be written: {reason}. Nothing was changed.") from error
    return card


def _write(
    model: keras.Model, path: pathlib.Path, name: str, card: Mapping[str, Any], calibration: np.ndarray
) -> dict[str, Any]:
    """Writes one file; returns its contract, which with the card so far travels inside the file too."""
    if name == "saved_model":
        write_saved_model(model, path)
    elif name in ("onnx", "onnx_picture"):
        write_onnx(model, path, name, {**card, **describe_contract(name, path)})
    else:
        write_tflite(model, path, name, calibration)
        embed_metadata(path, {**card, **describe_contract(name, path)}, LABELS)
    return describe_contract(name, path)
