"""Class names: where a loaded model has them from, and what predictions do with them."""

import json
import shutil

import numpy as np
import pytest
from letter_images import NAMES
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.evaluation.labeled_images import label_from_path, run_field_test
from mnist_keras.evaluation.metrics import evaluate
from mnist_keras.inference.images import predict_file, predict_number
from mnist_keras.inference.predictor import load_predictor, load_pretrained

DIGITS = tuple("0123456789")


@pytest.fixture(scope="module")
def predictor(letters_run):
    return load_predictor(letters_run)


@pytest.fixture
def album(letters, tmp_path):
    """Dark letters on light paper: the classes A, "Ankle boot" and "Ä"."""
    for label, name in ((0, "A_1.png"), (24, "Ankle boot_1.png"), (25, "Ä_1.png")):
        index = int(np.flatnonzero(letters.test_labels == label)[0])
        Image.fromarray(255 - letters.test_images[index]).resize((112, 112)).save(tmp_path / name)
    return tmp_path


def test_a_run_and_an_export_know_their_classes(predictor, letters, letters_export):
    assert predictor.class_names == NAMES
    for file in ("mnist.tflite", "mnist_uint8_io.tflite", "mnist.onnx", "model.keras", "mnist_model.c", "saved_model"):
        loaded = load_predictor(letters_export / file)
        assert loaded.class_names == NAMES, file
        report = evaluate(loaded.predict, letters.test_images, letters.test_labels, loaded.class_names)
        assert report.accuracy > 0.95, file
        assert loaded.predict(letters.test_images[:0]).shape == (0, 26)


def test_names_come_from_labels_beside_the_model_or_inside_it(letters_export, tmp_path):
    model = tmp_path / "moved.tflite"
    shutil.copy(letters_export / "mnist.tflite", model)
    assert load_predictor(model, trusted=True).class_names == NAMES
    other = tuple(f"sign {number}" for number in range(26))
    (tmp_path / "labels.txt").write_text("\r\n".join(other) + "\r\n", newline="")
    assert load_predictor(model, trusted=True).class_names == other
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    with pytest.raises(InputError, match=r"labels.txt names 2 classes. Expected: 26, .*moved.tflite"):
        load_predictor(model, trusted=True)


def test_a_model_without_names_has_numbers(letters_export, export, tmp_path):
    shutil.copy(letters_export / "model.keras", tmp_path / "letters.keras")
    assert load_predictor(tmp_path / "letters.keras").class_names == tuple(map(str, range(26)))
    assert load_predictor(export / "mnist.tflite").class_names == DIGITS
    assert load_pretrained("compact_1k").class_names == DIGITS


def test_a_config_of_other_classes_is_refused(letters_run, tmp_path):
    shutil.copytree(letters_run, tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    config["dataset"]["class_names"] = ["one", "two"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="config.json names 2 classes. Expected: 26"):
        load_predictor(tmp_path / "run")


def test_a_prediction_has_the_name_of_its_class(predictor, album):
    for file in ("A_1.png", "Ä_1.png"):
        (prediction,) = predict_file(predictor, album / file)
        name = NAMES[int(predictor.predict(prediction.normalized.digit[np.newaxis]).argmax())]
        assert (prediction.class_name, prediction.turn) == (name, 0)
        # The rejector sees no digit, which is no reason to doubt a letter.
        assert "no digit" in prediction.normalized.warnings
        assert "no digit" not in prediction.warnings
        content = prediction.to_dict()
        assert (content["digit"], content["class_name"]) == (NAMES.index(name), name)
        assert content["second_guess_name"] == NAMES[content["second_guess"]]
    Image.new("L", (40, 40), 255).save(album / "blank.png")
    (blank,) = predict_file(predictor, album / "blank.png")
    assert (blank.class_name, blank.warnings) == (None, ("no ink",))
    np.testing.assert_allclose(blank.probabilities, 1 / 26, rtol=1e-6)


def test_only_digits_make_numbers(predictor, album):
    with pytest.raises(InputError, match="Only models of the ten digits read whole numbers. Received: .*26 other"):
        predict_number(predictor, album / "A_1.png")
    with pytest.raises(InputError, match="Only models of the ten digits"):
        predict_file(predictor, album / "A_1.png", all_digits=True)


def test_a_field_test_takes_labels_from_names(predictor, album):
    test = run_field_test(predictor, album)
    assert test.labels.tolist() == [0, 24, 25]
    names = [prediction.class_name for prediction in test.predictions]
    assert test.is_correct.tolist() == [name == NAMES[label] for name, label in zip(names, test.labels, strict=True)]
    assert test.probabilities.shape == (3, 26)


def test_labels_from_paths():
    names = ("A", "A_bar", "T-shirt")
    assert [label_from_path(path, names) for path in ("A_1.png", "A_bar_1.png", "T-shirt.png", "A_bar/1.png")] == [
        *(0, 1, 2, 1)
    ]
    with pytest.raises(InputError, match="B_1.png has no label. Expected: .* as in A_1.png"):
        label_from_path("B_1.png", names)


def test_a_dataset_of_other_classes_is_refused(predictor):
    predictor.check_classes(NAMES)
    with pytest.raises(InputError, match="predicts 26 classes. Expected: the 10 classes of the dataset"):
        predictor.check_classes(DIGITS)
    with pytest.raises(InputError, match="classes of other names. Expected: .* 'a'. Received: 'A'"):
        predictor.check_classes(("a", *NAMES[1:]))
