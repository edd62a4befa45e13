import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from mnist_keras.export.parity import check_parity
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(scope="module")
def expected(trained_run, tiny):
    return load_predictor(trained_run).predict(tiny.test_images)


def test_a_file_is_compared_with_the_model(export, tiny, expected):
    parity, failures = check_parity(export, tiny.test_images, tiny.test_labels, {"float32": expected})
    assert list(parity) == ["float32"]
    assert failures == {}
    assert parity["float32"].bytes == (export / "mnist.tflite").stat().st_size
    # The export compared the same file.
    card = json.loads((export / "card.json").read_text())
    for file, measured in card["files"].items():
        figures = measured["parity"]
        assert figures["classes_agreeing"] == figures["correct"] == figures["examples"] == 30, file
        assert figures["largest_difference"] <= 1e-5
        assert figures["microseconds"] > 0
    # Another softmax rounds in another way.
    varying = {"microseconds": 0, "largest_difference": 0}
    assert dataclasses.asdict(parity["float32"]) | varying == card["files"]["mnist.tflite"]["parity"] | varying
    assert card["files"]["saved_model"]["parity"]["bytes"] > 30000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda right: right + 1e-4, "within 1e-05. Received: 30 of 30 equal classes, a difference of 0.0001"),
        (lambda right: right[:, ::-1], "at least 100.0% equal classes, .* Received: 0 of 30"),
        (lambda right: right * np.nan, "a difference of nan"),
    ],
)
def test_a_file_that_predicts_differently_fails(export, tiny, expected, change, message):
    parity, failures = check_parity(export, tiny.test_images, tiny.test_labels, {"float32": change(expected)})
    assert parity == {}
    assert re.search(f"mnist.tflite does not predict like the model. .*{message}", failures["float32"])


def test_a_damaged_file_fails_alone(export, tiny, expected, tmp_path):
    broken = shutil.copytree(export, tmp_path / "broken")
    # The parity check runs before an export has a card.
    (broken / "card.json").unlink()
    (broken / "mnist.tflite").write_bytes((export / "mnist.tflite").read_bytes()[:500])
    shutil.copy(export / "mnist.tflite", broken / "mnist_float16.tflite")
    wanted = {"float32": expected, "float16": expected}
    parity, failures = check_parity(broken, tiny.test_images, tiny.test_labels, wanted)
    assert list(parity) == ["float16"]
    assert re.search("mnist.tflite cannot be read back: .*mnist.tflite is a damaged TFLite", failures["float32"])


def test_8_bit_formats_must_predict_the_same_classes_whatever_the_difference(export, tiny, expected, tmp_path):
    # Their tolerance for a single probability is 1, which every probability keeps.
    shutil.copy(export / "mnist.tflite", tmp_path / "mnist_int8.tflite")
    assert check_parity(tmp_path, tiny.test_images, tiny.test_labels, {"int8": expected})[0]["int8"].correct == 30
    _, failures = check_parity(tmp_path, tiny.test_images, tiny.test_labels, {"int8": expected[:, ::-1]})
    assert re.search("at least 98.0% equal classes, .* Received: 0 of 30 equal classes", failures["int8"])
