"""Modules that scripts, servers and PyTorch's benchmark processes import without waiting for TensorFlow."""

import json
import subprocess
import sys

import pytest

WITHOUT_TENSORFLOW = [
    "mnist_keras.command_line",
    "mnist_keras.errors",
    "mnist_keras.checks",
    "mnist_keras.folders",
    "mnist_keras.locks",
    "mnist_keras.swapping",
    "mnist_keras.json_files",
    "mnist_keras.checksums",
    "mnist_keras.shipped",
    "mnist_keras.digits",
    "mnist_keras.digits.arrays",
    "mnist_keras.digits.sources",
    "mnist_keras.digits.idx",
    "mnist_keras.digits.drawn",
    "mnist_keras.augmentation",
    "mnist_keras.recipe",
    "mnist_keras.recipes",
    "mnist_keras.recipes.published",
    "mnist_keras.recipes.own",
    "mnist_keras.ablation",
    "mnist_keras.workers",
    "mnist_keras.environment",
    "mnist_keras.memory",
    "mnist_keras.stopping",
    "mnist_keras.launching",
    "mnist_keras.settings",
    "mnist_keras.checkpoints.folder",
    "mnist_keras.checkpoints.schedule",
    "mnist_keras.run_folder",
    "mnist_keras.exporting.formats",
    "mnist_keras.exporting.places",
    "mnist_keras.evaluation",
    "mnist_keras.calibration",
    "mnist_keras.robustness",
    "mnist_keras.comparison",
    "mnist_keras.prediction",
    "mnist_keras.prediction.tflite",
    "mnist_keras.prediction.onnx",
    "mnist_keras.reading",
    "mnist_keras.own_images.files",
    "mnist_keras.own_images.seeing",
    "mnist_keras.figures.canvas",
    "mnist_keras.figures.curves",
    "mnist_keras.figures.confusion",
    "mnist_keras.figures.digit_grids",
    "mnist_keras.figures.accuracies",
    "mnist_keras.benchmarks.turns",
    "mnist_keras.benchmarks.report",
]
# Each import happens in a fork of its own, so that one module cannot hide what another one imports.
IMPORT_EACH = """
import importlib, json, os, sys

imported = {}
for name in sys.argv[1:]:
    reader, writer = os.pipe()
    if not os.fork():
        importlib.import_module(name)
        heavy = sorted({"tensorflow", "keras", "torch"} & set(sys.modules))
        os.write(writer, json.dumps(heavy).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    with open(reader) as file:
        imported[name] = file.read()
print(json.dumps(imported))
"""


@pytest.fixture(scope="module")
def imported():
    command = [sys.executable, "-c", IMPORT_EACH, *WITHOUT_TENSORFLOW]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("module", WITHOUT_TENSORFLOW)
def test_imports_no_tensorflow(imported, module):
    assert imported[module] == "[]"
