import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.export import export as export_module
from mnist_keras.export.export import IncompleteExport, export_run
from mnist_keras.export.formats import default_export_folder
from mnist_keras.export.tflite import write_tflite
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.rejector import preprocessing_variables


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def set_dataset(folder, file, name):
    content = json.loads((folder / file).read_text())
    content["dataset"]["name"] = name
    (folder / file).write_text(json.dumps(content))


@pytest.fixture
def run(trained_run, tmp_path):
    """A copy of the shared run."""
    return pathlib.Path(shutil.copytree(trained_run, tmp_path / "run"))


@pytest.fixture
def existing(export, tmp_path):
    """A copy of the shared export."""
    return pathlib.Path(shutil.copytree(export, tmp_path / "exported" / "linear"))


def test_files_of_an_export(export):
    described = {"labels.txt", "golden.json", "golden.png", "card.json", "README.md"}
    assert {path.name for path in export.iterdir()} == {"saved_model", "mnist.tflite"} | described
    assert (export / "labels.txt").read_text().split() == list("0123456789")
    card = json.loads((export / "card.json").read_text())
    assert card["parameters"] == 7850
    assert card["figures"]["examples"] == 30
    assert card["training"]["flags"] == {"epochs": 10}
    for name in ("saved_model", "mnist.tflite"):
        parity = card["files"][name]["parity"]
        assert parity["classes_agreeing"] == parity["examples"] == 30
        assert 0 <= parity["largest_difference"] <= 1e-5


def test_tensorflow_runs_the_saved_model_without_this_package(export, trained_run, tiny, tmp_path):
    np.save(tmp_path / "images.npy", tiny.test_images)
    code = f"""
import sys
import numpy as np, tensorflow as tf
serve = tf.saved_model.load({str(export / "saved_model")!r}).signatures["serving_default"]
images = np.load("images.npy")
answers = serve(images=tf.constant(images))
assert len(serve(images=tf.constant(images[:7]))["classes"]) == 7
assert "mnist_keras" not in sys.modules
np.savez("answers.npz", **{{name: value.numpy() for name, value in answers.items()}})
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    expected = load_predictor(trained_run).predict(tiny.test_images)
    answers = np.load(tmp_path / "answers.npz")
    np.testing.assert_allclose(answers["probabilities"], expected, atol=1e-5)
    np.testing.assert_array_equal(answers["classes"], expected.argmax(axis=1))


def test_litert_runs_the_tflite_file_without_tensorflow(export, trained_run, tiny, tmp_path):
    np.save(tmp_path / "images.npy", tiny.test_images)
    code = f"""
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter({str(export / "mnist.tflite")!r})
serve = interpreter.get_signature_runner("serving_default")
images = np.load("images.npy")
answers = [serve(pixels=image.reshape(1, 28, 28, 1).astype("float32") / 255)["probabilities"][0] for image in images]
assert not {{"tensorflow", "keras", "mnist_keras"}} & set(sys.modules)
np.save("answers.npy", answers)
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    expected = load_predictor(trained_run).predict(tiny.test_images)
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), expected, atol=1e-5)


def test_the_saved_model_stores_every_weight_once(export):
    checkpoint = tf.train.list_variables(export / "saved_model" / "variables" / "variables")
    sizes = [np.prod(shape, dtype=int) for _, shape in checkpoint if shape]
    preprocessing = sum(int(tf.size(variable)) for variable in preprocessing_variables())
    assert sum(sizes) == 7850 + preprocessing


def test_a_new_export_replaces_the_whole_folder(run, existing, tiny):
    (existing / "stale").touch()
    export_run(run, existing, tiny, ["float32"])
    assert "stale" not in listing(existing)
    assert listing(existing.parent)[0] == "linear"


def test_formats_that_fail_are_left_out_and_named(run, tiny, tmp_path, monkeypatch):
    def fail(*_):
        raise InputError("needs an operator")

    monkeypatch.setattr(export_module, "write_saved_model", fail)
    compare = export_module.check_parity

    def differ(folder, images, labels, expected):
        return compare(folder, images, labels, expected | {"float16": expected["float16"][:, ::-1]})

    monkeypatch.setattr(export_module, "check_parity", differ)
    with pytest.raises(IncompleteExport) as error:
        export_run(run, tmp_path / "new", tiny, ["saved_model", "float32", "float16"])
    card = json.loads((tmp_path / "new" / "card.json").read_text())
    assert card == error.value.card
    assert list(card["files"]) == ["mnist.tflite"]
    assert not {"saved_model", "mnist_float16.tflite"} & set(listing(tmp_path / "new"))
    first, second, last = str(error.value).splitlines()
    assert first == "saved_model cannot be written: needs an operator"
    assert "mnist_float16.tflite does not predict like the model" in second
    assert last == f"{tmp_path / 'new'} holds the formats float32."


@pytest.mark.parametrize("step", ["write_saved_model", "write_tflite", "check_parity", "write_golden"])
def test_the_existing_export_survives_a_failure(run, existing, tiny, monkeypatch, step):
    before = {name: (existing / name).stat().st_mtime_ns for name in listing(existing)}

    def fail(*_):
        raise InputError("broken")

    monkeypatch.setattr(export_module, step, fail)
    with pytest.raises(InputError, match="broken"):
        export_run(run, existing, tiny, ["saved_model"] if step == "write_saved_model" else ["float32"])
    assert {name: (existing / name).stat().st_mtime_ns for name in listing(existing)} == before
    assert os.listdir(existing.parent) == ["linear"]


@pytest.fixture
def full_disk():
    """Simulates a full disk by a limit on the size of files, which ends before pytest writes its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_raises_one_input_error(run, existing, tiny, full_disk):
    before = listing(existing)
    # The float32 file is converted from a SavedModel, which TensorFlow fails to write.
    with pytest.raises(
        InputError, match="linear could not be written: .*File too large. Nothing was changed."
    ) as error:
        export_run(run, existing, tiny, ["float32"])
    assert "{{" not in str(error.value)
    assert listing(existing) == before
    assert os.listdir(existing.parent) == ["linear"]


def test_only_a_model_trained_on_mnist_replaces_one_trained_on_mnist(run, existing, tiny):
    set_dataset(existing, "card.json", "mnist")
    with pytest.raises(InputError, match="holds an export trained on MNIST. .* Received: dataset='tiny'"):
        export_run(run, existing, tiny)
    assert default_export_folder(existing.parent, "linear", "tiny") == existing.with_name("linear-tiny")
    assert default_export_folder(existing.parent, "linear", "mnist") == existing
    assert default_export_folder(existing.parent, "cnn", "tiny") == existing.with_name("cnn")
    set_dataset(run, "config.json", "mnist")
    export_run(run, existing, tiny, ["float32"])


def test_a_folder_that_is_not_an_export_stays_unchanged(run, tiny, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    with pytest.raises(InputError, match="thesis already exists and is not an export"):
        export_run(run, tmp_path / "thesis", tiny)
    assert listing(tmp_path / "thesis") == ["chapter"]


def test_a_folder_that_is_not_a_run_raises_input_error(tiny, tmp_path):
    with pytest.raises(InputError, match="is not the folder of a run: it must contain config.json"):
        export_run(tmp_path, tmp_path / "export", tiny)


def test_operators_that_litert_lacks_raise_input_error(tmp_path):
    class Noise(keras.layers.Layer):
        def call(self, x):
            return x + tf.random.stateless_uniform((1, 28, 28, 1), (1, 2))

    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(Noise()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10, name="logits")(x), name="strange")
    message = "cannot be converted to TFLite: .*Expected: only TFLite's built-in operators. Received: model='strange'"
    with pytest.raises(InputError, match=message):
        write_tflite(model, tmp_path / "mnist.tflite")
    with pytest.raises(InputError, match=message):
        write_tflite(model, tmp_path / "mnist.tflite", "int8", np.zeros((1, 28, 28), np.uint8))
    assert not (tmp_path / "mnist.tflite").exists()
