import json

import numpy as np
import pytest
from pictures import DIGITS, as_picture, ink_of, page
from PIL import Image, ImageDraw

from mnist_keras.errors import InputError
from mnist_keras.inference.images import (
    CONFIDENCE_THRESHOLD,
    list_images,
    predict_file,
    predict_number,
)
from mnist_keras.inference.predictor import Predictor, load_pretrained
from mnist_keras.reports.prediction_figures import numbers_figure, predictions_figure


@pytest.fixture(scope="module")
def predictor():
    return load_pretrained("cnn_augmented")


@pytest.fixture
def folder(tmp_path):
    for label, number in ((5, 0), (4, 2), (2, 3)):
        Image.fromarray(as_picture(page(ink_of(DIGITS[number], 110)))).save(tmp_path / f"{label}.png")
    return tmp_path


def test_an_image_is_predicted(predictor, folder):
    (prediction,) = predict_file(predictor, folder / "5.png")
    assert prediction.digit == 5
    assert prediction.second_guess not in (5, None)
    assert prediction.probabilities[5] > 0.9
    assert prediction.warnings == ()
    record = json.loads(json.dumps(prediction.to_dict()))
    assert record["file"].endswith("5.png")
    assert (record["digit"], record["warnings"], record["light_on_dark"]) == (5, [], False)
    assert abs(record["box"]["top"] - 60) <= 3


def test_a_blank_picture_is_no_digit(predictor, tmp_path):
    Image.new("L", (60, 50), 200).save(tmp_path / "blank.png")
    (prediction,) = predict_file(predictor, tmp_path / "blank.png")
    assert (prediction.digit, prediction.second_guess, prediction.warnings) == (None, None, ("no ink",))
    np.testing.assert_allclose(prediction.probabilities, 0.1)
    assert predict_file(predictor, tmp_path / "blank.png", all_digits=True) == []


@pytest.mark.parametrize("confidence", [CONFIDENCE_THRESHOLD - 0.01, CONFIDENCE_THRESHOLD + 0.01])
def test_a_prediction_below_the_threshold_is_not_sure(folder, confidence):
    probabilities = np.full((1, 10), (1 - confidence) / 9, np.float32)
    probabilities[0, 3] = confidence
    (prediction,) = predict_file(Predictor(lambda _: probabilities, folder), folder / "5.png")
    assert prediction.digit == 3
    assert ("not sure" in prediction.warnings) == (confidence < CONFIDENCE_THRESHOLD)


def test_a_number_is_read_digit_by_digit(predictor, tmp_path):
    paper = page(ink_of(DIGITS[0], 90), shape=(200, 500), place=(40, 30))
    for number, left in ((2, 180), (3, 330)):
        ink = ink_of(DIGITS[number], 90)
        paper[50 : 50 + ink.shape[0], left : left + ink.shape[1]] -= 170 * ink
    Image.fromarray(as_picture(paper)).save(tmp_path / "542.png")
    predictions = predict_file(predictor, tmp_path / "542.png", all_digits=True)
    assert [prediction.digit for prediction in predictions] == [5, 4, 2]
    assert all("one of several" not in prediction.warnings for prediction in predictions)
    assert "one of several" in predict_file(predictor, tmp_path / "542.png")[0].warnings
    number = predict_number(predictor, tmp_path / "542.png")
    assert (number.text, number.lines, number.signs, number.warnings) == ("542", (0, 0, 0), 0, ())
    record = json.loads(json.dumps(number.to_dict()))
    assert [(digit["digit"], digit["line"]) for digit in record["digits"]] == [(5, 0), (4, 0), (2, 0)]
    boxes, inputs = numbers_figure([number]).axes
    assert [text.get_text() for text in boxes.texts] == ["5", "4", "2"]
    assert len(boxes.patches) == 3
    assert inputs.images[0].get_array().shape == (28, 84)


def test_lines_of_digits_become_lines_of_text(predictor, tmp_path):
    paper = page(ink_of(DIGITS[0], 90), shape=(320, 300), place=(30, 30))
    for number, top, left in ((2, 40, 160), (3, 190, 60)):
        ink = ink_of(DIGITS[number], 90)
        paper[top : top + ink.shape[0], left : left + ink.shape[1]] -= 170 * ink
    Image.fromarray(as_picture(paper)).save(tmp_path / "lines.png")
    number = predict_number(predictor, tmp_path / "lines.png")
    assert (number.text, number.lines) == ("54\n2", (0, 0, 1))


@pytest.mark.parametrize(("degrees", "turn"), [(90, 90), (270, 270)])
def test_a_sideways_image_is_reported_with_the_turn_that_rights_it(predictor, tmp_path, degrees, turn):
    # Pillow turns counterclockwise: the image must be turned back clockwise.
    upright = Image.fromarray(as_picture(page(ink_of(DIGITS[2], 130))))
    upright.rotate(degrees, expand=True).save(tmp_path / "sideways.png")
    (prediction,) = predict_file(predictor, tmp_path / "sideways.png")
    assert prediction.turn == turn
    assert f"sideways: turn it by {turn} degrees" in prediction.warnings


def test_what_is_no_digit_has_a_warning(predictor, tmp_path):
    image = Image.new("L", (200, 200), 225)
    draw = ImageDraw.Draw(image)
    for ends in ((40, 60, 160, 60), (40, 140, 160, 140), (70, 30, 70, 170), (130, 30, 130, 170)):
        draw.line(ends, 50, 8)
    image.save(tmp_path / "sharp.png")
    (prediction,) = predict_file(predictor, tmp_path / "sharp.png")
    assert prediction.normalized.is_digit < 0.5
    assert "no digit" in prediction.warnings
    number = predict_number(predictor, tmp_path / "sharp.png")
    assert (number.text, number.warnings) == ("", ("no digit",))


def test_a_folder_is_replaced_by_the_images_in_it_and_its_subfolders(folder):
    (folder / "notes.txt").touch()
    (folder / "deep" / "3").mkdir(parents=True)
    (folder / "deep" / "3" / "a.HEIC").touch()
    inside = [str(folder / name) for name in ("2.png", "4.png", "5.png", "deep/3/a.HEIC")]
    assert list(list_images(["one.png", folder, "-"])) == ["one.png", *inside, "-"]
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="contains no images. Expected: files ending in .png"):
        list(list_images([folder / "empty"]))


def test_the_figure_has_one_row_per_prediction(predictor, folder):
    predictions = [predict_file(predictor, folder / f"{digit}.png")[0] for digit in (2, 5)]
    figure = predictions_figure(predictions)
    assert len(figure.axes) == 8
    assert figure.axes[1].get_title() == "ink (red: removed)"
    assert "2 (" in figure.axes[3].get_title()


def test_names_of_files_are_not_cut_by_the_edge_of_the_figure(predictor, folder):
    (folder / "2.png").rename(folder / f"a_name_that_is_{'very_' * 9}long_2.png")
    (path,) = folder.glob("a_name*")
    figure = predictions_figure(predict_file(predictor, path))
    figure.draw_without_rendering()
    assert figure.axes[0].get_title().startswith("\u2026")
    assert figure.axes[0].title.get_window_extent().x0 >= 0
