import json

import numpy as np
import pytest
from PIL import Image

from mnist_keras.errors import InputError
from mnist_keras.evaluation.labeled_images import label_from_path, run_field_test
from mnist_keras.reports.prediction_figures import errors_figure, rejection_figure


@pytest.fixture
def folder(tmp_path):
    pixels = np.full((80, 60), 230, np.uint8)
    pixels[10:70, 27:33] = 30
    (tmp_path / "deep" / "1").mkdir(parents=True)
    for name in ("1_a.png", "7_b.png", "deep/1/c.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
    Image.new("L", (60, 50), 200).save(tmp_path / "0.png")
    return tmp_path


def test_labeled_images_are_counted(always_one, folder):
    test = run_field_test(always_one, folder)
    assert test.labels.tolist() == [0, 1, 7, 1]
    assert test.is_correct.tolist() == [False, True, False, True]
    # An image without ink is misclassified, whatever the network says.
    assert test.probabilities[0].argmax() != 0
    np.testing.assert_allclose(test.probabilities.sum(axis=1), 1, atol=1e-5)
    summary = json.loads(json.dumps(test.to_dict()))
    assert (summary["examples"], summary["correct"], summary["accuracy"]) == (4, 2, 0.5)
    assert summary["coverage"] == np.mean(~test.is_warned)
    assert summary["warnings"]["no ink"] == 1
    assert summary["accuracy_with_warning"] == np.mean(test.is_correct[test.is_warned])
    assert "accuracy                       50.00%" in str(test)


def test_images_of_no_digit_are_counted_apart(always_one, folder):
    (folder / "none").mkdir()
    for name in ("none/c.png", "none_a.png"):
        Image.new("L", (60, 50), 200).save(folder / name)
    Image.open(folder / "1_a.png").save(folder / "none_bar.png")
    test = run_field_test(always_one, folder)
    assert test.labels.tolist() == [0, 1, 7, 1]
    assert [prediction.digit for prediction in test.no_digits] == [None, None, 1]
    summary = test.to_dict()
    assert summary["no_digit_examples"] == 3
    assert summary["no_digit_without_warning"] == sum(not prediction.warnings for prediction in test.no_digits)
    digits, others = ([each.normalized.is_digit for each in part] for part in (test.predictions, test.no_digits))
    pairs = [(one > other) + 0.5 * (one == other) for one in digits for other in others]
    assert summary["auroc"] == pytest.approx(np.mean(pairs))
    assert 0.5 < summary["auroc"] < 1
    assert "images of no digit                  3" in str(test)


def test_the_curve_shows_what_each_threshold_tells_and_loses(always_one, folder):
    (folder / "none").mkdir()
    for name in ("1_a.png", "0.png"):
        Image.open(folder / name).save(folder / "none" / name)
    test = run_field_test(always_one, folder)
    curve, threshold = rejection_figure(test).axes[0].lines
    lost, told = curve.get_data()
    assert (lost[0], told[0], lost[-1], told[-1]) == (0, 0, 100, 100)
    assert (np.diff(lost) >= 0).all() and (np.diff(told) >= 0).all()
    # The image without ink is no digit; the others look like a 1.
    assert [data[0] for data in threshold.get_data()] == [25, 50]


def test_the_contact_sheet_shows_each_misclassified_image(always_one, folder):
    test = run_field_test(always_one, folder)
    figure = errors_figure(test.predictions, test.labels)
    titles = [axes.get_title() for axes in figure.axes]
    # Two images and their digits leave no cell empty.
    assert len(titles) == 4 and all(titles)
    assert [text.get_text() for text in figure.legends[0].texts] == ["without a warning", "with a warning"]
    assert [title for title in titles if title.startswith("label")] == ["label 0, predicts -", "label 7, predicts 1"]


def test_labels_are_in_file_names(tmp_path, always_one):
    assert label_from_path("pictures/7-first.png") == label_from_path("7/first.png") == 7
    assert label_from_path("none_1.png") is label_from_path("none/7.png") is None
    Image.new("L", (9, 9)).save(tmp_path / "none.png")
    with pytest.raises(InputError, match="contains no images of digits"):
        run_field_test(always_one, tmp_path)
    (tmp_path / "none.png").unlink()
    with pytest.raises(InputError, match="first.png has no label. Expected: a file name that begins with the digit"):
        label_from_path("pictures/first.png")
    with pytest.raises(InputError, match="contains no images"):
        run_field_test(always_one, tmp_path)
    with pytest.raises(InputError, match="There is no such folder: .*missing. Expected: a folder of labeled images"):
        run_field_test(always_one, tmp_path / "missing")
