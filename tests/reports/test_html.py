"""HTML reports: one file without links to other files, valid nesting, escaped text."""

import base64
import dataclasses
import html
import html.parser
import io
import json
import re
import subprocess

import numpy as np
import pytest
from PIL import Image

from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.evaluation.metrics import most_confused
from mnist_keras.files import read_rows
from mnist_keras.recipes import get_recipe
from mnist_keras.reports.curves import training_curves
from mnist_keras.reports.digit_grids import digit_grid
from mnist_keras.reports.run_report import run_page
from mnist_keras.reports.style import as_svg, new_figure


class Outline(html.parser.HTMLParser):
    """Collects headings and loaded files of an HTML page and checks that every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.loaded, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "!doctype", "img"):
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
    assert {"Misclassified digits", "Hyperparameters", "Reproduce"} <= set(outline.headings)
    # Softmax regression has a first layer, and its recipe has no augmentation.
    assert "Weights of the first layer" in outline.headings
    assert "Data augmentation" not in outline.headings
    # Two panels each of the learning curves and of the calibration.
    assert text.count("<svg ") == 6
    config, report, _ = parts
    memory = f"Peak memory: {report['peak_memory'] / 1e9:.2f} GB"
    checksums = (config["digest"], config["dataset"]["sha256"])
    for part in (f"{report['accuracy']:.2%}", "7,850", *checksums, "--epochs=10", memory):
        assert part in text
    # Copied text has spaces.
    assert not re.search("</b>[^ <]", text)


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
    # The page writes it as text, which breaks on narrow screens.
    assert "a title</text>" not in svg
    assert figure.get_suptitle() == "a title"
    assert not re.search("#(ffffff|000000)", svg)
    assert "currentColor" in svg
    # Ids are unique on a page with several figures.
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))


def test_a_panel_is_drawn_alone_and_the_figure_stays_the_same():
    figure = new_figure(8, 3, "a title")
    for name, axes in zip(("left", "right"), figure.subplots(1, 2), strict=True):
        axes.set_xlabel(name)
    both = as_svg(figure)
    left, right = (as_svg(figure, axes) for axes in figure.axes)
    assert ">left</text>" in left and ">right</text>" not in left
    assert ">right</text>" in right and ">left</text>" not in right
    width, left_width = (float(re.search(r'width="([0-9.]+)pt"', svg)[1]) for svg in (both, left))
    assert left_width < 0.6 * width
    again = as_svg(figure)
    assert ">left</text>" in again and ">right</text>" in again
    assert figure.get_suptitle() == "a title"


def test_grids_of_digits_are_images_with_captions_that_wrap(parts):
    config, report, history = parts
    images = np.arange(2 * 28 * 28).reshape(2, 28, 28).astype(np.uint8)
    grid = digit_grid(images, ["a <b>", "second"], 2, "a title", wrong=[True, False])
    text = run_page(config, report, history, {"misclassified": grid})
    sources = re.findall(r'<div class="(\w+)"><img src="data:image/png;base64,([^"]+)" alt="">([^/]*)</div>', text)
    assert [(kind, caption) for kind, _, caption in sources] == [("wrong", "a &lt;b&gt;"), ("right", "second")]
    for image, (_, source, _) in zip(images, sources, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(source)))), image)
    assert "<figcaption>a title</figcaption>" in text
    assert '<b class="wrong">misclassified</b>' in text


def cells(text):
    return dict(re.findall(r"<tr><th>([^<]+)</th><td><code>([^<]*)</code>", text))


def test_the_optimizer_and_its_settings_are_listed_though_they_are_defaults(parts):
    config, report, history = parts
    config = {**config, "recipe": dataclasses.asdict(get_recipe("compact_1k", momentum=0.0))}
    shown = cells(run_page(config, report, history, {}))
    recipe = get_recipe("compact_1k")
    names = {"optimizer": recipe.optimizer, "learning rate": recipe.learning_rate, "weight decay": recipe.weight_decay}
    assert {name: shown[name] for name in names} == {name: str(value) for name, value in names.items()}
    config["recipe"] = json.loads(
        json.dumps(dataclasses.asdict(get_recipe("cnn", augmentation=Augmentation(rotation=5))))
    )
    shown = cells(run_page(config, report, history, {}))
    assert (shown["optimizer"], shown["schedule"], shown["augmentation"]) == ("adam", "constant", "rotation=5")
    config["recipe"] = dataclasses.asdict(get_recipe("linear"))
    shown = cells(run_page(config, report, history, {}))
    assert (shown["momentum"], shown["batch size"]) == ("0.0", "whole training set")


def test_the_command_can_be_copied_to_a_shell(parts):
    config, report, history = parts
    config = {**config, "flags": {"data_dir": "my $digits", "epochs": 2}}
    command = html.unescape(
        re.search("<pre><code>(.*)</code></pre>", run_page(config, report, history, {}), re.DOTALL)[1]
    )
    command = command.replace("python", "printf %s,", 1)
    received = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert received == "scripts/train.py,--data_dir=my $digits,--epochs=2,"
    assert "<pre>" not in run_page({**config, "flags": {}}, report, history, {})


def test_accuracy_on_validation_images_is_not_called_test_accuracy(parts):
    config, report, history = parts
    curves = training_curves(history, "a title", kind="validation")
    assert [text.get_text() for text in curves.axes[0].get_legend().texts] == ["training", "validation"]
    text = run_page({**config, "dataset": {**config["dataset"], "name": "mnist-validation-5000"}}, report, history, {})
    assert "validation accuracy" in text and "test accuracy" not in text
    assert "test accuracy" in run_page(config, report, history, {})
