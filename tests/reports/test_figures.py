import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe
from mnist_keras.reports.curves import training_curves
from mnist_keras.reports.digit_grids import (
    augmentation_grid,
    label_grid,
    least_confident_grid,
    misclassified_grid,
    prediction_grid,
)
from mnist_keras.reports.evaluation_figures import confusion_matrix, reliability_diagram
from mnist_keras.reports.run_report import first_layer_figure
from mnist_keras.reports.study_figures import ablation_figure, accuracy_by_recipe, error_by_parameters
from mnist_keras.reports.style import TEST, TRAIN, WRONG, label_log_axis, new_figure, save_figure


def captions(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def is_above(legend, axes):
    axes.figure.draw_without_rendering()
    return legend.get_window_extent().y0 >= axes.get_window_extent().y1


def one_hot(classes, sure):
    probabilities = np.full((len(classes), 10), 0.0)
    probabilities[np.arange(len(classes)), classes] = sure
    return probabilities


def test_training_curves_show_training_test_and_published_accuracy():
    history = [dict(epoch=n, loss=1 / n, accuracy=0.9, test_loss=2 / n, test_accuracy=0.8) for n in (1, 2, 3)]
    loss, accuracy = training_curves(history, "title", published=98.36).axes
    assert [line.get_ydata().tolist() for line in loss.lines] == [[1, 1 / 2, 1 / 3], [2, 1, 2 / 3]]
    assert accuracy.lines[1].get_ydata() == pytest.approx([80, 80, 80])
    assert accuracy.lines[2].get_linestyle() == ":"
    assert accuracy.lines[2].get_ydata()[0] == 98.36
    assert len(training_curves(history, "title").axes[1].lines) == 2
    assert is_above(accuracy.get_legend(), accuracy)


def test_misclassified_images_come_most_confident_first():
    labels = np.array([1, 2, 3, 4])
    probabilities = one_hot([1, 7, 8, 9], [1.0, 0.6, 0.9, 0.7])
    figure = misclassified_grid(np.zeros((4, 28, 28)), labels, probabilities)
    assert captions(figure) == ["label 3\npredicted 8, 90%", "label 4\npredicted 9, 70%", "label 2\npredicted 7, 60%"]
    assert figure.get_suptitle() == "Misclassified: 3 of 4 images, most confident first"


def test_correct_predictions_come_least_confident_first():
    probabilities = one_hot([1, 2, 3, 4], [1.0, 0.6, 0.5, 0.7])
    probabilities[[1, 2, 3], [7, 5, 9]] = [0.4, 0.3, 0.3]
    # The last one is misclassified.
    figure = least_confident_grid(np.zeros((4, 28, 28)), np.array([1, 2, 3, 9]), probabilities)
    assert captions(figure) == ["3: 50%, 5: 30%", "2: 60%, 7: 40%", "1: 100%, 9: 0%"]


def test_a_reliability_diagram_shows_accuracy_and_number_of_images_per_bin():
    probabilities = one_hot([1, 1, 1, 1, 2], [0.95, 0.95, 0.95, 0.95, 0.55])
    reliability, histogram = reliability_diagram(probabilities, np.array([1, 1, 1, 3, 3]), "title").axes
    assert [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in reliability.patches] == [(55, 0), (95, 75)]
    assert [bar.get_height() for bar in histogram.patches] == [1, 4]


@pytest.mark.parametrize(("name", "filters"), [("linear", 10), ("cnn_augmented", 8), ("cnn_3x3", 16)])
def test_the_first_layer_figure_has_weights_and_an_output_per_filter(tiny, name, filters):
    figure = first_layer_figure(build_model(name), tiny.test_images[0])
    drawn = [axes for axes in figure.axes if axes.images or axes.texts]
    assert len(drawn) == 2 * filters + 1


def test_an_ensemble_has_no_first_layer_figure(tiny):
    assert first_layer_figure(build_model(get_recipe("linear", ensemble_size=2)), tiny.test_images[0]) is None


def test_a_model_without_mistakes_has_an_empty_figure_of_misclassified_images(tmp_path):
    figure = misclassified_grid(np.zeros((2, 28, 28)), np.array([1, 2]), one_hot([1, 2], 1.0))
    assert captions(figure) == []
    save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_wrong_predictions_are_red(tiny):
    probabilities = one_hot(np.zeros(30, int), 1.0)
    figure = prediction_grid(tiny.test_images, tiny.test_labels, probabilities, 3, 3, "title")
    titles = [axes.title for axes in figure.axes]
    assert len(titles) == 9
    for title in titles:
        assert (title.get_color() == "#c0392b") == (not title.get_text().startswith("label 0"))
    (legend,) = figure.legends
    kinds = {
        text.get_text(): patch.get_facecolor() for text, patch in zip(legend.texts, legend.get_patches(), strict=True)
    }
    assert kinds == {"correct": to_rgba(TEST), "misclassified": to_rgba(WRONG)}


def test_captions_of_one_color_need_no_legend():
    figure = misclassified_grid(np.zeros((2, 28, 28)), np.array([1, 2]), one_hot([3, 4], 1.0))
    assert not figure.legends


def test_captions_of_the_label_grid_match_their_images(tiny):
    figure = label_grid(tiny.test_images, tiny.test_labels, side=5)
    for axes in figure.axes:
        image = np.asarray(axes.images[0].get_array())
        assert image[4 + 2 * int(axes.get_title()), 10] == 250


def test_each_row_of_the_augmentation_grid_begins_with_the_original(tiny):
    originals = tiny.train_images[:2]
    figure = augmentation_grid(originals, [originals // 2, originals // 4])
    assert len(figure.axes) == 6
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), originals[1])
    np.testing.assert_array_equal(figure.axes[5].images[0].get_array(), originals[1] // 4)


def test_the_confusion_matrix_colors_only_mistakes():
    counts = np.diag([900] * 10)
    counts[4, 9] = 7
    axes = confusion_matrix(counts.tolist(), "title").axes[0]
    assert np.asarray(axes.images[0].get_array()).max() == 7
    assert {text.get_text() for text in axes.texts} == {"900", "7"}
    assert [text.get_position() for text in axes.texts if text.get_text() == "7"] == [(9, 4)]


def test_the_confusion_matrix_has_a_scale_of_its_color_in_whole_numbers():
    counts = np.diag([900] * 10)
    counts[4, 9] = 2
    figure = confusion_matrix(counts.tolist(), "title")
    figure.draw_without_rendering()
    scale = figure.axes[1]
    assert scale.get_xlabel().startswith("misclassified images")
    assert [label.get_text() for label in scale.get_xticklabels()] == ["0", "1", "2"]


@pytest.mark.parametrize("classes", [3, 47])
def test_the_confusion_matrix_names_the_classes(classes, tmp_path):
    names = [f"name {number} $" for number in range(classes)]
    figure = confusion_matrix(np.ones((classes, classes), int).tolist(), "title", names)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    # Two inches per seven names are readable.
    assert figure.get_figwidth() >= classes * 2 / 7
    save_figure(figure, tmp_path / "confusion.png")


def test_many_classes_have_a_table_of_confusions(tmp_path):
    counts = np.diag([5] * 100)
    counts[4, 9], counts[3, 2] = 7, 8
    figure = confusion_matrix(counts.tolist(), "title", [f"class {number}" for number in range(100)])
    (table,) = figure.axes[0].tables
    cells = {place: cell.get_text().get_text() for place, cell in table.get_celld().items()}
    assert [cells[row, column] for row in (1, 2) for column in range(3)] == [
        *("class 3", "class 2", "8"),
        *("class 4", "class 9", "7"),
    ]
    save_figure(figure, tmp_path / "confusions.png")


def test_captions_have_the_names_of_classes(tmp_path):
    names = ("T-shirt/top", "Ankle boot", "a name of more than twenty letters")
    images, labels, probabilities = np.zeros((3, 28, 28)), np.array([0, 1, 2]), np.eye(3)[[1, 1, 2]]
    figure = misclassified_grid(images, labels, probabilities, class_names=names)
    assert captions(figure) == ["label T-shirt/top\npredicted Ankle boot, 100%"]
    save_figure(figure, tmp_path / "grid.png")
    figure = least_confident_grid(images, labels, probabilities, class_names=names)
    assert captions(figure)[1].startswith("a name of more than\u2026: 100%, ")
    assert set(captions(label_grid(images, labels, 2, class_names=names))) >= {"T-shirt/top", "Ankle boot"}


def test_accuracy_by_recipe_shows_seeds_median_and_published_accuracy():
    rows = [
        {"recipe": "a", "accuracies": [90.0, 91.0], "median": 90.5, "published_accuracy": 92.0},
        {"recipe": "b", "accuracies": [93.0], "median": 93.0, "published_accuracy": None},
    ]
    axes = accuracy_by_recipe(rows, "title", "validation", limits=(90, 93)).axes[0]
    assert axes.get_ylabel() == "validation accuracy (%)"
    assert axes.get_ylim() == (90, 93)
    assert is_above(axes.get_legend(), axes)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert [np.ravel(line.get_ydata()).tolist() for line in axes.lines] == [[90.0, 91.0], [92.0], [93.0]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one seed", "median", "published"]


def row(recipe, accuracies, parameters=100):
    figures = dict(mean=float(np.mean(accuracies)), min=min(accuracies), max=max(accuracies), seeds=len(accuracies))
    return dict(recipe=recipe, accuracies=accuracies, parameters=parameters, **figures)


def test_the_ablation_figure_sorts_variants_by_mean_accuracy():
    without = {"warmup": [99.2, 99.4], "weight_decay": [98, 98]}
    rows = [row("net", [99.0, 99.2]), *(row(f"net-without-{name}", values) for name, values in without.items())]
    (axes,) = ablation_figure(rows, "title").axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["without warmup", "without weight decay"]
    widths = [bar.get_width() for bar in axes.patches if bar.get_height() == 0.8]
    assert widths == pytest.approx([0.2, -1.1])
    assert [text.get_text() for text in axes.texts] == ["+0.20", "-1.10"]
    assert is_above(axes.get_legend(), axes)


def test_no_point_of_an_ablation_lies_on_the_frame():
    rows = [row("net", [98.8, 98.8]), row("net-without-schedule", [92.5, 96.6])]
    (axes,) = ablation_figure(rows, "title").axes
    left, right = axes.transData.transform([(axes.get_xlim()[0], 0), (-6.3, 0)])[:, 0]
    assert right - left > 0.03 * axes.get_window_extent().width


def test_error_by_parameters_has_logarithmic_axes_and_names():
    rows = [row("small", [99.0, 99.2], 1_000), row("large", [99.7], 300_000)]
    (axes,) = error_by_parameters(rows, "title", "test", published=True).axes
    ours = [line for line in axes.lines if line.get_label().startswith("this package")]
    np.testing.assert_allclose([line.get_xydata()[0] for line in ours], [(1_000, 0.9), (300_000, 0.3)])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert {"small", "large"} <= {text.get_text() for text in axes.texts}


def test_names_of_networks_with_equal_parameters_do_not_overlap():
    rows = [row(name, [99.0], 1_000) for name in ("first", "second", "third")]
    (axes,) = error_by_parameters(rows, "title", "test", published=True).axes
    heights = [text.xyann[1] for text in axes.texts if text.get_text() in ("first", "second", "third")]
    assert len(heights) == 3 and min(np.diff(heights)) > 10


def test_published_results_are_drawn_only_beside_comparable_ones():
    rows = [row("small", [99.0, 99.2], 1_000)]
    (axes,) = error_by_parameters(rows, "title", "validation", published=False).axes
    assert axes.get_ylabel() == "validation error (%)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["this package, mean and range over seeds"]
    assert [text.get_text() for text in axes.texts] == ["small"]


@pytest.mark.parametrize("limits", [(0.1, 80), (0.3, 0.45), (1, 30_000), (90, 95)])
def test_labels_of_a_logarithmic_axis_do_not_overlap(limits):
    figure = new_figure(4, 3, "")
    axes = figure.subplots()
    axes.set(yscale="log", ylim=limits)
    label_log_axis(axes.yaxis)
    figure.draw_without_rendering()
    low, high = axes.get_window_extent().intervaly
    boxes = [
        label.get_window_extent() for label in axes.get_yticklabels() if low <= label.get_window_extent().y0 <= high
    ]
    assert len(boxes) >= 2
    assert all(one.y1 < other.y0 for one, other in itertools.pairwise(boxes))
    assert not any(label.get_text() for label in axes.get_yticklabels(minor=True))


def test_training_and_test_differ_without_color_vision():
    # Lightness in gray, and blue against yellow, which red-green blindness keeps.
    (red, green, blue), (other_red, other_green, other_blue) = (to_rgba(color)[:3] for color in (TRAIN, TEST))
    lightness, others = (
        0.3 * r + 0.59 * g + 0.11 * b for r, g, b in ((red, green, blue), (other_red, other_green, other_blue))
    )
    assert abs(lightness - others) > 0.2
    assert (other_blue - (other_red + other_green) / 2) - (blue - (red + green) / 2) > 0.5
