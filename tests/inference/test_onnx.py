import sys

import numpy as np
import onnx
import pytest

from mnist_keras.errors import InputError
from mnist_keras.export.onnx import write_onnx
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(scope="module")
def file(trained_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "mnist.onnx"
    write_onnx(load_keras_model(trained_run / "model.keras"), path, "onnx", {})
    return path


def test_the_port_predicts_like_the_model(file, trained_run, tiny):
    expected = load_predictor(trained_run).predict(tiny.test_images)
    np.testing.assert_allclose(load_predictor(file).predict(tiny.test_images), expected, atol=1e-5)


def test_damaged_files_raise(file, tmp_path, capfd):
    content = file.read_bytes()
    for number, damaged in enumerate((b"", b"no model", content[:1000], b"\xff" * 2000)):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be loaded as an ONNX model"):
            load_predictor(path)
    assert capfd.readouterr().out == ""


def test_another_contract_is_refused(tmp_path):
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 5)) for name in "xy"]
    graph = onnx.helper.make_graph([node], "relu", ends[:1], ends[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8)
    onnx.save(model, tmp_path / "relu.onnx")
    with pytest.raises(InputError, match=r"is no digit model: it must map .*Received: \{'x': .*\} to y \[1, 5\]"):
        load_predictor(tmp_path / "relu.onnx")


def test_a_missing_onnxruntime_raises(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"needs onnxruntime: pip install 'mnist_keras\[onnx\]'"):
        load_predictor(file)
