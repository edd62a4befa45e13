import dataclasses

import numpy as np
import pytest

from mnist_keras.explanations.adversarial import AdversarialExample
from mnist_keras.explanations.explanation import Explanation
from mnist_keras.explanations.features import FeatureMap, Neighbors
from mnist_keras.reports.curves import kernels_figure, learning_rate_curve
from mnist_keras.reports.explanation_figures import explanations_figure, feature_map_figure
from mnist_keras.reports.style import save_figure
from mnist_keras.reports.text import format_probability


@pytest.fixture
def explanation():
    image = np.zeros((28, 28), np.uint8)
    image[5:20, 14] = 200
    probabilities = np.array([0.001, 0.9, 0.009, 0, 0, 0, 0, 0.09, 0, 0], np.float32)
    perturbation = np.zeros((28, 28), np.int16)
    perturbation[5, 5] = 51
    changed = AdversarialExample((image + perturbation).astype(np.uint8), perturbation, 7, 0.51)
    near = Neighbors(np.stack([image] * 3), np.array([1, 7, 1]), np.array([0.1, 0.2, 0.3]), np.array([4, 5, 6]))
    return Explanation(image, probabilities, image / 100, 5.0, image / 50, changed, near)


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def test_an_explanation_shows_all_its_parts(explanation, tmp_path):
    figure = explanations_figure([explanation], ["one.png"])
    assert figure.subfigs[0].get_suptitle() == "one.png: predicts 1"
    drawn = titles(figure)
    assert "predicts 1: 90.00 %\nsecond guess 7: 9.00 %" in drawn
    assert "smallest change found to 7:\nL2 norm 0.20" in drawn
    assert "changed image:\npredicts 7 (51 %)" in drawn
    row = next(axes for axes in figure.axes if axes.get_title().startswith("most similar"))
    assert [text.get_text() for text in row.get_xticklabels()] == ["1", "7", "1"]
    assert [text.get_color() for text in row.get_xticklabels()][0] != row.get_xticklabels()[1].get_color()
    signed = next(axes for axes in figure.axes if axes.get_title().startswith("integrated"))
    # Zero is white.
    assert signed.images[0].get_clim() == (-2, 2)
    save_figure(figure, tmp_path / "figure.png")


def test_parts_that_are_missing_are_left_out(explanation, tmp_path):
    bare = dataclasses.replace(explanation, neighbors=None, adversarial=None)
    figure = explanations_figure([explanation, bare], ["one.png", "two.png"])
    panels = figure.axes[len(figure.axes) // 2 :]
    assert sum(title.startswith("most similar") for title in titles(figure)) == 1
    assert sum(text.get_text() == "no change to 7 found" for axes in panels for text in axes.texts) == 1
    save_figure(figure, tmp_path / "figure.png")


def test_a_map_rings_misclassified_images(tmp_path):
    random = np.random.default_rng(0)
    points = random.normal(size=(40, 2))
    labels = np.arange(40) % 10
    predictions = labels.copy()
    predictions[:3] = 9
    figure = feature_map_figure(FeatureMap(points, points, 0.5, labels, predictions), "title", list("abcdefghij"))
    pca, tsne = figure.axes
    assert (pca.collections[-1].get_offsets() == points[:3]).all()
    assert pca.collections[-1].get_label() == "misclassified (3)"
    assert [text.get_text() for text in tsne.texts] == list("abcdefghij")
    assert pca.get_title() == "PCA: two components with 50 % of the variance"
    colors = {tuple(each.get_facecolor()[0]) for each in pca.collections[:-1]}
    assert len(colors) == 10
    save_figure(figure, tmp_path / "figure.png")


def test_a_learning_rate_curve_marks_the_suggestion():
    rates = np.geomspace(1e-6, 1, 30)
    axes = learning_rate_curve(rates, np.full(30, 2.0), np.full(30, 2.0), 0.01, "title").axes[0]
    assert axes.get_xscale() == "log"
    assert axes.lines[2].get_xdata()[0] == 0.01
    assert axes.get_legend().get_texts()[2].get_text() == "suggested learning rate, 0.01"


def test_of_many_epochs_the_first_and_the_last_kernels_are_drawn():
    kernels = [np.full((3, 5, 5), epoch) for epoch in range(31)]
    figure = kernels_figure(kernels, list(range(31)), "title")
    labels = [axes.get_ylabel() for axes in figure.axes[:24:3]]
    assert labels[0] == "before training"
    assert labels[-1] == "epoch 30"
    assert len(labels) == 8
    assert figure.axes[21].images[0].get_array().max() == 30


@pytest.mark.parametrize(
    ("probability", "text"), [(0.9, "90.00 %"), (0.999995, "99.9995 %"), (0.00001, "0.0010 %"), (0.5, "50.00 %")]
)
def test_probabilities_near_0_and_100_percent_have_four_decimals(probability, text):
    assert format_probability(probability) == text
