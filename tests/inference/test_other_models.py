"""Models of other people: input shapes, dtypes, formats and kinds of outputs; and what cannot be taken."""

import pickle
import warnings

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from mnist_keras.errors import InputError, InputWarning
from mnist_keras.inference import predictor as predictor_module
from mnist_keras.inference.input_form import SHAPES, match_input
from mnist_keras.inference.input_range import known_digits
from mnist_keras.inference.output_kind import OutputKind, find_output_kind, to_probabilities
from mnist_keras.inference.predictor import load_predictor

layers = keras.layers
# Brings an input of any shape to 784 pixels.
TO_ROW = {
    (784,): lambda x: x,
    (28, 28, 3): lambda x: layers.Flatten()(keras.ops.mean(x, axis=-1)),
    (3, 28, 28): lambda x: layers.Flatten()(keras.ops.mean(x, axis=1)),
}
SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=str)


@pytest.fixture(autouse=True)
def without_subprocess(monkeypatch):
    """A subprocess would import TensorFlow for seconds per file."""
    monkeypatch.setattr(predictor_module, "check_in_subprocess", lambda path: None)


def set_templates(dense, white, sharpness=1):
    """Sets the weights of a dense layer to those of the nearest of the known digits; brighter pixels are an 8."""
    images, labels = known_digits()
    templates = images[np.argsort(labels)].reshape(10, 784) / 255
    templates[8] = 1
    dense.set_weights([sharpness * templates.T / white, -0.5 * sharpness * (templates**2).sum(axis=1)])


def make_model(shape=(28, 28), activation=None, white=1, dtype="float32", batch=None, sharpness=1):
    inputs = keras.Input(batch_shape=(batch, *shape), dtype=dtype)
    pixels = layers.Rescaling(1.0)(inputs) if dtype != "float32" else inputs
    dense = layers.Dense(10, activation=activation)
    model = keras.Model(inputs, dense(TO_ROW.get(shape, layers.Flatten())(pixels)))
    set_templates(dense, white, sharpness)
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


@SHAPE
@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5", "theirs.hdf5"])
def test_keras_models(tmp_path, shape, name):
    if name != "theirs.keras" and 3 in shape:
        pytest.skip("Keras cannot write operations to HDF5.")
    check(write(make_model(shape), tmp_path / name), f"input {shape}, pixels from 0 to 1, logits: of ten known digits")


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


@SHAPE
def test_tflite_files(tmp_path, shape):
    check(write(make_model(shape), tmp_path / "theirs.tflite"), f"input {shape}, pixels from 0 to 1, logits")


@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8])
def test_8_bit_tflite_files(tmp_path, dtype):
    images, _ = known_digits()
    converter = tf.lite.TFLiteConverter.from_keras_model(make_model((28, 28), "softmax", sharpness=0.2))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[np.newaxis].astype(np.float32) / 255] for image in images)
    converter.inference_input_type = converter.inference_output_type = dtype
    (tmp_path / "theirs.tflite").write_bytes(converter.convert())
    check(tmp_path / "theirs.tflite", "input (28, 28), pixels from 0 to 1, probabilities.")


def test_a_tflite_file_without_signatures(tmp_path):
    """As Google's codelab converted it: from a frozen function."""
    model = make_model((28, 28), "softmax")
    function = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((1, 28, 28))]).get_concrete_function()
    (tmp_path / "theirs.tflite").write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())
    check(tmp_path / "theirs.tflite", "input (28, 28), pixels from 0 to 1, probabilities: of ten")


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


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
@pytest.mark.parametrize("shape", [(1, 1, 28, 28), ("N", 1, 28, 28), (3, 28, 28, 1), (None, 28, 28), ("batch", 784)])
def test_onnx_files(tmp_path, shape, kind):
    path = write_onnx(tmp_path / "theirs.onnx", shape, kind)
    if shape[1:] == (28, 28, 1) and kind == "probabilities":
        check(path, "receives pixels from 0 to 255")
    else:
        check(path, f"input {shape[1:]}, pixels from 0 to 255, {kind}: of ten")


def ends(inputs, outputs):
    """A model with inputs and outputs of these shapes, with the batch."""
    sources = [keras.Input(batch_shape=shape) for shape in inputs]
    row = layers.Concatenate()([layers.Flatten()(source) for source in sources]) if len(sources) > 1 else None
    row = layers.Flatten()(sources[0]) if row is None else row
    return keras.Model(sources, [layers.Dense(size)(row) for size in outputs])


@keras.saving.register_keras_serializable("theirs")
class Custom(layers.Layer):
    """A layer of another author."""

    def call(self, inputs):
        return inputs[:, :10]


REFUSED = {
    "size": (lambda: ends([(None, 32, 32)], [10]), r"Expected: one input of .*Received: float32 \(None, 32, 32\) to"),
    "two inputs": (lambda: ends([(None, 28, 28)] * 2, [10]), r"Received: float32 \(None, 28, 28\), float32 \(None, 28"),
    "two outputs": (lambda: ends([(None, 28, 28)], [10, 2]), r"to float32 \(None, 10\), float32 \(None, 2\)"),
    "one class": (lambda: ends([(None, 28, 28)], [1]), r"2 to 1,000 classes. Received: .* to float32 \(None, 1\)"),
    "1,001 classes": (lambda: ends([(None, 28, 28)], [1001]), r"Received: .* to float32 \(None, 1001\)"),
    "a lambda": (
        lambda: keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Lambda(lambda x: x[:, :10])]),
        "cannot be loaded as a Keras model: .*[Ll]ambda",
    ),
}


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken(tmp_path, case, name):
    create, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        load_predictor(write(create(), tmp_path / name))


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
def test_a_custom_layer_is_refused(tmp_path, name, monkeypatch):
    model = keras.Sequential([keras.Input((784,)), Custom()])
    path = write(model, tmp_path / name)
    keras.saving.get_custom_objects().pop("theirs>Custom", None)
    monkeypatch.delattr(f"{__name__}.Custom")
    with pytest.raises(InputError, match="cannot be loaded as a Keras model: .*Custom"):
        load_predictor(path)


@pytest.mark.parametrize("case", ["size", "two inputs", "two outputs", "one class"])
@pytest.mark.parametrize("name", ["theirs.tflite", "theirs"])
@pytest.mark.filterwarnings("ignore::mnist_keras.errors.InputWarning")
def test_the_same_in_other_formats(tmp_path, case, name):
    with pytest.raises(InputError, match=r"2 to 1,000 classes.* Received: "):
        load_predictor(write(REFUSED[case][0](), tmp_path / name))


def test_onnx_files_of_other_ends(tmp_path):
    for number, path in enumerate(
        (
            write_onnx(tmp_path / "0.onnx", (None, 28, 28, 1), outputs=1001),
            write_onnx(tmp_path / "1.onnx", (None, 56, 14)),
        )
    ):
        with pytest.raises(InputError, match=rf"{number}.onnx (is no digit model|cannot be loaded)"):
            load_predictor(path)


def test_a_damaged_hdf5_file_raises(tmp_path):
    content = write(make_model(), tmp_path / "theirs.h5").read_bytes()
    for size in (0, 100, len(content) // 2):
        (tmp_path / "damaged.h5").write_bytes(content[:size])
        with pytest.raises(InputError, match="cannot be loaded as a Keras model"):
            load_predictor(tmp_path / "damaged.h5")


def test_other_numbers_of_classes(tmp_path):
    predictor_path = write(ends([(None, 784)], [2]), tmp_path / "theirs.keras")
    with pytest.warns(InputWarning, match="The range is unknown. Pass --input_range."):
        predictor = load_predictor(predictor_path)
    assert predictor.class_names == ("0", "1")
    with pytest.raises(InputError, match="predicts 2 classes. Expected: the 10 classes"):
        predictor.check_classes(tuple("0123456789"))


def test_unknown_sizes_fit():
    assert match_input(("N", None, None, 1), "float32").shape == (28, 28, 1)
    assert match_input((None, -1), "uint8").shape == (784,)
    assert match_input((None, 28, 28), "string") is None
    assert match_input((28, 28), "float32") is None


@SHAPE
def test_an_image_keeps_its_place_in_every_shape(shape):
    images, _ = known_digits()
    converted = match_input((None, *shape), "float32").convert(images, 1)
    channels = {3: 3, 1: 1}.get(min(shape), 1)
    axis = {(28, 28, 3): 3, (3, 28, 28): 1, (28, 28, 1): 3, (1, 28, 28): 1}.get(shape)
    for channel in range(channels):
        image = converted if axis is None else np.take(converted, channel, axis=axis)
        np.testing.assert_allclose(image.reshape(10, 28, 28), images / 255, atol=1e-7)


def test_kinds_of_outputs():
    probabilities = np.eye(10, dtype=np.float32)
    assert find_output_kind(probabilities) is OutputKind.PROBABILITIES
    assert find_output_kind(probabilities - 0.1) is OutputKind.LOGITS
    assert find_output_kind(3 * probabilities) is OutputKind.LOGITS
    assert find_output_kind(np.full((10, 10), 0.5)) is OutputKind.SIGMOIDS
    assert find_output_kind(np.full((10, 10), np.nan)) is OutputKind.LOGITS
    large = np.array([[1000, 0]], np.float32)
    np.testing.assert_array_equal(to_probabilities(large, OutputKind.LOGITS), [[1, 0]])
    np.testing.assert_array_equal(to_probabilities(0 * large, OutputKind.SIGMOIDS), [[0.5, 0.5]])
