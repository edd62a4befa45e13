import subprocess
import sys

import numpy as np
import pytest

import mnist_keras
from mnist_keras.errors import InputError
from mnist_keras.files import project_folder, read_json

SHIPPED = ["accurate", "cnn_augmented", "cnn_robust", "compact_10k", "compact_1k", "compact_6k", "ensemble"]


def golden(name):
    vectors = read_json(project_folder("exported") / name / "golden.json")["vectors"]
    pixels = np.round(255 * np.array([vector["pixels"] for vector in vectors]))
    return pixels.reshape(-1, 28, 28, 1), np.array([vector["probabilities"] for vector in vectors])


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_shipped_models_have_names():
    assert set(SHIPPED) <= set(mnist_keras.list_models())


# The ensemble has no .keras file, all others have one.
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_a_keras_model(name):
    pixels, probabilities = golden(name)
    model = mnist_keras.load_model(name)
    np.testing.assert_allclose(softmax(np.asarray(model(pixels, training=False))), probabilities, atol=1e-5)
    assert (project_folder("exported") / name / "model.keras").exists() == (name != "ensemble")


def test_a_model_that_is_not_shipped():
    with pytest.raises(InputError, match="No model of that name .*'resnet'. Expected: .*cnn_robust"):
        mnist_keras.load_model("resnet")


def test_an_export_without_a_keras_model(tmp_path, monkeypatch):
    (tmp_path / "exported" / "own").mkdir(parents=True)
    (tmp_path / "exported" / "own" / "mnist.tflite").touch()
    monkeypatch.setattr("mnist_keras.inference.predictor.project_folder", lambda name: tmp_path / name)
    with pytest.raises(
        InputError, match="own has no Keras model. Expected: the file model.keras. Export the run again"
    ):
        mnist_keras.load_model("own")


def test_plain_keras_loads_a_shipped_file_in_safe_mode():
    file = project_folder("exported") / "cnn_robust" / "model.keras"
    code = "import sys; sys.modules['mnist_keras'] = None; import keras; "
    code += f"print(keras.saving.load_model({str(file)!r}).name)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "cnn_robust", result.stderr
