import json
import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.export import export as export_module
from mnist_keras.export.export import export_run
from mnist_keras.export.formats import default_export_folder
from mnist_keras.export.tflite import write_tflite
from mnist_keras.inference.predictor import load_predictor

TESTS = pathlib.Path(__file__).parent.parent


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def set_dataset(folder, file, name):
    content = json.loads((folder / file).read_text())
    content["dataset"]["name"] = name
    (folder / file).write_text(json.dumps(content))


@pytest.fixture
def run(trained_run, tmp_path):
    return pathlib.Path(shutil.copytree(trained_run, tmp_path / "run"))


@pytest.fixture
def standing(export, tmp_path):
    return pathlib.Path(shutil.copytree(export, tmp_path / "exported" / "linear"))


def test_what_is_written(export):
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


def test_plain_tensorflow_runs_the_saved_model_elsewhere(export, trained_run, tiny, tmp_path):
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


def test_litert_alone_runs_the_tflite_file(export, trained_run, tiny, tmp_path):
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


def test_every_weight_is_written_once(export):
    checkpoint = tf.train.list_variables(export / "saved_model" / "variables" / "variables")
    sizes = [np.prod(shape, dtype=int) for _, shape in checkpoint if shape]
    assert sum(sizes) == 7850


def test_a_new_export_replaces_the_old_whole(run, standing, tiny):
    (standing / "stale").touch()
    export_run(run, standing, tiny, ["float32"])
    assert "stale" not in contents(standing)
    assert contents(standing.parent)[0] == "linear"


@pytest.mark.parametrize("step", ["write_saved_model", "write_tflite", "compare", "describe_model"])
def test_the_old_export_survives_a_failure(run, standing, tiny, monkeypatch, step):
    before = {name: (standing / name).stat().st_mtime_ns for name in contents(standing)}

    def fail(*_):
        raise InputError("broken")

    monkeypatch.setattr(export_module, step, fail)
    with pytest.raises(InputError, match="broken"):
        export_run(run, standing, tiny, ["saved_model"] if step == "write_saved_model" else ["float32"])
    assert {name: (standing / name).stat().st_mtime_ns for name in contents(standing)} == before
    assert os.listdir(standing.parent) == ["linear"]


def test_a_full_disk_is_one_message(run, standing, tiny):
    # A limit on the size of files stands for a full disk.
    code = f"""
import pathlib, resource
from tiny_digits import make_digits
from mnist_keras.errors import InputError
from mnist_keras.export.export import export_run

digits = make_digits()
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    export_run({str(run)!r}, {str(standing)!r}, digits)
except InputError as error:
    print(error)
"""
    before = contents(standing)
    result = subprocess.run([sys.executable, "-c", code], cwd=TESTS, capture_output=True, text=True, check=True)
    assert "linear could not be written: " in result.stdout
    assert "File too large. Nothing was changed." in result.stdout
    assert "{{" not in result.stdout
    assert contents(standing) == before
    assert os.listdir(standing.parent) == ["linear"]


def test_mnist_gives_way_to_nothing_else(run, standing, tiny):
    set_dataset(standing, "card.json", "mnist")
    with pytest.raises(InputError, match="holds an export trained on MNIST; one trained on 'tiny' does not replace it"):
        export_run(run, standing, tiny)
    assert default_export_folder(standing.parent, "linear", "tiny") == standing.with_name("linear-tiny")
    assert default_export_folder(standing.parent, "linear", "mnist") == standing
    assert default_export_folder(standing.parent, "cnn", "tiny") == standing.with_name("cnn")
    set_dataset(run, "config.json", "mnist")
    export_run(run, standing, tiny, ["float32"])


def test_other_peoples_folders_are_left_alone(run, tiny, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    with pytest.raises(InputError, match="thesis exists and is no export .it has no card.json."):
        export_run(run, tmp_path / "thesis", tiny)
    assert contents(tmp_path / "thesis") == ["chapter"]


def test_what_is_no_run(tiny, tmp_path):
    with pytest.raises(InputError, match="is no run's folder: it must hold config.json"):
        export_run(tmp_path, tmp_path / "export", tiny)


def test_operators_that_litert_lacks(tmp_path):
    class Noise(keras.layers.Layer):
        def call(self, x):
            return x + tf.random.stateless_uniform((1, 28, 28, 1), (1, 2))

    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(Noise()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10, name="logits")(x), name="strange")
    with pytest.raises(InputError, match="strange cannot be converted to TFLite's built-in operators"):
        write_tflite(model, tmp_path / "mnist.tflite")
    with pytest.raises(InputError, match="strange cannot be converted to TFLite's built-in operators"):
        write_tflite(model, tmp_path / "mnist.tflite", "int8", np.zeros((1, 28, 28), np.uint8))
    assert not (tmp_path / "mnist.tflite").exists()
