import keras
import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.explanations.attribution import predict_logits
from mnist_keras.explanations.keras_source import find_keras_model, load_keras_source
from mnist_keras.files import project_folder


def test_runs_files_and_shipped_models_are_found(trained_run):
    exported = project_folder("exported")
    assert find_keras_model(trained_run) == find_keras_model(trained_run / "model.keras") == trained_run / "model.keras"
    assert find_keras_model("compact_1k") == exported / "compact_1k" / "model.keras"
    assert find_keras_model("ensemble") == exported / "ensemble" / "saved_model"


def test_a_run_is_loaded_with_what_is_known_about_it(trained_run, tiny):
    source = load_keras_source(find_keras_model(trained_run))
    assert source.predictor.trained_on == "tiny"
    expected = source.predictor.predict(tiny.test_images)
    assert (predict_logits(source.model, tiny.test_images).argmax(axis=1) == expected.argmax(axis=1)).all()


@pytest.mark.parametrize("name", [".", "saved_model", "mnist.tflite", "mnist.h5"])
def test_formats_without_gradients_are_refused(tmp_path, name):
    (tmp_path / "saved_model").mkdir()
    for file in ("saved_model/saved_model.pb", "mnist.tflite", "mnist.h5"):
        (tmp_path / file).touch()
    with pytest.raises(InputError, match="needs the gradients of a Keras model. Expected: a .keras file") as error:
        find_keras_model(tmp_path / name)
    assert str(error.value).endswith("--formats=keras.")


def test_an_unknown_name_lists_the_shipped_models():
    with pytest.raises(InputError, match="no such file or folder: cnn_rowboat.+compact_1k"):
        find_keras_model("cnn_rowboat")


def test_a_model_of_someone_else_is_refused(tmp_path):
    file = tmp_path / "mine.keras"
    layers = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])
    model.save(file)
    with pytest.raises(InputError, match=r"mine.keras cannot be explained\. Expected: a model of this package"):
        load_keras_source(file)
    assert np.isfinite(model(np.zeros((1, 28, 28, 1)))).all()
