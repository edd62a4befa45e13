"""Every format of one export, but the SavedModel, which test_export.py and test_signatures.py test."""

import gc
import importlib.util
import json
import re
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from example_files import load_example
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.export.export import export_run
from mnist_keras.export.formats import CANVAS_PIXELS, FORMATS, PICTURE_FORMATS, expand_formats
from mnist_keras.export.tflite import calibration_images
from mnist_keras.inference.c_array import read_c_array
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.normalize_ops import normalize


@pytest.fixture(scope="module")
def folder(trained_run, tiny, tmp_path_factory):
    """An export in every format but the SavedModel, whose check would start TensorFlow in another process."""
    folder = tmp_path_factory.mktemp("formats") / "linear"
    # tf2onnx copies millions of objects; without garbage collection it is a third faster.
    gc.disable()
    try:
        export_run(trained_run, folder, tiny, formats=[name for name in FORMATS if name != "saved_model"])
    finally:
        gc.enable()
    return folder


@pytest.fixture(scope="module")
def card(folder):
    return json.loads((folder / "card.json").read_text())


def signature(path):
    return Interpreter(str(path)).get_signature_runner("serving_default")


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
    assert "Training data: a folder in MNIST's format" in page
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
        if file["format"] not in PICTURE_FORMATS
    }
    for path, tolerance in {**tolerances, export / "saved_model": 1e-5}.items():
        received = load_predictor(path).predict(images)
        np.testing.assert_array_equal(received.argmax(axis=1), range(10))
        np.testing.assert_allclose(received, expected, atol=tolerance)


def test_golden_values_of_every_file(folder, card, capsys):
    golden = json.loads((folder / "golden.json").read_text())["files"]
    assert golden.keys() == card["files"].keys()
    for name, values in golden.items():
        assert len(values["outputs"]) == (1 if "image" in values else 10)
        if FORMATS[card["files"][name]["format"]].input_dtype != "float32" and "image" not in values:
            inputs = np.array(values["inputs"])
            assert inputs.shape == (10, 784) and np.issubdtype(inputs.dtype, np.integer)
    model = load_keras_model(folder / "model.keras")
    assert not model.compiled
    logits = model(np.reshape(golden["model.keras"]["inputs"], (-1, 28, 28, 1)))
    np.testing.assert_allclose(logits, golden["model.keras"]["outputs"], atol=golden["model.keras"]["tolerance"])
    with Image.open(folder / "golden_picture.png") as picture:
        assert picture.size == (224, 224) and picture.mode == "L"
    assert load_example("check_golden").main(folder) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(list(folder.glob("*.tflite")))


def test_a_differing_file_fails_the_golden_check(folder, tmp_path, capsys):
    golden = json.loads((folder / "golden.json").read_text())
    golden["files"]["mnist_int8_io.tflite"]["outputs"][3][3] -= 20
    (tmp_path / "golden.json").write_text(json.dumps(golden))
    for name in ("mnist.tflite", "mnist_int8_io.tflite"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert load_example("check_golden").main(tmp_path) == 1
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["ok", "differs"]


def test_the_c_array_holds_the_file_and_its_numbers(folder, card):
    content = (folder / "mnist_int8_io.tflite").read_bytes()
    array = read_c_array(folder / "mnist_model.c")
    assert content.startswith(array)
    header = (folder / "mnist_model.h").read_text()
    contract = card["files"]["mnist_model.c"]
    assert f"#define MNIST_INPUT_SCALE {contract['input']['scale']}f" in header
    assert f"#define MNIST_OUTPUT_ZERO_POINT ({contract['outputs']['probabilities']['zero_point']})" in header
    if importlib.util.find_spec("tflite_micro"):
        assert 0 < contract["arena_bytes"] < 20_000
        assert f"#define MNIST_ARENA_BYTES {contract['arena_bytes']}" in header
    (folder / "mnist_model.c").with_name("other.c").write_text("int main(void) { return 0; }")
    with pytest.raises(InputError, match="is no C source with a model"):
        load_predictor(folder / "other.c", trusted=True)


def test_the_mediapipe_file_answers_a_blank_image_evenly(folder):
    predict = signature(folder / "mnist_mediapipe.tflite")
    blank = predict(image=np.full((1, 224, 224, 3), 90, np.uint8))["probabilities"]
    np.testing.assert_allclose(blank, np.full((1, 10), 0.1), atol=1e-6)


def test_every_tflite_file_runs_in_tflite_runtime_2_7(card):
    oldest = {name: file["oldest_runtime"] for name, file in card["files"].items() if "oldest_runtime" in file}
    assert len(oldest) == 10
    assert set(oldest.values()) == {"2.7"}


def test_the_picture_file_normalizes_and_classifies(folder, tiny):
    predict = signature(folder / "mnist_picture.tflite")
    page = np.full((1, 120, 170), 230, np.uint8)
    page[0, 20:104, 60:144] -= (tiny.test_images[3].repeat(3, axis=0).repeat(3, axis=1) * 0.8).astype(np.uint8)
    outputs = predict(picture=page)
    preprocessed = normalize(tf.constant(page[0], tf.float32))
    for name, flag in (("has_ink", preprocessed.has_ink), ("touches_border", False), ("several", False)):
        assert outputs[name].tolist() == [bool(flag)]
    np.testing.assert_allclose(outputs["digit"][0], preprocessed.digit, atol=1)
    expected = load_predictor(folder / "mnist.tflite").predict(outputs["digit"].astype(np.uint8))
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    blank = predict(picture=np.full((1, 31, 77), 90, np.uint8))
    assert blank["has_ink"].tolist() == [False]
    assert not blank["digit"].any()


@pytest.mark.parametrize("shape", [(120, 170), (170, 120), (28, 28)])
@pytest.mark.parametrize("is_transparent", [False, True])
def test_the_canvas_file_predicts_like_the_picture_file(folder, tiny, shape, is_transparent):
    ink = np.zeros(shape, np.uint8)
    scale = 1 if shape == (28, 28) else 3
    ink[-28 * scale :, : 28 * scale] = tiny.test_images[3].repeat(scale, axis=0).repeat(scale, axis=1)
    gray = 255 - ink
    rgba = np.dstack([gray] * 3 + [np.full(shape, 255, np.uint8)])
    if is_transparent:
        rgba = np.dstack([np.zeros((*shape, 3), np.uint8), ink])
    flat = np.full(4 * CANVAS_PIXELS, 77, np.float32)
    flat[: rgba.size] = rgba.ravel()
    outputs = signature(folder / "mnist_canvas.tflite")(rgba=flat, size=np.array(shape, np.int32))
    expected = signature(folder / "mnist_picture.tflite")(picture=gray[np.newaxis])
    np.testing.assert_allclose(outputs["digit"], expected["digit"], atol=1)
    np.testing.assert_allclose(outputs["probabilities"], expected["probabilities"], atol=0.02)
    for name in ("has_ink", "touches_border", "several"):
        assert outputs[name].tolist() == expected[name].astype(float).tolist()
        assert outputs[name].dtype == np.float32
    assert outputs["has_ink"].tolist() == [1.0]


def test_a_blank_canvas_of_any_size_has_no_ink(folder):
    predict = signature(folder / "mnist_canvas.tflite")
    for size in ((31, 77), (1, 1), (320, 320), (1, CANVAS_PIXELS)):
        outputs = predict(rgba=np.full(4 * CANVAS_PIXELS, 90, np.float32), size=np.array(size, np.int32))
        assert outputs["has_ink"].tolist() == [0.0]
        assert not outputs["digit"].any()


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
        assert inside["dataset"]["about"] == "a folder in MNIST's format"


def test_onnx_accepts_any_batch_size(folder, trained_run, tiny):
    session = onnxruntime.InferenceSession(folder / "mnist.onnx")
    expected = load_predictor(trained_run).predict(tiny.test_images)
    pixels = tiny.test_images[..., np.newaxis].astype(np.float32) / 255
    for count in (0, 1, 7, 30):
        (received,) = session.run(["probabilities"], {"pixels": pixels[:count]})
        np.testing.assert_allclose(received, expected[:count], atol=1e-5)


def test_onnx_loops_carry_no_constants(folder):
    graph = onnx.load(folder / "mnist_picture.onnx").graph
    loops = [node for node in graph.node if node.op_type == "Loop"]
    assert loops
    for loop in loops:
        body = loop.attribute[0].g
        carried = [source.name for source in body.input[2:]]
        assert len(loop.input) - 2 == len(carried) == len(body.output) - 1 == len(loop.output)
        # OpenVINO refuses a loop that passes a value on.
        assert not set(carried) & {target.name for target in body.output}


@pytest.mark.parametrize("file", ["mnist_picture.tflite", "mnist_picture.onnx"])
def test_a_blank_picture_of_any_size_has_no_ink(folder, file):
    for shape in ((1, 31, 77), (1, 300, 2), (1, 1, 1)):
        picture = np.full(shape, 90, np.uint8)
        if file.endswith(".onnx"):
            session = onnxruntime.InferenceSession(folder / file)
            (has_ink,) = session.run(["has_ink"], {"picture": picture})
        else:
            has_ink = signature(folder / file)(picture=picture)["has_ink"]
        assert has_ink.tolist() == [False]


def test_the_python_code_of_the_page_runs(folder, export, monkeypatch):
    # SavedModel and LiteRT; then LiteRT, a picture, Keras and ONNX.
    for exported, expected in ((export, 3), (folder, 4)):
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
