"""Predictions before and after fine-tuning, in the report and on the page of a run."""

import dataclasses

import numpy as np
import pytest

from mnist_keras.data import mix_datasets
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.experiments.save_run import save_run
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

QUIET = TrainingOptions(verbose=False)


@pytest.fixture(scope="module")
def other(tiny):
    # Labels that are one too high: what helps one dataset harms the other.
    return dataclasses.replace(
        tiny, name="shifted", train_labels=(tiny.train_labels + 1) % 10, test_labels=(tiny.test_labels + 1) % 10
    )


@pytest.fixture(scope="module")
def saved(tiny, other, tmp_path_factory):
    """The folder of a run that starts from a model of `tiny` and learns `other`, with `tiny` mixed in."""
    folder = tmp_path_factory.mktemp("before_after") / "run"
    before = train(get_recipe("linear", epochs=10), tiny, options=QUIET)
    mixed = mix_datasets(other, tiny, 0.1)
    after = train(get_recipe("linear", epochs=5), mixed, options=QUIET, initial_model=before.model)
    save_run(folder, after, mixed)
    return folder, before, after


def test_the_report_compares_both_test_sets(saved, tiny, other):
    folder, before, after = saved
    rows = read_run(folder)[1]["before_and_after"]
    for row, digits in zip(rows, (other, tiny), strict=True):
        was, now = (model.predict(digits.test_images).argmax(axis=1) == digits.test_labels for model in (before, after))
        assert row == {
            "dataset": digits.name,
            "examples": 30,
            "correct": now.sum(),
            "correct_before": was.sum(),
            "corrected": np.sum(now & ~was),
            "newly_misclassified": np.sum(was & ~now),
        }
    assert rows[0]["corrected"] > 0
    assert rows[1]["newly_misclassified"] > 0


def test_the_page_shows_both_test_sets_and_the_images_that_changed(saved):
    folder, _, _ = saved
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Before and after" in page
    assert "<td>shifted</td>" in page
    assert "<td>tiny</td>" in page
    assert (folder / "figures" / "changed.png").is_file()


def test_without_an_initial_model_only_the_mixed_dataset_is_reported(tiny, other, tmp_path):
    mixed = mix_datasets(other, tiny)
    save_run(tmp_path / "mixed", train(get_recipe("linear", epochs=1), mixed, options=QUIET), mixed)
    rows = read_run(tmp_path / "mixed")[1]["before_and_after"]
    assert [row.keys() for row in rows] == [{"dataset", "examples", "correct"}] * 2
    assert "Before and after" in (tmp_path / "mixed" / "report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "mixed" / "figures" / "changed.png").exists()


def test_an_ordinary_run_reports_no_change(trained_run):
    assert "before_and_after" not in read_run(trained_run)[1]
