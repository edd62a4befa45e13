"""Golden values of every file, the example that checks them, and the C array."""

import importlib.util
import json

import numpy as np
import pytest
from example_files import load_example
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.export.formats import FORMATS
from mnist_keras.inference.c_array import read_c_array
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.inference.predictor import load_predictor


def test_golden_values_of_every_file(folder, card, capsys):
    golden = json.loads((folder / "golden.json").read_text())["files"]
    assert golden.keys() == card["files"].keys()
    for name, values in golden.items():
        assert len(values["outputs"]) == (1 if "image" in values else 10)
        if FORMATS[card["files"][name]["format"]].input_dtype != "float32" and "image" not in values:
            inputs = np.array(values["inputs"])
            assert inputs.shape == (10, 784) and np.issubdtype(inputs.dtype, np.integer)
    model = load_keras_model(folder / "model.keras")
    assert not model.compiled
    logits = model(np.reshape(golden["model.keras"]["inputs"], (-1, 28, 28, 1)))
    np.testing.assert_allclose(logits, golden["model.keras"]["outputs"], atol=golden["model.keras"]["tolerance"])
    with Image.open(folder / "golden_picture.png") as picture:
        assert picture.size == (224, 224) and picture.mode == "L"
    assert load_example("check_golden").main(folder) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(list(folder.glob("*.tflite")))


def test_a_differing_file_fails_the_golden_check(folder, tmp_path, capsys):
    golden = json.loads((folder / "golden.json").read_text())
    golden["files"]["mnist_int8_io.tflite"]["outputs"][3][3] -= 20
    (tmp_path / "golden.json").write_text(json.dumps(golden))
    for name in ("mnist.tflite", "mnist_int8_io.tflite"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert load_example("check_golden").main(tmp_path) == 1
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["ok", "differs"]


def test_the_c_array_holds_the_file_and_its_numbers(folder, card, tmp_path):
    content = (folder / "mnist_int8_io.tflite").read_bytes()
    array = read_c_array(folder / "mnist_model.c")
    assert content.startswith(array)
    header = (folder / "mnist_model.h").read_text()
    contract = card["files"]["mnist_model.c"]
    assert f"#define MNIST_INPUT_SCALE {contract['input']['scale']}f" in header
    assert f"#define MNIST_OUTPUT_ZERO_POINT ({contract['outputs']['probabilities']['zero_point']})" in header
    if importlib.util.find_spec("tflite_micro"):
        assert 0 < contract["arena_bytes"] < 20_000
        assert f"#define MNIST_ARENA_BYTES {contract['arena_bytes']}" in header
    (tmp_path / "other.c").write_text("int main(void) { return 0; }")
    with pytest.raises(InputError, match="is no C source with a model"):
        load_predictor(tmp_path / "other.c", trusted=True)
