import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_keras.data.synthetic import synthetic_digits
from mnist_keras.errors import InputError
from mnist_keras.evaluation.labeled_numbers import edit_distance, number_from_path, run_number_field_test


def test_numbers_read_exactly_and_edits_are_counted(always_one, tmp_path):
    page = np.full((124, 320), 235, np.uint8)
    for place, digit in enumerate(synthetic_digits(3, seed=5)[0]):
        page[20:104, 18 + 100 * place : 102 + 100 * place] -= (0.8 * digit.repeat(3, 0).repeat(3, 1)).astype(np.uint8)
    for name in ("111.png", "1171_a.png", "21_b.png"):
        Image.fromarray(page).save(tmp_path / name)
    test = run_number_field_test(always_one, tmp_path)
    assert [number.text for number in test.predictions] == ["111"] * 3
    assert test.labels == ("111", "1171", "21")
    assert [label for _, label in test.wrong] == ["1171", "21"]
    summary = json.loads(json.dumps(test.to_dict()))
    assert summary == {"examples": 3, "exact": 1, "digits": 9, "edits": 3, "character_error_rate": pytest.approx(1 / 3)}
    assert "numbers without an error       33.33%" in str(test)


def test_labels_are_in_file_names():
    assert number_from_path("folder/0123_4.png") == "0123"
    with pytest.raises(InputError, match="first.png has no label. Expected: a file name that begins with the number"):
        number_from_path("7/first.png")


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("12", "12", 0), ("12", "", 2), ("123", "13", 1), ("12", "21", 2), ("9", "4", 1)],
)
def test_edit_distance(one, other, edits):
    assert edit_distance(one, other) == edits


@given(st.text("01", max_size=6), st.text("01", max_size=6))
def test_edit_distance_is_a_metric(one, other):
    edits = edit_distance(one, other)
    assert edits == edit_distance(other, one)
    assert (edits == 0) == (one == other)
    assert abs(len(one) - len(other)) <= edits <= max(len(one), len(other))
