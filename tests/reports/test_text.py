import pytest

from mnist_keras.reports.text import format_duration, markdown_table


def test_a_markdown_table_has_a_heading_row_and_one_line_per_row():
    table = markdown_table(["recipe", "accuracy"], [["cnn", "99.23"], ["linear", "91.68"]])
    assert table == "| recipe | accuracy |\n|---|---|\n| cnn | 99.23 |\n| linear | 91.68 |\n"
    assert markdown_table(["recipe"], []) == "| recipe |\n|---|\n"


def test_a_row_of_another_length_is_an_error():
    message = r"Expected: 2 cells. Received: row=\['cnn'\]. Give each row one cell per column."
    with pytest.raises(ValueError, match=message):
        markdown_table(["recipe", "accuracy"], [["cnn"]])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (3.21, "3.2 s"),
        (59.9, "59.9 s"),
        (59.99, "1.0 min"),
        (90, "1.5 min"),
        (3596, "59.9 min"),
        (3599, "1.0 h"),
        (7200, "2.0 h"),
    ],
)
def test_durations_in_seconds_minutes_and_hours(seconds, text):
    assert format_duration(seconds) == text
