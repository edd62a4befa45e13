"""Exports of other people's Keras files: the same predictions with our input and output, a card without training."""

import json
import warnings

import keras
import numpy as np
import pytest
from keras import layers
from other_models import ends, make_model, make_sequential, set_templates, write

from mnist_keras.data import Digits
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.export import source as source_module
from mnist_keras.export.export import IncompleteExport, export_model
from mnist_keras.export.source import read_source
from mnist_keras.inference.input_form import SHAPES
from mnist_keras.inference.input_range import known_digits
from mnist_keras.inference.keras_model import keras_predict_function
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(autouse=True)
def without_subprocess(monkeypatch):
    """A subprocess would import TensorFlow for seconds per file."""
    for module in ("export.source", "inference.predictor"):
        monkeypatch.setattr(f"mnist_keras.{module}.check_in_subprocess", lambda path: None)


@pytest.fixture(scope="module")
def known():
    images, labels = known_digits()
    return Digits("known", images, labels, images, labels)


def read(path, digits, input_range="auto"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        return read_source(path, digits, input_range)


def check_same(path, known, softmax_is_cut=None):
    """Checks that the model of the source classifies as its file does, also pixels that are not quite whole."""
    source = read(path, known)
    assert source.model.input_shape == (None, 28, 28, 1)
    assert source.model.output_names == ["logits"]
    predict = keras_predict_function(source.model)
    for offset in (0, -1e-4):
        # `read_source` compares the probabilities with those of the file.
        predicted = predict(known.test_images.astype(np.float32) + np.float32(offset)).argmax(axis=1)
        assert (predicted == known.test_labels).sum() == 9
    if softmax_is_cut is not None:
        assert ("probabilities" not in [layer.name for layer in source.model.layers]) == softmax_is_cut


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_shape(tmp_path, known, shape):
    check_same(write(make_model(shape), tmp_path / "theirs.h5"), known)


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("activation", [None, "softmax", "sigmoid"])
def test_ranges_and_outputs(tmp_path, known, activation, white):
    path = write(make_sequential((28, 28), activation, white), tmp_path / "theirs.keras")
    check_same(path, known, softmax_is_cut=True)


def with_last(*last, in_dicts=False, sharpness=1):
    """A model with layers behind its logits; its input and its output may be in dicts."""
    dense = layers.Dense(10, name="logits")
    inputs = keras.Input((28, 28))
    outputs = dense(layers.Flatten()(inputs))
    for layer in last:
        outputs = layer(outputs)
    set_templates(dense, 1, sharpness)
    return keras.Model({"a": inputs} if in_dicts else inputs, {"b": outputs} if in_dicts else outputs, name="logits")


@pytest.mark.parametrize(
    ("create", "softmax_is_cut"),
    [
        (lambda: with_last(layers.Softmax()), True),
        (lambda: with_last(layers.Activation("softmax")), True),
        (lambda: with_last(keras.ops.softmax), False),
        (lambda: keras.Sequential([keras.Input((28, 28)), make_model((28, 28), "softmax")]), True),
        (lambda: keras.Sequential([keras.Input((28, 28)), with_last(layers.Softmax())]), False),
        (lambda: make_model(white=255, dtype="uint8"), True),
        (lambda: make_model(batch=4), True),
        (lambda: with_last(in_dicts=True), True),
    ],
    ids=["softmax", "activation", "operation", "nested", "nested softmax", "bytes", "batch", "dict"],
)
def test_ends_of_networks(tmp_path, known, create, softmax_is_cut):
    check_same(write(create(), tmp_path / "theirs.keras"), known, softmax_is_cut)


def test_pixels_are_rounded_for_a_network_that_takes_bytes(tmp_path, known):
    source = read(write(make_model(white=255, dtype="uint8"), tmp_path / "theirs.keras"), known)
    pixels = known.test_images[..., np.newaxis].astype(np.float32)
    # A float just below a whole number, which a conversion to bytes would truncate.
    np.testing.assert_array_equal(source.model(pixels - np.float32(1e-4) * (pixels > 0)), source.model(pixels))


def test_logarithms_keep_confident_probabilities(tmp_path, known):
    source = read(write(with_last(keras.ops.softmax, sharpness=100), tmp_path / "theirs.keras"), known)
    confidence = keras_predict_function(source.model)(known.test_images).max(axis=1)
    np.testing.assert_allclose(confidence, 1, atol=1e-6)


def test_the_card_of_an_export(tmp_path, known):
    write(make_model(), tmp_path / "their (net).keras")
    with pytest.warns(InputWarning, match=r"input \(28, 28\), pixels from 0 to 1, logits: of ten known digits it"):
        card = export_model(tmp_path / "their (net).keras", tmp_path / "out", known, ["float32", "keras"])
    assert json.loads((tmp_path / "out" / "card.json").read_text()) == json.loads(json.dumps(card))
    assert card["name"] == "their_net"
    assert card["parameters"] == 7850
    assert card["dataset"]["name"] == "unknown"
    assert (card["figures"]["correct"], card["figures"]["test_set"]) == (9, "known")
    training = card["training"]
    assert (training["about"], training["file"]) == ("not known", "their (net).keras")
    assert (training["input"], training["output"]) == ({"shape": (28, 28), "range": [0, 1]}, "logits")
    page = (tmp_path / "out" / "README.md").read_text()
    for text in ("The test accuracy on known is 90.00%", "Training data: not known", "`their (net).keras`, SHA-256"):
        assert text in page
    assert "seed" not in page
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor = load_predictor(tmp_path / "out" / "model.keras")
    assert (predictor.predict(known.test_images).argmax(axis=1) == known.test_labels).sum() == 9
    predictor.check_not_trained_on("mnist-validation-5000")
    assert len(json.loads((tmp_path / "out" / "golden.json").read_text())["vectors"]) == 10


def test_recurrent_layers_have_no_8_bit_formats(tmp_path, known):
    model = keras.Sequential([keras.Input((28, 28)), layers.SimpleRNN(4), layers.Dense(10)])
    write(model, tmp_path / "theirs.keras")
    with (
        pytest.warns(InputWarning),
        pytest.raises(IncompleteExport, match="recurrent layers.* Export float16") as error,
    ):
        export_model(tmp_path / "theirs.keras", tmp_path / "out", known, ["float32", "int8"])
    assert list(error.value.card["files"]) == ["mnist.tflite"]


def test_an_export_of_ours_that_was_trained_on_mnist_stays(tmp_path, known):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "card.json").write_text('{"dataset": {"name": "mnist"}}')
    write(make_model(), tmp_path / "theirs.keras")
    with pytest.warns(InputWarning), pytest.raises(InputError, match="holds an export trained on MNIST"):
        export_model(tmp_path / "theirs.keras", tmp_path / "out", known, ["float32"])


def test_a_network_that_cannot_be_wrapped_raises(tmp_path, known, monkeypatch):
    path = write(make_model(), tmp_path / "theirs.keras")
    adapt = source_module.adapt_network
    monkeypatch.setattr(source_module, "adapt_network", lambda *a: adapt(a[0], a[1], 255, *a[3:]))
    with pytest.raises(InputError, match="its network predicts differently. Expected: probabilities within 0.001"):
        read(path, known)


def test_what_is_not_exported(tmp_path, known, trained_run, tiny):
    for name in ("theirs.tflite", "theirs"):
        path = write(make_model(), tmp_path / name)
        with pytest.raises(InputError, match="from which no other format can be made. Expected: the folder of a run"):
            read(path, known)
    with pytest.raises(InputError, match=r"There is no such file: .*none.h5"):
        read(tmp_path / "none.h5", known)
    with pytest.raises(
        InputError, match="have other classes. Expected: the 2 classes of the model, 0, 1. .* labels.txt"
    ):
        read(write(ends([(None, 784)], [2]), tmp_path / "two.keras"), known)
    with pytest.raises(InputError, match="is not the folder of a run"):
        read(tmp_path / "none", known)
    assert read(trained_run / "model.keras", tiny).dataset == "tiny"
    with pytest.raises(InputError, match="a run has its own. Received: .* and input_range='1'. Omit it."):
        read(trained_run, tiny, "1")
