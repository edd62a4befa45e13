import importlib.util
import json
import re
import zipfile

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.export.export import export_run
from mnist_keras.export.formats import CANVAS_PIXELS, FORMATS, PICTURE_FORMATS, expand_formats
from mnist_keras.export.tflite import calibration_images
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.normalize_ops import normalize


@pytest.fixture(scope="module")
def everything(trained_run, tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("everything") / "linear"
    export_run(trained_run, folder, tiny, formats=["all"])
    return folder


@pytest.fixture(scope="module")
def card(everything):
    return json.loads((everything / "card.json").read_text())


def test_every_format_is_written_checked_and_described(everything, card):
    assert {file["format"] for file in card["files"].values()} == set(FORMATS)
    page = (everything / "README.md").read_text()
    for name, file in card["files"].items():
        kind = FORMATS[file["format"]]
        assert (everything / name).exists()
        assert file["parity"]["classes_agreeing"] == 30
        assert file["parity"]["largest_difference"] <= kind.largest_difference
        assert file["input"]["dtype"] == kind.input_dtype
        assert f"| `{name}` | {kind.about} | {file['parity']['bytes']:,} |" in page
    assert "Trained on a folder in MNIST's format" in page
    assert not re.search(r"[{}]\w+[{}]", page.split("## Loading it")[0])


def test_sizes_follow_the_bits(card):
    size = {file["format"]: file["parity"]["bytes"] for file in card["files"].values()}
    assert size["float16"] < 0.6 * size["float32"]
    assert max(size[name] for name in ("dynamic", "int8", "int8_io", "uint8_io")) < 0.4 * size["float32"]


def test_raw_pixels_go_straight_into_uint8(card):
    ends = card["files"]["mnist_uint8_io.tflite"]
    assert ends["input"]["zero_point"] == 0
    assert np.isclose(ends["input"]["scale"], 1 / 255)
    assert "scale" not in card["files"]["mnist_int8.tflite"]["input"]


def test_the_golden_digits_come_out_of_every_format(everything, card, tiny):
    golden = json.loads((everything / "golden.json").read_text())
    assert golden["input"] == [1, 28, 28, 1]
    assert [vector["label"] for vector in golden["vectors"]] == list(range(10))
    images = np.array([vector["pixels"] for vector in golden["vectors"]]).reshape(-1, 28, 28)
    images = np.round(images * 255).astype(np.uint8)
    with Image.open(everything / "golden.png") as picture:
        np.testing.assert_array_equal(np.hstack(images), np.asarray(picture))
    np.testing.assert_array_equal(images, tiny.test_images[:10])
    expected = np.array([vector["probabilities"] for vector in golden["vectors"]])
    for name, file in card["files"].items():
        if file["format"] in PICTURE_FORMATS:
            # They move these bars to where MNIST's digits are: see the next test.
            continue
        received = load_predictor(everything / name).predict(images)
        np.testing.assert_array_equal(received.argmax(axis=1), range(10))
        bound = max(1e-5, min(FORMATS[file["format"]].largest_difference, 0.1))
        np.testing.assert_allclose(received, expected, atol=bound)


def test_a_whole_picture_goes_into_its_file(everything, tiny):
    read = Interpreter(str(everything / "mnist_picture.tflite")).get_signature_runner("serving_default")
    page = np.full((1, 120, 170), 230, np.uint8)
    page[0, 20:104, 60:144] -= (tiny.test_images[3].repeat(3, axis=0).repeat(3, axis=1) * 0.8).astype(np.uint8)
    answer = read(picture=page)
    seen = normalize(tf.constant(page[0], tf.float32))
    for name, flag in (("has_ink", seen.has_ink), ("touches_border", False), ("several", False)):
        assert answer[name].tolist() == [bool(flag)]
    np.testing.assert_allclose(answer["digit"][0], seen.digit, atol=1)
    expected = load_predictor(everything / "mnist.tflite").predict(answer["digit"].astype(np.uint8))
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
    blank = read(picture=np.full((1, 31, 77), 90, np.uint8))
    assert blank["has_ink"].tolist() == [False]
    assert not blank["digit"].any()


@pytest.mark.parametrize("shape", [(120, 170), (170, 120), (28, 28)])
@pytest.mark.parametrize("is_transparent", [False, True])
def test_the_pixels_of_a_canvas_go_into_its_file(everything, tiny, shape, is_transparent):
    ink = np.zeros(shape, np.uint8)
    times = 1 if shape == (28, 28) else 3
    ink[-28 * times :, : 28 * times] = tiny.test_images[3].repeat(times, axis=0).repeat(times, axis=1)
    grey = 255 - ink
    rgba = np.dstack([grey] * 3 + [np.full(shape, 255, np.uint8)])
    if is_transparent:
        rgba = np.dstack([np.zeros((*shape, 3), np.uint8), ink])
    read = Interpreter(str(everything / "mnist_canvas.tflite")).get_signature_runner("serving_default")
    flat = np.full(4 * CANVAS_PIXELS, 77, np.float32)
    flat[: rgba.size] = rgba.ravel()
    answer = read(rgba=flat, size=np.array(shape, np.int32))
    whole = Interpreter(str(everything / "mnist_picture.tflite")).get_signature_runner("serving_default")
    expected = whole(picture=grey[np.newaxis])
    np.testing.assert_allclose(answer["digit"], expected["digit"], atol=1)
    np.testing.assert_allclose(answer["probabilities"], expected["probabilities"], atol=0.02)
    for name in ("has_ink", "touches_border", "several"):
        assert answer[name].tolist() == expected[name].astype(float).tolist()
        assert answer[name].dtype == np.float32
    assert answer["has_ink"].tolist() == [1.0]


def test_a_blank_canvas_has_no_ink(everything):
    read = Interpreter(str(everything / "mnist_canvas.tflite")).get_signature_runner("serving_default")
    for size in ((31, 77), (1, 1), (320, 320), (1, CANVAS_PIXELS)):
        answer = read(rgba=np.full(4 * CANVAS_PIXELS, 90, np.float32), size=np.array(size, np.int32))
        assert answer["has_ink"].tolist() == [0.0]
        assert not answer["digit"].any()


def test_calibration_takes_every_digit_alike(tiny):
    images = np.arange(1000, dtype=np.uint16).repeat(4).reshape(1000, 2, 2)
    labels = np.repeat(np.arange(10), 100)
    chosen = calibration_images(images, labels)[:, 0, 0]
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [50] * 10)


def test_names():
    assert expand_formats(["float32", " int8", "float32"]) == ("float32", "int8")
    assert expand_formats(["all"]) == tuple(FORMATS)
    for names in (["float64"], []):
        with pytest.raises(InputError, match="There is no format .* Expected: saved_model, float32"):
            expand_formats(names)


def test_what_a_file_is_travels_inside_it(everything, card, tiny):
    for name, file in card["files"].items():
        if name.endswith(".tflite"):
            with zipfile.ZipFile(everything / name) as archive:
                assert archive.read("labels.txt").decode().split() == list("0123456789")
                inside = json.loads(archive.read("metadata.json"))
        elif name.endswith(".onnx"):
            properties = onnxruntime.InferenceSession(everything / name).get_modelmeta().custom_metadata_map
            inside = json.loads(properties["metadata"])
        else:
            continue
        assert inside["format"] == file["format"]
        assert inside["input"] == file["input"]
        assert inside["outputs"] == file["outputs"]
        assert inside["pixels"] == card["pixels"]
        assert inside["figures"]["accuracy"] == card["figures"]["accuracy"]
        assert inside["dataset"]["about"] == "a folder in MNIST's format"


def test_onnx_takes_any_number_of_digits(everything, trained_run, tiny):
    session = onnxruntime.InferenceSession(everything / "mnist.onnx")
    expected = load_predictor(trained_run).predict(tiny.test_images)
    pixels = tiny.test_images[..., np.newaxis].astype(np.float32) / 255
    for count in (0, 1, 7, 30):
        (received,) = session.run(["probabilities"], {"pixels": pixels[:count]})
        np.testing.assert_allclose(received, expected[:count], atol=1e-5)


@pytest.mark.parametrize("file", ["mnist_picture.tflite", "mnist_picture.onnx"])
def test_a_blank_picture_of_any_size_has_no_ink(everything, file):
    for shape in ((1, 31, 77), (1, 300, 2), (1, 1, 1)):
        picture = np.full(shape, 90, np.uint8)
        if file.endswith(".onnx"):
            session = onnxruntime.InferenceSession(everything / file)
            (has_ink,) = session.run(["has_ink"], {"picture": picture})
        else:
            reader = Interpreter(str(everything / file)).get_signature_runner("serving_default")
            has_ink = reader(picture=picture)["has_ink"]
        assert has_ink.tolist() == [False]


def test_the_python_of_the_page_runs(everything, monkeypatch):
    monkeypatch.chdir(everything)
    page = (everything / "README.md").read_text().replace("photo.png", "golden.png")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 5
    exec("\n".join(blocks), {})


def test_formats_that_need_more(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"The format onnx needs onnx: pip install -e '.\[onnx\]'"):
        expand_formats(["float32", "onnx"])
    assert expand_formats(["all"]) == tuple(name for name in FORMATS if "onnx" not in name)
