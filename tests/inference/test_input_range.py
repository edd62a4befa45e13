"""Models of other people: whether they expect pixels from 0 to 1 or from 0 to 255."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.errors import InputError, InputWarning
from mnist_keras.files import project_folder, read_json
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(scope="module")
def known():
    vectors = read_json(project_folder("exported") / "cnn_augmented" / "golden.json")["vectors"]
    pixels = np.array([vector["pixels"] for vector in vectors], np.float32).reshape(-1, 28, 28)
    return np.round(255 * pixels).astype(np.uint8), np.array([vector["label"] for vector in vectors])


def nearest_template(known, white, scaling=False):
    """A Keras model of another author: the nearest of the known digits but the 8, for pixels from 0 to `white`.

    Brighter pixels are nearest to a white image, which stands for the 8.
    """
    images, labels = known
    templates = images[np.argsort(labels)].reshape(10, 784) / 255
    templates[8] = 1
    inputs = keras.Input((28, 28, 1))
    pixels = keras.layers.Rescaling(1 / 255)(inputs) if scaling else inputs
    outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(pixels))
    model = keras.Model(inputs, outputs)
    model.layers[-1].set_weights([templates.T / white, -0.5 * (templates**2).sum(axis=1)])
    return model


def write(model, path):
    if path.suffix == ".keras":
        model.save(path)
    else:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        path.write_bytes(converter.convert())
    return path


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("name", ["theirs.keras", "theirs.tflite"])
def test_the_range_is_found_by_predicting_known_digits(known, tmp_path, name, white):
    images, labels = known
    path = write(nearest_template(known, white), tmp_path / name)
    with pytest.warns(
        InputWarning, match=f"{name} receives pixels from 0 to {white}: of ten known digits it classifies "
    ):
        predictor = load_predictor(path)
    assert (predictor.predict(images).argmax(axis=1) == labels).sum() == 9
    assert predictor.input_range == str(white)


def test_a_scaling_layer_proves_the_range(known, tmp_path):
    images, labels = known
    path = write(nearest_template(known, 1, scaling=True), tmp_path / "theirs.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor = load_predictor(path)
    assert (predictor.predict(images).argmax(axis=1) == labels).sum() == 9


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.tflite"])
def test_a_given_range_is_used(known, tmp_path, name):
    images, labels = known
    path = write(nearest_template(known, 1), tmp_path / name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right, wrong = (load_predictor(path, input_range=given) for given in ("1", "255"))
    assert (right.predict(images).argmax(axis=1) == labels).sum() == 9
    assert (wrong.predict(images).argmax(axis=1) == labels).sum() == 1


def test_a_model_that_knows_no_digits_has_an_unknown_range(tmp_path):
    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Dense(10, activation="softmax", kernel_initializer="zeros")(keras.layers.Flatten()(inputs))
    path = write(keras.Model(inputs, outputs), tmp_path / "theirs.keras")
    with pytest.warns(InputWarning, match=r"range of .*theirs.keras is unknown: .* 0 to 1 is used. Pass --input_range"):
        load_predictor(path)


def test_an_unknown_range_and_one_for_bytes_raise():
    shipped = project_folder("exported") / "cnn_robust"
    with pytest.raises(InputError, match="input_range must be one of auto, 1, 255. Received: '2'"):
        load_predictor(shipped / "mnist.tflite", input_range="2")
    with pytest.raises(
        InputError, match="mnist_picture.tflite takes images as bytes, 0 to 255. Received: input_range='1'"
    ):
        load_predictor(shipped / "mnist_picture.tflite", input_range="1")
