"""HTML reports: one file without links to other files, valid nesting, escaped text."""

import html.parser
import json
import re

import pytest

from mnist_keras.evaluation.metrics import most_confused
from mnist_keras.files import read_rows
from mnist_keras.reports.run_report import run_page
from mnist_keras.reports.style import as_svg, new_figure


class Outline(html.parser.HTMLParser):
    """Collects headings and loaded files of an HTML page and checks that every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.loaded, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "!doctype"):
            self.open.append(tag)
        for name, value in attributes:
            is_loaded = name == "src" or (name == "href" and tag == "link")
            if is_loaded and not value.startswith("data:"):
                self.loaded.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def parts(trained_run):
    config, report = (json.loads((trained_run / f"{name}.json").read_text()) for name in ("config", "report"))
    return config, report, read_rows(trained_run / "history.csv")


def test_the_report_of_a_run_is_one_valid_file_with_all_sections(trained_run, parts):
    text = (trained_run / "report.html").read_text()
    outline = Outline(text)
    assert not outline.open
    assert not outline.loaded
    assert outline.headings[:3] == ["Learning curves", "Confusion matrix", "Calibration"]
    # Softmax regression has a first layer, and its recipe has no augmentation.
    assert "First layer" in outline.headings
    assert "Augmentation" not in outline.headings
    assert text.count("<svg ") == 6
    config, report, _ = parts
    memory = f"Peak memory: {report['peak_memory'] / 1e9:.2f} GB"
    checksums = (config["digest"], config["dataset"]["sha256"])
    for part in (f"{report['accuracy']:.2%}", "7,850", *checksums, "--epochs=10", memory):
        assert part in text


def test_names_are_escaped(parts):
    config, report, history = parts
    config = {**config, "dataset": {**config["dataset"], "name": "<script>alert(1)</script>"}}
    text = run_page(config, report, history, {})
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_most_confused_pairs_come_most_frequent_first():
    confusion = [[0] * 10 for _ in range(10)]
    confusion[4][9], confusion[7][1], confusion[5][5] = 2, 3, 50
    assert most_confused(confusion) == [(7, 1, 3), (4, 9, 2)]
    assert most_confused(confusion, maximum=1) == [(7, 1, 3)]


def test_a_figure_takes_the_colors_of_its_page():
    figure = new_figure(2, 2, "a title")
    figure.subplots().plot([1, 2], [1, 2])
    svg = as_svg(figure)
    assert svg.startswith("<svg ")
    assert "a title</text>" in svg
    assert not re.search("#(ffffff|000000)", svg)
    assert "currentColor" in svg
    # Ids are unique on a page with several figures.
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
