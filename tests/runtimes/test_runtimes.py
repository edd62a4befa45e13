"""The shipped files in runtimes of other people, each installed in an environment of its own."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from matrix import RUNTIMES, check, install
from PIL import Image

from mnist_keras.files import project_folder

EXPORTS = [project_folder("exported") / name for name in ("cnn_augmented", "cnn_robust", "compact_1k")]
PICTURES = ("mnist_picture.tflite", "mnist_canvas.tflite", "mnist_mediapipe.tflite")
NUMBERS = ("mnist_numbers.tflite", "mnist_canvas_numbers.tflite")

pytestmark = pytest.mark.slow


def run(name, folder, aarch64=None):
    """Returns what the runtime answers by file, on ten golden digits and the golden picture."""
    command = install(RUNTIMES[name], folder / "environment", aarch64)
    if command is None:
        pytest.skip(f"{RUNTIMES[name].python} is missing")
    vectors = json.loads((EXPORTS[0] / "golden.json").read_text())["vectors"]
    digits = np.round(255 * np.array([vector["pixels"] for vector in vectors])).astype(int).reshape(-1, 28, 28)
    images = {"images": digits.tolist(), "labels": [vector["label"] for vector in vectors]}
    images["picture"] = np.asarray(Image.open(EXPORTS[1] / "golden_picture.png")).tolist()
    (folder / "images.json").write_text(json.dumps(images))
    return check(RUNTIMES[name], command, folder / "images.json", EXPORTS, folder)


def check_answers(answers, refused=()):
    """Every file is right, except those that the runtime refuses with an error."""
    assert len(answers) >= 13
    assert {file for file, answer in answers.items() if "error" in answer} == set(refused)
    right = {file: answer for file, answer in answers.items() if "error" not in answer}
    assert {file for file, answer in right.items() if not answer["golden"] <= 1} == set()
    assert {answer["correct"] for answer in right.values()} == {10}


def files(answers, *names):
    return {file for file in answers if file.split("/")[1] in names}


def test_tflite_runtime(tmp_path):
    check_answers(run("tflite-runtime 2.14", tmp_path))


def test_openvino(tmp_path):
    answers = run("OpenVINO", tmp_path)
    # It has no If, and refuses a strided slice of the preprocessing. It reads both as ONNX.
    check_answers(answers, files(answers, *PICTURES, *NUMBERS))


def test_tensorflow_lite_micro(tmp_path):
    answers = run("TensorFlow Lite Micro", tmp_path)
    check_answers(answers, files(answers, "mnist_float16.tflite", *PICTURES, *NUMBERS))


def test_mediapipe(tmp_path):
    answers = run("MediaPipe", tmp_path)
    name = "cnn_robust/mnist_mediapipe.tflite"
    # It refuses the other files.
    check_answers(answers, set(answers) - {name})
    page = (EXPORTS[1] / "README.md").read_text()
    [code] = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "mediapipe" in block]
    Image.open(EXPORTS[1] / "golden_picture.png").convert("RGB").save(tmp_path / "photo.png")
    shutil.copy(EXPORTS[1] / "mnist_mediapipe.tflite", tmp_path)
    python = tmp_path / "environment" / "bin" / "python"
    printed = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "category_name='4'" in printed


@pytest.mark.skipif("MNIST_KERAS_AARCH64" not in os.environ, reason="set MNIST_KERAS_AARCH64 to a folder of aarch64.sh")
def test_litert_on_aarch64(tmp_path):
    check_answers(run("LiteRT (aarch64)", tmp_path, os.environ["MNIST_KERAS_AARCH64"]))
