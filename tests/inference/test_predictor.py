import json
import shutil
import zipfile

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_keras.errors import InputError, InputWarning
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture
def formats(trained_run, export):
    return [trained_run, trained_run / "model.keras", export, export / "saved_model", export / "mnist.tflite"]


def test_every_format_predicts_the_same(formats, tiny):
    expected = load_predictor(formats[0]).predict(tiny.test_images)
    assert (expected.argmax(axis=1) == tiny.test_labels).mean() > 0.5
    for path in formats:
        predictor = load_predictor(path)
        probabilities = predictor.predict(tiny.test_images)
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities, expected, atol=1e-5, err_msg=str(path))
        np.testing.assert_allclose(predictor.predict(tiny.test_images[:3]), expected[:3], atol=1e-5)
        assert predictor.predict(tiny.test_images[:0]).shape == (0, 10)
        assert predictor.trained_on == "tiny"


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 28, 28), np.float32), np.zeros((28, 28), np.uint8), np.zeros((2, 32, 32), np.uint8)],
)
def test_images_of_another_shape_raise(export, images):
    with pytest.raises(InputError, match=r"needs uint8 images of shape \(examples, 28, 28\). Received"):
        load_predictor(export / "mnist.tflite").predict(images)


@pytest.mark.parametrize(
    ("trained_on", "seen", "unseen"),
    [
        ("mnist", ["sample", "mnist-validation-5000", "sample-validation-100"], ["mnist", "fashion"]),
        ("mnist-validation-5000", ["sample", "mnist-validation-1000"], ["mnist", "mnist-validation-5000"]),
        ("sample", ["sample-validation-100"], ["sample", "mnist"]),
        ("fashion", ["fashion-validation-10"], ["fashion", "sample", "mnist-validation-5000"]),
    ],
)
def test_a_model_is_not_evaluated_on_its_training_images(export, tmp_path, trained_on, seen, unseen):
    shutil.copytree(export, tmp_path / "export")
    card = json.loads((export / "card.json").read_text())
    card["dataset"]["name"] = trained_on
    (tmp_path / "export" / "card.json").write_text(json.dumps(card))
    predictor = load_predictor(tmp_path / "export")
    for dataset in seen:
        with pytest.raises(
            InputError, match=f"was trained on {trained_on}, whose training images include .* {dataset}"
        ):
            predictor.check_not_trained_on(dataset)
    for dataset in unseen:
        predictor.check_not_trained_on(dataset)


def test_a_file_that_is_no_model_raises(tmp_path):
    with pytest.raises(InputError, match="There is no such file or folder: .*nowhere"):
        load_predictor(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is no model. Expected: a .keras, .tflite or .onnx file"):
        load_predictor(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="notes.txt is no model"):
        load_predictor(tmp_path / "notes.txt")


def test_a_truncated_keras_file_raises(trained_run, tmp_path):
    content = (trained_run / "model.keras").read_bytes()
    for size in (0, 10, len(content) // 2, len(content) - 30):
        (tmp_path / "model.keras").write_bytes(content[:size])
        with pytest.raises(InputError, match="is no .keras file: it is damaged, truncated"):
            load_predictor(tmp_path / "model.keras")


def test_an_archive_with_other_arrays_raises(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(InputError, match="cannot be loaded as a Keras model"):
        load_predictor(tmp_path / "model.keras")


def test_code_in_a_keras_file_is_not_run(tmp_path):
    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Lambda(lambda x: x[:, 0, :10, 0])(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="cannot be loaded as a Keras model"):
        load_predictor(tmp_path / "model.keras")


def test_a_keras_model_of_another_shape_raises(tmp_path):
    keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"is no digit model.*Received: float32 \(None, 5\) to float32 \(None, 2\)"):
        load_predictor(tmp_path / "model.keras")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_truncated_tflite_file_never_crashes(export, tmp_path, data):
    content = (export / "mnist.tflite").read_bytes()
    path = tmp_path / "mnist.tflite"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    try:
        load_predictor(path)
    except InputError as error:
        assert "TFLite" in str(error)


def test_a_file_that_is_no_tflite_raises(tmp_path):
    (tmp_path / "mnist.tflite").write_bytes(b"PK\x03\x04 no model")
    with pytest.raises(InputError, match="bytes 4 to 8 must be TFL3. Received: b' no '"):
        load_predictor(tmp_path / "mnist.tflite")


def test_a_tflite_file_with_another_contract_raises(tmp_path):
    import tensorflow as tf

    function = tf.function(lambda x: x * 2, input_signature=[tf.TensorSpec((1, 5))])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    (tmp_path / "other.tflite").write_bytes(converter.convert())
    with pytest.raises(InputError, match=r"must map \(1, 28, 28, 1\) to .* Received: float32 \(1, 5\)"):
        load_predictor(tmp_path / "other.tflite")


def test_damaged_saved_models_raise(export, tmp_path):
    shutil.copytree(export / "saved_model", tmp_path / "a")
    (tmp_path / "a" / "saved_model.pb").write_bytes(b"garbage")
    with pytest.raises(InputError, match="cannot be loaded as a SavedModel"):
        load_predictor(tmp_path / "a", trusted=True)
    shutil.copytree(export / "saved_model", tmp_path / "b")
    shutil.rmtree(tmp_path / "b" / "variables")
    with pytest.raises(InputError, match="cannot be loaded as a SavedModel"):
        load_predictor(tmp_path / "b", trusted=True)


@pytest.mark.slow
def test_a_damaged_saved_model_without_a_card_fails_in_the_subprocess(export, tmp_path):
    shutil.copytree(export / "saved_model", tmp_path / "a")
    (tmp_path / "a" / "saved_model.pb").write_bytes(b"garbage")
    with (
        pytest.warns(InputWarning, match="no card confirms"),
        pytest.raises(InputError, match="cannot be loaded as a SavedModel"),
    ):
        load_predictor(tmp_path / "a")


def test_a_saved_model_with_another_signature_raises(tmp_path):
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path / "empty"))
    with pytest.raises(InputError, match="serving_default must map one input .* Received: no such signature"):
        load_predictor(tmp_path / "empty", trusted=True)


def test_outputs_that_are_not_probabilities_raise(tmp_path, tiny):
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.layers[-1].set_weights([np.full((784, 10), np.nan), np.zeros(10)])
    model.save(tmp_path / "model.keras")
    with (
        pytest.warns(InputWarning, match="range is unknown"),
        pytest.raises(InputError, match="does not predict probabilities. Expected: a sum of 1 per image"),
    ):
        load_predictor(tmp_path / "model.keras").predict(tiny.test_images)
