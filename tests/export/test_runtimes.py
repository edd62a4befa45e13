import importlib.util

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from mnist_keras.export.runtimes import measure_arena, oldest_runtime
from mnist_keras.export.tflite import write_tflite
from mnist_keras.export.tflite_compaction import compact
from mnist_keras.files import project_folder
from mnist_keras.models import build_model

COMPACT = project_folder("exported") / "compact_1k"


def converted(function, *shape, per_channel=False):
    """Returns a compacted 8-bit TFLite file of a function of one float tensor."""
    concrete = tf.function(function, input_signature=[tf.TensorSpec(shape)]).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    numbers = np.random.default_rng(0).uniform(0.1, 1, (20, *shape)).astype(np.float32)
    converter.representative_dataset = lambda: ([sample] for sample in numbers)
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not per_channel
    return compact(converter.convert())


def test_a_dense_layer_with_several_scales_needs_a_newer_runtime(tmp_path):
    kernel = tf.constant(np.random.default_rng(0).normal(size=(16, 10)).astype(np.float32))
    for per_channel, oldest in ((True, "2.10"), (False, "2.7")):
        path = tmp_path / f"{per_channel}.tflite"
        path.write_bytes(converted(lambda x: tf.matmul(x, kernel), 1, 16, per_channel=per_channel))
        assert oldest_runtime(path) == oldest


def test_an_operator_that_the_table_does_not_know(tmp_path):
    model = schema.ModelT.InitFromPackedBuf((COMPACT / "mnist.tflite").read_bytes(), 0)
    model.metadata = None
    builder = __import__("flatbuffers").Builder(1000)
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "unknown.tflite").write_bytes(builder.Output())
    assert oldest_runtime(tmp_path / "unknown.tflite") is None


@pytest.mark.parametrize("kind", ["float32", "float16", "dynamic"])
def test_dense_networks_run_in_tflite_runtime_2_7(kind, tmp_path):
    write_tflite(build_model("mlp"), tmp_path / "mlp.tflite", kind)
    assert oldest_runtime(tmp_path / "mlp.tflite") == "2.7"


@pytest.mark.skipif(importlib.util.find_spec("tflite_micro") is None, reason="needs the extra microcontroller")
def test_the_arena_of_a_file_that_tensorflow_lite_micro_runs():
    arena = measure_arena(COMPACT / "mnist_int8_io.tflite")
    assert 10_000 < arena < 20_000
    assert measure_arena(project_folder("exported") / "cnn_robust" / "mnist_picture.tflite") is None
