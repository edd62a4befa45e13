"""Exports of other classes than the ten digits: shapes and names in every file, and what is left out."""

import json
import re
import zipfile

import numpy as np
import pytest
from letter_images import NAMES, make_letters

from mnist_keras.errors import InputError, InputWarning
from mnist_keras.export.export import export_run
from mnist_keras.export.formats import FORMATS, NUMBER_FORMATS, expand_formats
from mnist_keras.export.tflite import calibration_images
from mnist_keras.export.web_demo import build_site
from mnist_keras.inference.predictor import load_predictor


@pytest.fixture(scope="module")
def card(letters_export):
    return json.loads((letters_export / "card.json").read_text())


def test_the_card_has_names_and_shapes(card):
    assert card["dataset"]["class_names"] == list(NAMES)
    for file, contract in card["files"].items():
        output = contract["outputs"].get("probabilities") or contract["outputs"]["logits"]
        assert output["shape"][-1] == 26, file
    saved_model = card["files"]["saved_model"]
    assert "numbers" not in {**saved_model["other_signatures"], **saved_model["tensors"]}
    assert "numbers" not in saved_model["more_outputs"]


def test_labels_are_written_beside_and_into_the_files(letters_export):
    assert (letters_export / "labels.txt").read_text(encoding="utf-8").split("\n") == [*NAMES, ""]
    with zipfile.ZipFile(letters_export / "mnist.tflite") as archive:
        assert archive.read("labels.txt").decode().split("\n") == [*NAMES, ""]
        assert json.loads(archive.read("metadata.json"))["dataset"]["class_names"] == list(NAMES)
    header = (letters_export / "mnist_model.h").read_text()
    assert "#define MNIST_CLASSES 26" in header
    assert "classifies images of 26 classes" in header and "digit" not in header
    source = (letters_export / "mnist_model.c").read_text()
    assert re.search(r'mnist_labels\[26\] = \{"A", .*, "T-shirt/top", "Ankle boot", "\\u00c4"\};', source)


def test_the_page_of_the_export_names_the_classes(letters_export):
    page = (letters_export / "README.md").read_text(encoding="utf-8")
    assert "\n# linear: classifies images of 26 classes\n" in page
    assert "26 classes, from A to Ä" in page
    assert "FloatArray(26)" in page
    for word in ("ten digits", "0 to 9", "{{", "{%"):
        assert word not in page


def test_golden_values_are_of_at_most_twenty_classes(letters_export, letters):
    golden = json.loads((letters_export / "golden.json").read_text())
    assert [vector["class_name"] for vector in golden["vectors"]] == list(NAMES[:20])
    assert [vector["label"] for vector in golden["vectors"]] == list(range(20))
    assert len(golden["vectors"][0]["probabilities"]) == 26


def test_calibration_uses_fewer_images_of_more_classes():
    labels = np.arange(4000) % 100
    images = np.zeros((4000, 1, 1), np.uint8)
    assert len(calibration_images(images, labels)) == 500
    assert len(calibration_images(images, np.arange(4000) % 1000)) == 1000


def test_formats_for_numbers_need_digits():
    with pytest.raises(InputError, match="needs a model of the ten digits, 0 to 9. Received: formats=canvas_numbers"):
        expand_formats(["float32", "canvas_numbers"], NAMES)
    with pytest.warns(InputWarning, match="numbers, canvas_numbers, onnx_numbers are left out"):
        assert set(expand_formats(["all"], NAMES)) == set(FORMATS) - set(NUMBER_FORMATS)


def test_an_export_needs_the_classes_of_its_run(letters_run, tiny, tmp_path):
    with pytest.raises(
        InputError, match="have other classes. Expected: the 26 .*, A, B, C, D, E, .... Received: 10, 0"
    ):
        export_run(letters_run, tmp_path / "export", tiny)
    assert not (tmp_path / "export").exists()


def test_the_web_demo_needs_the_format_of_one_image(letters_export, tmp_path):
    with pytest.raises(InputError, match="has no mnist_canvas.tflite.*--formats=saved_model,float32,canvas$"):
        build_site(letters_export, tmp_path / "site")


@pytest.mark.slow
@pytest.mark.long
def test_every_other_format_predicts_the_names(tmp_path):
    letters = make_letters(classes=26)
    from mnist_keras.experiments.save_run import save_run
    from mnist_keras.recipes import get_recipe
    from mnist_keras.training.settings import TrainingOptions
    from mnist_keras.training.train import train

    result = train(get_recipe("compact_1k", epochs=30, batch_size=52), letters, options=TrainingOptions(verbose=False))
    save_run(tmp_path / "run", result, letters)
    with pytest.warns(InputWarning, match="are left out"):
        card = export_run(tmp_path / "run", tmp_path / "export", letters, ["all"])
    assert len(card["files"]) == len(FORMATS) - len(NUMBER_FORMATS)
    for file in card["files"]:
        predictor = load_predictor(tmp_path / "export" / file)
        assert predictor.class_names == NAMES, file
        assert predictor.predict(letters.test_images[:3]).shape == (3, 26), file
    with zipfile.ZipFile(tmp_path / "export" / "mnist_mediapipe.tflite") as archive:
        assert archive.read("labels.txt").decode().split("\n") == [*NAMES, ""]
    content = (tmp_path / "export" / "mnist_mediapipe.tflite").read_bytes()
    for text in (b"classifies images of 26 classes", b"one class per line", b"probability of each class; 0.0385 each"):
        assert text in content
