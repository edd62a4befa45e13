import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_keras.errors import InputError
from mnist_keras.evaluation.metrics import compute_metrics, evaluate, most_confused


def one_hot(classes, confidence=1.0):
    probabilities = np.full((len(classes), 10), (1 - confidence) / 9)
    probabilities[np.arange(len(classes)), classes] = confidence
    return probabilities


def test_metrics_by_hand():
    labels = np.array([0, 0, 0, 1, 2])
    report = compute_metrics(one_hot([0, 0, 1, 1, 2], confidence=0.91), labels)
    assert (report.correct, report.examples) == (4, 5)
    assert report.accuracy == 0.8
    assert math.isclose(report.loss, -(4 * math.log(0.91) + math.log(0.01)) / 5)
    assert report.precision[:4] == [1.0, 0.5, 1.0, None]
    assert report.recall[:4] == [2 / 3, 1.0, 1.0, None]
    assert report.confusion[0][:3] == [2, 1, 0]
    # All in one bin: confidence .91, accuracy .8.
    assert math.isclose(report.expected_calibration_error, 0.11)


def test_calibration_errors_of_bins_do_not_cancel():
    # Confidence 1 and accuracy .75; confidence .55 and accuracy 1.
    probabilities = np.concatenate([one_hot([0, 0, 0, 0]), one_hot([0] * 4, confidence=0.55)])
    report = compute_metrics(probabilities, np.array([0, 0, 0, 1, 0, 0, 0, 0]))
    assert math.isclose(report.expected_calibration_error, (0.25 * 4 + 0.45 * 4) / 8)


def test_a_misclassification_with_confidence_1_has_a_finite_loss():
    assert math.isfinite(compute_metrics(one_hot([1]), np.array([0])).loss)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40))
def test_the_confusion_matrix_counts_every_example(pairs):
    labels, predictions = map(np.array, zip(*pairs, strict=True))
    report = compute_metrics(one_hot(predictions), labels)
    confusion = np.array(report.confusion)
    assert confusion.sum() == len(pairs)
    assert confusion.diagonal().sum() == report.correct == sum(labels == predictions)
    assert 0 <= report.expected_calibration_error <= 1


def test_the_report_is_a_printable_table():
    lines = str(compute_metrics(one_hot([0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 2]))).splitlines()
    assert lines[0] == "accuracy           4/5  80.00%"
    assert "    1     50.00%  100.00%" in lines
    assert "    9          -        -" in lines
    assert lines[-10] == "    0   2   1   .   .   .   .   .   .   .   ."


def test_the_table_names_the_classes():
    names = ("T-shirt/top", "Ankle boot", "Bag")
    report = compute_metrics(np.eye(3)[[0, 0, 2]], np.array([0, 1, 2]), names)
    lines = str(report).splitlines()
    assert lines[4] == "      class  precision   recall"
    assert "T-shirt/top     50.00%  100.00%" in lines
    assert lines[-4].split() == ["T-shirt/", "Ankle", "bo", "Bag"]
    assert lines[-2] == " Ankle boot        1        .        ."
    assert report.to_dict()["class_names"] == names
    assert "class_names" not in compute_metrics(one_hot([1]), np.array([1])).to_dict()


@pytest.mark.parametrize("classes", [47, 1000])
def test_many_classes_do_not_flood_a_terminal(classes):
    labels = np.arange(2 * classes) % classes
    predictions = labels.copy()
    predictions[[5, 5 + classes]] = 7
    predictions[9] = 8
    report = compute_metrics(np.eye(classes)[predictions], labels, [f"class {number}" for number in range(classes)])
    text = str(report)
    assert len(text.splitlines()) < 25 and max(map(len, text.splitlines())) < 80
    assert f"10 of {classes} classes with the lowest recall\n" in text
    assert re.search(r"\n +class 5 +- +0.00%\n +class 9 +100.00% +50.00%\n", text)
    assert re.search(r"label +prediction +count\n *class 5 +class 7 +2\n *class 9 +class 8 +1$", text)
    assert most_confused(report.confusion, 1) == [(5, 7, 2)]


def test_many_classes_without_confusions():
    names = [f"class {number}" for number in range(30)]
    assert str(compute_metrics(np.eye(30), np.arange(30), names)).endswith("the most frequent confusions: none")


def test_evaluate_predicts_the_images():
    images = np.zeros((3, 28, 28), np.uint8)
    assert evaluate(lambda batch: one_hot([4] * len(batch)), images, np.array([4, 4, 5])).correct == 2


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (np.full((2, 10), 0.1), r"Received: probabilities of shape \(2, 10\) for 3 labels"),
        (np.full((3, 9), 1 / 9), "one row of 10 probabilities"),
        (np.arange(30.0).reshape(3, 10), "at least 0, with a sum of 1 per row. Received: values from 0 to 29"),
        (np.full((3, 10), np.nan), "Metrics need probabilities"),
        (np.full((3, 26), 1 / 26), "one row of 10 probabilities .*, and the names of all classes"),
    ],
)
def test_invalid_probabilities_raise(probabilities, message):
    with pytest.raises(InputError, match=message):
        compute_metrics(probabilities, np.array([0, 1, 2]))


def test_labels_of_unknown_classes_raise():
    with pytest.raises(InputError, match="labels from 0 to 9. Received: labels from 0 to 12"):
        compute_metrics(one_hot([1, 2]), np.array([0, 12]))
