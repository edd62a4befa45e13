"""Modules that must not import TensorFlow: scripts, servers and PyTorch's benchmark processes use them."""

import importlib.util
import json
import subprocess
import sys

import pytest

WITHOUT_TENSORFLOW = [
    "mnist_keras",
    "mnist_keras.flag_help",
    "mnist_keras.cli",
    "mnist_keras.errors",
    "mnist_keras.atomic",
    "mnist_keras.files",
    "mnist_keras.data",
    "mnist_keras.data.digits",
    "mnist_keras.data.sources",
    "mnist_keras.data.archives",
    "mnist_keras.data.splits",
    "mnist_keras.data.forms.layouts",
    "mnist_keras.data.forms.npz",
    "mnist_keras.data.forms.idx",
    "mnist_keras.data.forms.csv_files",
    "mnist_keras.data.forms.csv_datasets",
    "mnist_keras.data.forms.image_preparation",
    "mnist_keras.data.forms.image_folders",
    "mnist_keras.data.forms.emnist",
    "mnist_keras.data.forms.qmnist",
    "mnist_keras.data.forms.kuzushiji",
    "mnist_keras.data.forms.recognize",
    "mnist_keras.data.forms.tfds_datasets",
    "mnist_keras.data.synthetic",
    "mnist_keras.data.augmentation.config",
    "mnist_keras.recipes",
    "mnist_keras.recipes.recipe",
    "mnist_keras.recipes.registry",
    "mnist_keras.recipes.published",
    "mnist_keras.recipes.own",
    "mnist_keras.recipes.ablation",
    "mnist_keras.recipes.search_space",
    "mnist_keras.distribution.workers",
    "mnist_keras.distribution.machine",
    "mnist_keras.distribution.preemption",
    "mnist_keras.distribution.subprocesses",
    "mnist_keras.distribution.ray_cluster",
    "mnist_keras.distribution.launcher",
    "mnist_keras.distribution.ray_launcher",
    "mnist_keras.training.settings",
    "mnist_keras.training.class_weights",
    "mnist_keras.training.initial_recipe",
    "mnist_keras.training.checkpoints.storage",
    "mnist_keras.training.checkpoints.schedule",
    "mnist_keras.experiments.run_folder",
    "mnist_keras.experiments.run_summary",
    "mnist_keras.experiments.tracking_tools",
    "mnist_keras.export.formats",
    "mnist_keras.export.parity",
    "mnist_keras.export.web_demo",
    "mnist_keras.export.hub",
    "mnist_keras.evaluation.metrics",
    "mnist_keras.evaluation.calibration",
    "mnist_keras.evaluation.corruptions",
    "mnist_keras.evaluation.comparison",
    "mnist_keras.evaluation.trial_order",
    "mnist_keras.inference.predictor",
    "mnist_keras.explanations.keras_source",
    "mnist_keras.inference.class_names",
    "mnist_keras.inference.input_form",
    "mnist_keras.inference.output_kind",
    "mnist_keras.inference.input_range",
    "mnist_keras.inference.tflite",
    "mnist_keras.inference.onnx",
    "mnist_keras.inference.images",
    "mnist_keras.inference.preprocessing.digit",
    "mnist_keras.inference.preprocessing.image_files",
    "mnist_keras.inference.preprocessing.normalize",
    "mnist_keras.reports.text",
    "mnist_keras.reports.style",
    "mnist_keras.reports.curves",
    "mnist_keras.reports.evaluation_figures",
    "mnist_keras.reports.digit_grids",
    "mnist_keras.reports.study_figures",
    "mnist_keras.reports.search_report",
    "mnist_keras.benchmarks.harness",
    "mnist_keras.benchmarks.report",
    # Comes with the extra ray.
    *(["mnist_keras.inference.batch.job"] if importlib.util.find_spec("pyarrow") else []),
]
# Each module is imported in its own fork, so that it cannot hide an import of the next one. numpy, Pillow and
# matplotlib, which import no TensorFlow, are imported once before.
IMPORT_EACH = """
import importlib, json, os, sys
import matplotlib.figure, numpy, PIL.Image

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
