"""The table and the figure of a search."""

import csv
import os

import pytest

from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.search_space import parse_space
from mnist_keras.reports.search_report import trials_figure, write_search

SPACE = parse_space("learning_rate=log(1e-3,1e-1), batch_size=choice(64,256), network_options.dropout=uniform(0,.5)")


def row(trial, misclassified, stopped_early=False, error="", **sampled):
    known = dict(misclassified=misclassified, accuracy=1 - misclassified / 500, loss=0.25) if not error else {}
    names = ("accuracy", "loss", "misclassified")
    values = {name: known.get(name) for name in names}
    return dict(trial=trial, sampled=sampled, epochs=2, **values, stopped_early=stopped_early, error=error)


def sample(rate, size, dropout):
    return {"learning_rate": rate, "batch_size": repr(size), "network_options.dropout": dropout}


@pytest.fixture
def rows():
    return [
        row(1, 10),
        row(2, 40, stopped_early=True, **sample(0.05, 64, 0.1)),
        row(3, 6, **sample(0.003, 256, 0.2)),
        row(4, None, error="Training | diverged\nin step 5", **sample(0.1, 256, 0.2)),
        row(5, 8, **sample(0.004, 64, 0.3)),
    ]


@pytest.fixture
def recipe():
    return get_recipe("compact_1k", epochs=2)


def test_the_files_of_a_search(rows, recipe, tmp_path):
    text = write_search(tmp_path, rows, recipe, SPACE, "500 validation images of tiny")
    assert text.splitlines() == [
        "compact_1k, 500 validation images of tiny: 5 trials, 1 stopped early, 1 failed",
        "best     trial 3: accuracy 98.80% (6 misclassified), loss 0.2500",
        "default  trial 1: accuracy 98.00% (10 misclassified), loss 0.2500",
        "The best of 5 trials looks better than it is, because it was chosen by these images.",
    ]
    table = (tmp_path / "table.md").read_text().splitlines()
    assert table[2] == "| 1 | 0.06 | 128 |  | 2 | 98.00% | 0.25 | 10 | the recipe itself |"
    assert table[3] == "| 2 | 0.05 | 64 | 0.1 | 2 | 92.00% | 0.25 | 40 | stopped early |"
    assert table[5] == "| 4 | 0.1 | 256 | 0.2 | 2 |  |  |  | Training / diverged in step 5 |"
    with (tmp_path / "table.csv").open() as file:
        assert [line["learning_rate"] for line in csv.DictReader(file)] == ["0.06", "0.05", "0.003", "0.1", "0.004"]
    assert (tmp_path / "trials.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["table.md", "table.csv", "trials.png"])
def test_each_file_is_replaced_as_a_whole(rows, recipe, tmp_path, name):
    (tmp_path / name).write_text("complete")
    os.link(tmp_path / name, tmp_path / "former")
    write_search(tmp_path, rows, recipe, SPACE, "500 validation images of tiny")
    assert (tmp_path / "former").read_text() == "complete"


def test_a_search_without_a_better_trial_says_so(rows, recipe, tmp_path):
    text = write_search(tmp_path, rows[:2], recipe, SPACE, "500 validation images of tiny")
    assert text.splitlines()[-1] == "No other trial is better than the recipe itself."


def test_the_figure_shows_the_best_so_far_and_a_panel_per_field(rows, recipe):
    figure = trials_figure(rows, recipe, SPACE, "title")
    trials, *panels = figure.axes
    lines = {line.get_label(): line.get_xydata().round(3).tolist() for line in trials.lines}
    assert lines["stopped early"] == [[2, 8]]
    assert lines["the recipe itself"] == [[1, 2]]
    assert lines["trained to its end"] == [[3, 1.2], [5, 1.6]]
    assert lines["best so far"] == [[1, 2], [3, 1.2], [5, 1.2]]
    assert [panel.get_xlabel() for panel in panels] == list(SPACE.dimensions)
    # The recipe's own batch size is none of the choices.
    assert [text.get_text() for text in panels[1].get_xticklabels()] == ["64", "256", "128"]
    # It has no dropout.
    assert [len(line.get_xdata()) for line in panels[2].lines] == [2, 1, 0]
