import ast
import json
import pathlib
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from mnist_keras.data import load_digits
from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import load_predictor, load_pretrained, shipped_models
from mnist_keras.inference.preprocessing.normalize import preprocess_image

ROOT = pathlib.Path(__file__).parents[2]
SHIPPED = ROOT / "exported" / "cnn_augmented"
CARD = json.loads((SHIPPED / "card.json").read_text())
[NAMES] = re.findall(r"^SHIPPED = (.+)$", (ROOT / "setup.py").read_text(), re.MULTILINE)
FOLDERS = [SHIPPED.with_name(name) for name in ast.literal_eval(NAMES)]

FILES = [folder / name for folder in FOLDERS for name in json.loads((folder / "card.json").read_text())["files"]]
PICTURE_FILES = [path for path in FILES if path.stem in ("mnist_picture", "mnist_canvas")]
OTHER_FILES = [path for path in FILES if path not in PICTURE_FILES]
# The files of the large networks take ten seconds each, these half a minute.
LARGEST_FILES = [path for path in OTHER_FILES if path.parent.name == "ensemble" and "uint8" not in path.name]


def marks_of(path):
    is_slow = path.parent.name in ("accurate", "ensemble")
    return [pytest.mark.slow] * is_slow + [pytest.mark.long] * (path in LARGEST_FILES)


def name_of(path):
    return f"{path.parent.name}/{path.name}"


def test_it_reads_its_golden_digits_without_training():
    golden = json.loads((SHIPPED / "golden.json").read_text())["vectors"]
    images = np.round(np.array([vector["pixels"] for vector in golden]).reshape(-1, 28, 28) * 255).astype(np.uint8)
    probabilities = load_pretrained("cnn_augmented").predict(images)
    np.testing.assert_allclose(probabilities, [vector["probabilities"] for vector in golden], atol=1e-5)
    assert probabilities.argmax(axis=1).tolist() == [vector["label"] for vector in golden] == list(range(10))


def test_an_unknown_shipped_model_raises():
    with pytest.raises(InputError, match="No model of that name is in .*: 'resnet'. Expected: .*cnn_augmented"):
        load_pretrained("resnet")


def test_one_of_half_precision_is_known_by_its_name_too(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_keras.inference.predictor.project_folder", lambda _: tmp_path)
    for name, file in (("both", "mnist.tflite"), ("both", "mnist_float16.tflite"), ("half", "mnist_float16.tflite")):
        (tmp_path / name).mkdir(exist_ok=True)
        shutil.copy(SHIPPED / file, tmp_path / name)
    assert {name: path.name for name, path in shipped_models().items()} == {
        "both": "mnist.tflite",
        "half": "mnist_float16.tflite",
    }
    probabilities = load_pretrained("half").predict(np.zeros((1, 28, 28), np.uint8))
    np.testing.assert_allclose(probabilities.sum(), 1, atol=1e-3)


def test_it_is_small():
    files = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 5_000_000


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=marks_of(path)) for path in OTHER_FILES],
    ids=name_of,
)
def test_every_shipped_file_has_the_test_accuracy_of_its_card(test_set, path):
    images, labels = test_set
    recorded = json.loads((path.parent / "card.json").read_text())["files"][path.name]["parity"]
    count = recorded["examples"]
    right = load_predictor(path).predict(images[:count]).argmax(axis=1) == labels[:count]
    # Other processors round otherwise.
    assert abs(int(right.sum()) - recorded["correct"]) <= 2


@pytest.mark.parametrize("path", PICTURE_FILES, ids=name_of)
def test_every_shipped_file_for_images_predicts_like_python(test_set, path):
    images, _ = test_set
    # A few, for it takes ten milliseconds each.
    images = images[:200]
    seen = np.stack([preprocess_image(image).digit for image in images])
    expected = load_predictor(path.parent / "mnist.tflite").predict(seen)
    np.testing.assert_allclose(load_predictor(path).predict(images), expected, atol=0.02)


@pytest.mark.parametrize("file", sorted(path.name for path in SHIPPED.glob("*.tflite") if "picture" not in path.name))
def test_the_network_runs_as_one_piece_of_xnnpack(file):
    interpreter = Interpreter(str(SHIPPED / file), num_threads=1)
    interpreter.allocate_tensors()
    operators = interpreter._get_ops_details()
    first, *others = [operator for operator in operators if operator["op_name"] == "DELEGATE"]
    softmax = next(operator for operator in operators if operator["op_name"] == "SOFTMAX")
    if "int8" in file:
        # XNNPACK has no softmax of 8 bits; what may follow turns ten numbers into floats.
        assert list(first["outputs"]) == [softmax["inputs"][0]]
        assert all(list(other["inputs"]) == list(softmax["outputs"]) for other in others)
    else:
        assert list(first["outputs"]) == [interpreter.get_output_details()[0]["index"]]
        assert not others


def test_the_accuracy_of_the_formats():
    right = {file["format"]: file["parity"]["correct"] for file in CARD["files"].values()}
    agreeing = {file["format"]: file["parity"]["classes_agreeing"] for file in CARD["files"].values()}
    assert {agreeing[name] for name in agreeing if "int8" not in name} == {10_000}
    # A twentieth of a point.
    assert min(right.values()) >= right["float32"] - 5


@pytest.fixture(scope="module")
def signatures():
    return tf.saved_model.load(SHIPPED / "saved_model").signatures


@pytest.fixture(scope="module")
def test_set(mnist_folder):
    digits = load_digits("mnist", mnist_folder)
    return digits.test_images, digits.test_labels


def correct(signature, inputs, labels, size=500):
    (name,) = signature.structured_input_signature[1]
    batches = [tf.constant(inputs[start : start + size]) for start in range(0, len(inputs), size)]
    classes = np.concatenate([signature(**{name: batch})["classes"] for batch in batches])
    return int((classes == labels).sum())


@pytest.mark.slow
@pytest.mark.long
def test_raw_digits_are_predicted_as_well_by_signatures_for_images(signatures, test_set):
    images, labels = (part[:2000] for part in test_set)
    direct = correct(signatures["serving_default"], images, labels)
    files = [tf.io.encode_png(image[..., np.newaxis]).numpy() for image in images]
    assert abs(correct(signatures["any_size"], images[..., np.newaxis], labels) - direct) <= 2
    assert abs(correct(signatures["encoded"], files, labels) - direct) <= 2


@pytest.mark.slow
def test_a_digit_on_a_page_is_predicted_as_well_as_the_raw_digit(signatures, test_set):
    images, labels = (part[:1000] for part in test_set)
    chance = np.random.default_rng(0)
    pages = np.full((len(images), 300, 400, 1), 230, np.uint8)
    for page, image in zip(pages, images, strict=True):
        side = int(chance.integers(60, 240))
        ink = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
        top, left = chance.integers(0, 300 - side), chance.integers(0, 400 - side)
        page[top : top + side, left : left + side, 0] -= (ink * 0.8).astype(np.uint8)
    direct = correct(signatures["serving_default"], images, labels)
    assert correct(signatures["any_size"], pages, labels) >= direct - 10
