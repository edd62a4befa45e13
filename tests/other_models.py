"""Models as other people write them: inputs of many shapes, logits or probabilities, in every format."""

import json

import h5py
import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from mnist_keras.errors import InputWarning
from mnist_keras.inference.input_range import known_digits
from mnist_keras.inference.predictor import load_predictor

layers = keras.layers


def set_templates(dense, white, sharpness=1, shape=(28, 28)):
    """Sets the weights of a dense layer to those of the nearest of the known digits; brighter pixels are an 8."""
    images, labels = known_digits()
    templates = images[np.argsort(labels)].reshape(10, 784) / 255
    templates[8] = 1
    kernel = sharpness * templates.T / white
    if 3 in shape:
        kernel = np.repeat(kernel, 3, axis=0) / 3 if shape[-1] == 3 else np.tile(kernel, (3, 1)) / 3
    dense.set_weights([kernel, -0.5 * sharpness * (templates**2).sum(axis=1)])


def make_model(shape=(28, 28), activation=None, white=1, dtype="float32", batch=None, sharpness=1):
    """Returns a functional model that classifies nine of the ten known digits, as do all models here."""
    inputs = keras.Input(batch_shape=(batch, *shape), dtype=dtype)
    pixels = layers.Rescaling(1.0)(inputs) if dtype != "float32" else inputs
    dense = layers.Dense(10, activation=activation)
    model = keras.Model(inputs, dense(pixels if shape == (784,) else layers.Flatten()(pixels)))
    set_templates(dense, white, sharpness, shape)
    return model


def make_sequential(shape=(28, 28), activation=None, white=1):
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(10, activation=activation)])
    set_templates(model.layers[-1], white)
    return model


def write(model, path):
    """Writes a model in the format of the suffix; a SavedModel without one."""
    if path.suffix == ".tflite":
        path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    elif path.suffix:
        model.save(path)
    else:
        model.export(path, verbose=False)
    return path


def write_onnx(path, shape, kind="logits", outputs=10):
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    dense = layers.Dense(10)
    dense.build((None, 784))
    set_templates(dense, 255)
    kernel, bias = dense.get_weights()
    nodes = [helper.make_node("Flatten", ["Input3"], ["row"]), helper.make_node("Gemm", ["row", "w", "b"], ["Plus214"])]
    if kind == "probabilities":
        nodes += [helper.make_node("Softmax", ["Plus214"], ["end"])]
    graph = helper.make_graph(
        nodes,
        "theirs",
        [helper.make_tensor_value_info("Input3", floats, shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], floats, (shape[0], outputs))],
        [onnx.numpy_helper.from_array(kernel, "w"), onnx.numpy_helper.from_array(bias, "b")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path)
    return path


def ends(inputs, outputs):
    """A model with inputs and outputs of these shapes, with the batch."""
    sources = [keras.Input(batch_shape=shape) for shape in inputs]
    row = layers.Concatenate()([layers.Flatten()(source) for source in sources]) if len(sources) > 1 else None
    row = layers.Flatten()(sources[0]) if row is None else row
    return keras.Model(sources, [layers.Dense(size)(row) for size in outputs])


def write_keras_2(path):
    """Writes an HDF5 file as Keras 2 wrote its Sequential models."""
    floats = {"dtype": "float32"}
    dense = {"units": 10, "activation": "softmax", "use_bias": True, "trainable": True}
    dense |= {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}}
    batch = {"batch_input_shape": [None, 28, 28]}
    config = [
        ("InputLayer", {"name": "flatten_input", **batch, **floats, "sparse": False, "ragged": False}),
        ("Flatten", {"name": "flatten", **batch, **floats, "trainable": True, "data_format": "channels_last"}),
        ("Dense", {"name": "dense", **floats, **dense}),
    ]
    content = {"name": "sequential", "layers": [{"class_name": kind, "config": value} for kind, value in config]}
    layer = layers.Dense(10)
    layer.build((None, 784))
    set_templates(layer, 255)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": content})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([b"flatten", b"dense"])
        weights.create_group("flatten").attrs["weight_names"] = np.array([], "S1")
        group = weights.create_group("dense")
        group.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        for name, value in zip(("kernel:0", "bias:0"), layer.get_weights(), strict=True):
            group[f"dense/{name}"] = value
    return path


def check(path, *expected):
    """Checks what a model predicts for the known digits, and what is said when it is loaded."""
    with pytest.warns(InputWarning) as caught:
        predictor = load_predictor(path)
    messages = [str(warning.message) for warning in caught if "no card confirms" not in str(warning.message)]
    assert len(messages) == 1
    assert all(text in messages[0] for text in (str(path), *expected)), messages[0]
    images, labels = known_digits()
    probabilities = predictor.predict(images)
    assert (probabilities.argmax(axis=1) == labels).sum() == 9
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    return predictor
