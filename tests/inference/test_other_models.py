"""Other people's Keras models and SavedModels: shapes of inputs, kinds of outputs, ranges, batches, classes."""

import pickle
import warnings

import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from other_models import check, ends, make_model, make_sequential, set_templates, write, write_keras_2

from mnist_keras.errors import InputError, InputWarning
from mnist_keras.inference.input_form import SHAPES
from mnist_keras.inference.input_range import known_digits
from mnist_keras.inference.predictor import load_predictor

pytestmark = pytest.mark.usefixtures("without_subprocess")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5", "theirs.hdf5"])
def test_keras_models(tmp_path, shape, name):
    check(write(make_model(shape), tmp_path / name), f"input {shape}, pixels from 0 to 1, logits: of ten known digits")


def test_an_hdf5_file_of_keras_2(tmp_path):
    check(write_keras_2(tmp_path / "theirs.h5"), "input (28, 28), pixels from 0 to 255, probabilities: of ten known")


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize(
    ("activation", "kind"), [(None, "logits"), ("softmax", "probabilities"), ("sigmoid", "sigmoid probabilities")]
)
@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5", "theirs.tflite", "theirs"])
def test_outputs_and_ranges(tmp_path, name, activation, kind, white):
    path = write(make_sequential((28, 28), activation, white), tmp_path / name)
    check(path, f"input (28, 28), pixels from 0 to {white}, {kind}: of ten", "--input_range overrides this.")


def test_logits_of_images_in_our_shape_are_found(tmp_path):
    check(write(make_model((28, 28, 1)), tmp_path / "theirs.keras"), "input (28, 28, 1), pixels from 0 to 1, logits")


@pytest.mark.parametrize("name", ["theirs.keras", "theirs"])
def test_inputs_of_bytes(tmp_path, name):
    path = write(make_model((28, 28), white=255, dtype="uint8"), tmp_path / name)
    check(path, "input (28, 28), pixels from 0 to 255, logits.")
    with pytest.raises(InputError, match="takes images as bytes"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load_predictor(path, input_range="1")


def test_a_fixed_batch_is_filled_up(tmp_path):
    predictor = check(write(make_model(batch=4), tmp_path / "theirs.keras"), "input (28, 28)")
    images, _ = known_digits()
    np.testing.assert_allclose(predictor.predict(images)[8:9], predictor.predict(images[8:9]), rtol=1e-5)


def test_a_given_range_and_a_pickled_model_ask_no_digits(tmp_path):
    path = write(make_model(), tmp_path / "theirs.keras")
    with pytest.warns(InputWarning, match=r"input \(28, 28\), pixels from 0 to 255, logits.$"):
        load_predictor(path, input_range="255")
    predictor = check(path)
    images, _ = known_digits()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = pickle.loads(pickle.dumps(predictor))
    assert (again.predict(images) == predictor.predict(images)).all()


def test_a_saved_model_of_keras_2(tmp_path):
    """Its signature has the names of its layers, and there is no `serve`."""
    module = tf.Module()
    dense = layers.Dense(10, activation="softmax")
    dense.build((None, 784))
    set_templates(dense, 255)
    module.weights = [weight.value for weight in dense.weights]

    @tf.function(input_signature=[tf.TensorSpec((None, 28, 28), name="flatten_input")])
    def serve(flatten_input):
        return {"dense_1": dense(tf.reshape(flatten_input, (-1, 784)))}

    tf.saved_model.save(module, str(tmp_path / "theirs"), signatures={"serving_default": serve})
    check(tmp_path / "theirs", "input (28, 28), pixels from 0 to 255, probabilities: of ten")


def test_other_numbers_of_classes(tmp_path):
    predictor_path = write(ends([(None, 784)], [2]), tmp_path / "theirs.keras")
    with pytest.warns(InputWarning, match="The range is unknown. Pass --input_range."):
        predictor = load_predictor(predictor_path)
    assert predictor.class_names == ("0", "1")
    with pytest.raises(InputError, match="predicts 2 classes. Expected: the 10 classes"):
        predictor.check_classes(tuple("0123456789"))
