"""Predictions of 8-bit TFLite files, and the check of a file that no card confirms."""

import pathlib
import shutil
import sys

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.errors import InputError, InputWarning
from mnist_keras.files import project_folder
from mnist_keras.inference import loading
from mnist_keras.inference.predictor import load_predictor

EXPORTED = project_folder("exported")


@pytest.fixture
def stray(export, tmp_path):
    """A file without a card beside it."""
    return pathlib.Path(shutil.copy(export / "mnist.tflite", tmp_path))


@pytest.fixture
def python_that(tmp_path, monkeypatch):
    def run(shell):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{shell}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return run


def test_a_valid_file_is_read(stray, export, tiny):
    expected = load_predictor(export / "mnist.tflite").predict(tiny.test_images)
    assert (load_predictor(stray).predict(tiny.test_images) == expected).all()


@pytest.mark.parametrize(
    ("shell", "message"),
    [
        ("kill -SEGV $$", r"damaged TFLite file: it takes down the process that loads it \(SIGSEGV\)"),
        ("echo note >&2; echo 'no such operator' >&2; exit 1", "^no such operator$"),
        ("exit 3", "cannot be loaded"),
        ("exec sleep 60", r"had not predicted two digits in 0.2 s"),
    ],
)
def test_one_that_is_not(stray, python_that, monkeypatch, shell, message):
    monkeypatch.setattr(loading, "_SECONDS", 0.2 if "sleep" in shell else 20)
    python_that(shell)
    with pytest.raises(InputError, match=message):
        load_predictor(stray)


def test_a_saved_model_without_a_card_is_loaded_in_a_subprocess_first(export, tmp_path, python_that):
    copy = shutil.copytree(export / "saved_model", tmp_path / "theirs")
    python_that("echo 'theirs wrote a file' >&2; exit 1")
    with (
        pytest.warns(InputWarning, match="theirs is a SavedModel that no card confirms.* can read and write files"),
        pytest.raises(InputError, match="^theirs wrote a file$"),
    ):
        load_predictor(copy)


def test_a_file_confirmed_by_its_card_is_loaded_without_a_trial(export, stray, python_that):
    python_that("exit 3")
    load_predictor(export / "mnist.tflite")
    load_predictor(export / "saved_model")
    load_predictor(stray, trusted=True)


@pytest.mark.parametrize("name", ["mnist.tflite", "saved_model"])
def test_a_file_contradicted_by_its_card_is_refused(export, tmp_path, name):
    copy = shutil.copytree(export, tmp_path / "export")
    damaged = copy / name
    damaged = damaged if damaged.is_file() else damaged / "variables" / "variables.index"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is not the one that card.json beside it describes"):
        load_predictor(copy / name)


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"dataset": {"name": "x"}, "files": 3}', '{"dataset": 3}', "\x00"])
def test_a_card_without_fields_is_ignored(stray, card, tiny):
    (stray.parent / "card.json").write_text(card)
    assert load_predictor(stray).predict(tiny.test_images[:1]).shape == (1, 10)


EIGHT_BIT = [path for name in ("int8", "int8_io", "uint8_io") for path in EXPORTED.glob(f"*/mnist_{name}.tflite")]


# cnn_augmented has no dense layer.
@pytest.mark.parametrize(
    "path",
    [path for path in EIGHT_BIT if path.parent.name != "cnn_augmented"],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_a_dense_layer_of_an_8_bit_file_has_one_scale(path):
    """tflite-runtime 2.7 and 2.9 compute wrong predictions with a scale per output, and report no error."""
    interpreter = Interpreter(str(path), num_threads=1)
    weights = [tensor for tensor in interpreter.get_tensor_details() if len(tensor["shape"]) == 2]
    kernels = [tensor for tensor in weights if tensor["dtype"] is np.int8 and tensor["shape"][0] == 10]
    assert len(kernels) == (3 if path.parent.name == "ensemble" else 1)
    assert {len(kernel["quantization_parameters"]["scales"]) for kernel in kernels} == {1}


@pytest.mark.parametrize(
    ("model", "file", "offset"), [("compact_1k", "mnist_int8_io", 128), ("cnn_robust", "mnist_uint8_io", 0)]
)
def test_each_pixel_value_becomes_its_own_8_bit_number(model, file, offset):
    path = project_folder("exported") / model / f"{file}.tflite"
    images = np.arange(4 * 784, dtype=np.int64).reshape(4, 28, 28) % 256
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = target["quantization"]
    expected = []
    for image in images:
        interpreter.set_tensor(source["index"], (image - offset).astype(source["dtype"]).reshape(1, 28, 28, 1))
        interpreter.invoke()
        expected.append((interpreter.get_tensor(target["index"])[0].astype(np.float32) - zero) * scale)
    received = load_predictor(path).predict(images.astype(np.uint8))
    # Steps of 1/256 do not add up to 1; probabilities do.
    np.testing.assert_allclose(received, expected / np.sum(expected, axis=1, keepdims=True), atol=1e-6)
