"""Every format of one export, but the SavedModel, which test_export.py and test_signatures.py test."""

import importlib.util
import json
import re
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.export.formats import FORMATS, NUMBER_FORMATS, PICTURE_FORMATS, expand_formats
from mnist_keras.export.tflite import calibration_images
from mnist_keras.inference.predictor import load_predictor


def check_files_and_page(folder, expected_formats):
    card = json.loads((folder / "card.json").read_text())
    assert {file["format"] for file in card["files"].values()} == expected_formats
    page = (folder / "README.md").read_text()
    for name, file in card["files"].items():
        kind = FORMATS[file["format"]]
        assert (folder / name).exists()
        assert file["parity"]["classes_agreeing"] == 30
        assert file["parity"]["largest_difference"] <= kind.max_difference
        assert file["input"]["dtype"] == kind.input_dtype
        assert f"| `{name}` | {kind.about} | {file['parity']['bytes']:,} |" in page
    assert "Training data: the dataset tiny\n" in page
    assert not re.search(r"[{}]", page.split("## Code")[0])


def test_every_format_is_written_compared_and_described(folder, export):
    check_files_and_page(folder, set(FORMATS) - {"saved_model"})
    check_files_and_page(export, {"saved_model", "float32"})


def test_fewer_bits_make_smaller_files(card):
    size = {file["format"]: file["parity"]["bytes"] for file in card["files"].values()}
    assert size["float16"] < 0.6 * size["float32"]
    assert max(size[name] for name in ("dynamic", "int8", "int8_io", "uint8_io")) < 0.4 * size["float32"]


@pytest.mark.parametrize("name", ["int8", "int8_io", "uint8_io"])
def test_a_dense_layer_has_one_scale(folder, name):
    tensors = Interpreter(str(folder / FORMATS[name].file)).get_tensor_details()
    kernels = [tensor for tensor in tensors if tensor["dtype"] is np.int8 and list(tensor["shape"]) == [10, 784]]
    assert [len(kernel["quantization_parameters"]["scales"]) for kernel in kernels] == [1]


def test_the_input_of_uint8_io_is_raw_pixels(card):
    pixels = card["files"]["mnist_uint8_io.tflite"]["input"]
    assert pixels["zero_point"] == 0
    assert np.isclose(pixels["scale"], 1 / 255)
    assert "scale" not in card["files"]["mnist_int8.tflite"]["input"]


def test_every_format_reproduces_the_golden_vectors(folder, export, card, tiny):
    golden = json.loads((folder / "golden.json").read_text())
    assert golden["input"] == [1, 28, 28, 1]
    assert [vector["label"] for vector in golden["vectors"]] == list(range(10))
    images = np.array([vector["pixels"] for vector in golden["vectors"]]).reshape(-1, 28, 28)
    images = np.round(images * 255).astype(np.uint8)
    with Image.open(folder / "golden.png") as image:
        np.testing.assert_array_equal(np.hstack(images), np.asarray(image))
    np.testing.assert_array_equal(images, tiny.test_images[:10])
    expected = np.array([vector["probabilities"] for vector in golden["vectors"]])
    # Picture formats normalize these bars first; the next test covers them.
    tolerances = {
        folder / name: max(1e-5, min(FORMATS[file["format"]].max_difference, 0.1))
        for name, file in card["files"].items()
        if file["format"] not in (*PICTURE_FORMATS, *NUMBER_FORMATS)
    }
    for path, tolerance in {**tolerances, export / "saved_model": 1e-5}.items():
        received = load_predictor(path).predict(images)
        np.testing.assert_array_equal(received.argmax(axis=1), range(10))
        np.testing.assert_allclose(received, expected, atol=tolerance)


def test_every_tflite_file_runs_in_tflite_runtime_2_7(card):
    oldest = {name: file["oldest_runtime"] for name, file in card["files"].items() if "oldest_runtime" in file}
    assert len(oldest) == 12
    assert set(oldest.values()) == {"2.7"}


def test_calibration_uses_equally_many_images_per_class():
    images = np.arange(1000, dtype=np.uint16).repeat(4).reshape(1000, 2, 2)
    labels = np.repeat(np.arange(10), 100)
    indices = calibration_images(images, labels)[:, 0, 0]
    np.testing.assert_array_equal(np.bincount(labels[indices]), [50] * 10)


def test_names_of_formats():
    assert expand_formats(["float32", " int8", "float32"]) == ("float32", "int8")
    assert expand_formats(["all"]) == tuple(FORMATS)
    for names in (["float64"], []):
        with pytest.raises(
            InputError, match="Unknown export format. Expected: saved_model, float32.* Received: formats="
        ):
            expand_formats(names)


def test_files_contain_labels_and_metadata(folder, card):
    for name, file in card["files"].items():
        if name.endswith(".tflite"):
            with zipfile.ZipFile(folder / name) as archive:
                assert archive.read("labels.txt").decode().split() == list("0123456789")
                inside = json.loads(archive.read("metadata.json"))
        elif name.endswith(".onnx"):
            properties = onnxruntime.InferenceSession(folder / name).get_modelmeta().custom_metadata_map
            inside = json.loads(properties["metadata"])
        else:
            continue
        assert inside["format"] == file["format"]
        assert inside["input"] == file["input"]
        assert inside["outputs"] == file["outputs"]
        assert inside["pixels"] == card["pixels"]
        assert inside["figures"]["accuracy"] == card["figures"]["accuracy"]
        assert inside["dataset"]["about"] == "the dataset tiny"


def test_onnx_accepts_any_batch_size(folder, trained_run, tiny):
    session = onnxruntime.InferenceSession(folder / "mnist.onnx")
    expected = load_predictor(trained_run).predict(tiny.test_images)
    pixels = tiny.test_images[..., np.newaxis].astype(np.float32) / 255
    for count in (0, 1, 7, 30):
        (received,) = session.run(["probabilities"], {"pixels": pixels[:count]})
        np.testing.assert_allclose(received, expected[:count], atol=1e-5)


def test_onnx_loops_carry_no_constants(folder):
    def loops_in(graph):
        for node in graph.node:
            yield from [node] if node.op_type == "Loop" else []
            for attribute in node.attribute:
                yield from loops_in(attribute.g)

    loops = list(loops_in(onnx.load(folder / "mnist_numbers.onnx").graph))
    assert len(loops) == 3
    for loop in loops:
        body = loop.attribute[0].g
        carried = [source.name for source in body.input[2:]]
        assert len(loop.input) - 2 == len(carried) == len(body.output) - 1 == len(loop.output)
        # OpenVINO refuses a loop that passes a value on.
        assert not set(carried) & {target.name for target in body.output}


def test_the_python_code_of_the_page_runs(folder, export, monkeypatch):
    # SavedModel and LiteRT; then LiteRT, a picture, numbers, Keras and ONNX.
    for exported, expected in ((export, 3), (folder, 5)):
        monkeypatch.chdir(exported)
        page = (exported / "README.md").read_text().replace("photo.png", "golden.png")
        blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        # tests/runtimes runs MediaPipe's in an environment of its own.
        blocks = [block for block in blocks if "mediapipe" not in block]
        assert len(blocks) == expected
        exec("\n".join(blocks), {})


def test_a_format_whose_module_is_missing_raises(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"The format onnx needs the module onnx, .*Run: pip install -e '.\[onnx\]'"):
        expand_formats(["float32", "onnx"])
    assert expand_formats(["all"]) == tuple(name for name in FORMATS if "onnx" not in name)
