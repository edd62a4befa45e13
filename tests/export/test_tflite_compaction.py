import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from mnist_keras.export.tflite import write_tflite
from mnist_keras.export.tflite_compaction import compact
from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe


@pytest.fixture(scope="module", params=["float32", "int8"])
def converted(request, tmp_path_factory):
    """A small network as the TFLite converter returns it."""
    options = dict(stages=((6, 6), (6,)), separable=True)
    model = build_model(get_recipe("cnn_robust", network_options=options))
    folder = str(tmp_path_factory.mktemp("model"))
    model.export(folder, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    if request.param == "int8":
        pixels = np.random.default_rng(0).uniform(0, 255, (20, 1, 28, 28, 1)).astype(np.float32)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image] for image in pixels)
    return converter.convert()


def logits(content, images):
    interpreter = Interpreter(model_content=content)
    serve = interpreter.get_signature_runner("serving_default")
    return [next(iter(serve(**{name: image}).values())) for image in images for name in serve.get_input_details()]


def test_a_compacted_file_is_smaller_and_computes_the_same(converted):
    compacted = compact(converted)
    assert len(compacted) < 0.75 * len(converted)
    images = np.random.default_rng(1).uniform(0, 255, (5, 1, 28, 28, 1)).astype(np.float32)
    np.testing.assert_array_equal(logits(compacted, images), logits(converted, images))


def test_compacting_again_changes_nothing(converted):
    compacted = compact(converted)
    assert len(compact(compacted)) == len(compacted)


def address(values):
    return values.__array_interface__["data"][0]


def test_weights_stay_aligned(converted):
    compacted = compact(converted)
    model = schema.Model.GetRootAs(compacted, 0)
    start, lengths = address(np.frombuffer(compacted, np.uint8)), []
    for index in range(model.BuffersLength()):
        values = model.Buffers(index).DataAsNumpy()
        if isinstance(values, np.ndarray):
            lengths.append(len(values))
            assert (address(values) - start) % 16 == 0
    assert len(lengths) > 5


def test_inputs_keep_their_names(converted):
    names = lambda content: {d["name"] for d in Interpreter(model_content=content).get_input_details()}  # noqa: E731
    assert names(compact(converted)) == names(converted)
    assert schema.Model.ModelBufferHasIdentifier(compact(converted), 0)


def test_opencv_and_openvino_find_what_they_need(converted):
    model = schema.ModelT.InitFromPackedBuf(compact(converted), 0)
    [graph] = model.subgraphs
    assert graph.name
    names = [tensor.name for tensor in graph.tensors]
    assert all(names) and len(set(names)) == len(names)
    for operator in graph.operators:
        if model.operatorCodes[operator.opcodeIndex].builtinCode == schema.BuiltinOperator.FULLY_CONNECTED:
            source = graph.tensors[operator.inputs[0]]
            assert len(source.shape) == 2 or source.type != schema.TensorType.FLOAT32


def test_a_float_dense_layer_gets_a_flat_input(tmp_path):
    # The converter leaves the dense layer with an input of shape (1, 1, 1, 14).
    write_tflite(build_model("compact_1k"), tmp_path / "mnist.tflite")
    model = schema.ModelT.InitFromPackedBuf((tmp_path / "mnist.tflite").read_bytes(), 0)
    [graph] = model.subgraphs
    codes = [model.operatorCodes[operator.opcodeIndex].builtinCode for operator in graph.operators]
    dense = graph.operators[codes.index(schema.BuiltinOperator.FULLY_CONNECTED)]
    assert schema.BuiltinOperator.RESHAPE in codes
    assert list(graph.tensors[dense.inputs[0]].shape) == [1, 14]


def test_a_model_with_a_loop_computes_the_same():
    @tf.function(input_signature=[tf.TensorSpec((), tf.float32)])
    def count(limit):
        return {"steps": tf.while_loop(lambda n: n < limit, lambda n: (n + 1.0,), (tf.constant(0.0),))[0]}

    module = tf.Module()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([count.get_concrete_function()], module)
    interpreter = Interpreter(model_content=compact(converter.convert()))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.float32(4.5))
    interpreter.invoke()
    assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) == 5.0
