"""Figures that explain predictions: one image with its attributions, and the map of a test set."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from mnist_keras.explanations.explanation import Explanation
from mnist_keras.explanations.features import FeatureMap
from mnist_keras.reports.style import CLASS_COLORS, DARK, MUTED, TEST, WRONG, new_figure
from mnist_keras.reports.text import format_probability, shorten

# Maximum number of images of a figure.
_MAX_ROWS = 20
# Maximum number of classes in the legend of a map. The map names all of them.
_MAX_LEGEND = 30
# Maximum number of classes whose probabilities are drawn.
_MAX_BARS = 20
# Columns of white between two similar training images.
_GAP = 2
_MARKERS = "osD^vPX"


def explanations_figure(explanations: Sequence[Explanation], files: Sequence[str]) -> Figure:
    """Draws the first 20 explanations, two rows of panels per image.

    Args:
        explanations: one per image.
        files: names of the images, for the titles.
    """
    shown = explanations[:_MAX_ROWS]
    more = f" (the first {len(shown)} of {len(explanations)})" if len(shown) < len(explanations) else ""
    figure = new_figure(10, 4.7 * len(shown) + 0.3, f"Explanations of predictions{more}")
    parts = figure.subfigures(len(shown), 1, squeeze=False)[:, 0]
    for part, explanation, file in zip(parts, shown, files, strict=False):
        _draw_explanation(part, explanation, file)
    return figure


def _draw_explanation(part: SubFigure, explanation: Explanation, file: str) -> None:
    names = [shorten(name) for name in explanation.class_names]
    answer, second = names[explanation.prediction], names[explanation.second_guess]
    part.suptitle(f"{file[-60:]}: predicts {answer}", fontsize=11, color=TEST, parse_math=False)
    above, below = part.subfigures(2, 1, squeeze=False)[:, 0]
    image, gradients, occluded, bars = above.subplots(1, 4, width_ratios=(1, 1.2, 1.2, 1.6))
    _draw_digit(image, explanation.image, "network's input")
    title = f"integrated gradients:\nfor (red) and against {answer}"
    _draw_signed(gradients, explanation.integrated_gradients, title, "logits")
    title = f"occlusion: fall of the logit of {answer}\nif 5x5 pixels here are black"
    _draw_signed(occluded, explanation.occlusion, title, "logits")
    _draw_probabilities(bars, explanation, names)
    neighbors, perturbation, changed = below.subplots(1, 3, width_ratios=(2.8, 1.2, 1))
    _draw_neighbors(neighbors, explanation, names)
    found = explanation.adversarial
    if found is None:
        for cell in (perturbation, changed):
            cell.set_axis_off()
        perturbation.text(0.5, 0.5, f"no change to {second} found", ha="center", fontsize=9, parse_math=False)
        return
    title = f"smallest change found to {second}:\nL2 norm {found.l2_norm:.2f}"
    _draw_signed(perturbation, found.perturbation / 255, title, "white = 1")
    title = f"changed image:\npredicts {names[found.prediction]} ({100 * found.probability:.0f} %)"
    _draw_digit(changed, found.image, title, WRONG)


def _draw_digit(axes: Axes, image: np.ndarray, title: str, color: str = DARK) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set_axis_off()
    axes.set_title(title, fontsize=9, color=color, parse_math=False)


def _draw_signed(axes: Axes, values: np.ndarray, title: str, unit: str) -> None:
    """Draws values with a legend of their colors: red positive, white zero, blue negative."""
    limit = np.abs(values).max() or 1.0
    drawn = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="none")
    axes.set(xticks=(), yticks=())
    axes.set_title(title, fontsize=9, parse_math=False)
    bar = axes.figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.03)
    bar.set_label(unit, fontsize=8)
    bar.ax.tick_params(labelsize=8)


def _draw_probabilities(axes: Axes, explanation: Explanation, names: Sequence[str]) -> None:
    """Draws the probabilities of all classes on a logarithmic axis; of more than 20, the highest ones."""
    probabilities = explanation.probabilities
    classes = np.sort(probabilities.argsort(kind="stable")[-_MAX_BARS:])
    colors = {explanation.prediction: TEST, explanation.second_guess: WRONG}
    bar_colors = [colors.get(index, MUTED) for index in classes]
    # A probability of 0 has no logarithm.
    axes.bar(range(len(classes)), probabilities[classes].clip(1e-6), color=bar_colors)
    axes.set(yscale="log", ylim=(1e-6, 2), yticks=(1e-6, 1e-4, 1e-2, 1), yticklabels=("0.0001", "0.01", "1", "100"))
    axes.tick_params(labelsize=8)
    axes.set_ylabel("probability (%)", fontsize=8)
    shown_names = [names[index] for index in classes]
    axes.set_xticks(
        range(len(classes)), shown_names, rotation=90 if max(map(len, shown_names)) > 2 else 0, parse_math=False
    )
    axes.spines[["top", "right"]].set_visible(False)
    first, second = (
        f"{names[index]}: {format_probability(probabilities[index])}"
        for index in (explanation.prediction, explanation.second_guess)
    )
    axes.set_title(f"predicts {first}\nsecond guess {second}", fontsize=9, parse_math=False)


def _draw_neighbors(axes: Axes, explanation: Explanation, names: Sequence[str]) -> None:
    """Draws the most similar training images in a row, with their labels below."""
    near = explanation.neighbors
    axes.set_title("most similar training images, and their labels" if near else "", fontsize=9)
    axes.spines[:].set_visible(False)
    axes.set(xticks=(), yticks=())
    if near is None:
        return
    row = np.full((28, (28 + _GAP) * len(near.images) - _GAP), 255, np.uint8)
    starts = range(0, row.shape[1], 28 + _GAP)
    for start, image in zip(starts, near.images, strict=True):
        row[:, start : start + 28] = image
    axes.imshow(row, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set_xticks([start + 13.5 for start in starts], [names[label] for label in near.labels], parse_math=False)
    axes.tick_params(length=0)
    for text, label in zip(axes.get_xticklabels(), near.labels, strict=True):
        text.set_color(TEST if label == explanation.prediction else WRONG)


def feature_map_figure(features: FeatureMap, title: str, class_names: Sequence[str]) -> Figure:
    """Draws test images as points, by PCA and by t-SNE, colored by label; misclassified ones are ringed.

    Args:
        features: from `feature_map`.
        title: the figure's title.
        class_names: the name of each class.
    """
    figure = new_figure(11, 5.6, title)
    variance = f"PCA: two components with {100 * features.explained_variance:.0f} % of the variance"
    axes = figure.subplots(1, 2)
    _draw_map(axes[0], features.pca, features, class_names, variance)
    _draw_map(axes[1], features.tsne, features, class_names, "t-SNE (distances between clusters have no meaning)")
    if len(class_names) <= _MAX_LEGEND:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=6, fontsize=9, markerscale=2, handletextpad=0.2
        )
    return figure


def _draw_map(axes: Axes, points: np.ndarray, features: FeatureMap, class_names: Sequence[str], title: str) -> None:
    size = 4 if len(points) > 3000 else 8
    for label in np.unique(features.labels):
        own = points[features.labels == label]
        marker = _MARKERS[label // len(CLASS_COLORS) % len(_MARKERS)]
        color = CLASS_COLORS[label % len(CLASS_COLORS)]
        name = shorten(class_names[label])
        axes.scatter(own[:, 0], own[:, 1], s=size, color=color, marker=marker, linewidths=0, label=f"label {name}")
        x, y = np.median(own, axis=0)
        axes.text(x, y, name, ha="center", va="center", weight="bold", parse_math=False).set_bbox(
            dict(facecolor="white", edgecolor=color, boxstyle="round,pad=0.2", alpha=0.85)
        )
    wrong = features.labels != features.predictions
    axes.scatter(
        points[wrong, 0],
        points[wrong, 1],
        s=30,
        facecolors="none",
        edgecolors=DARK,
        linewidths=1,
        label=f"misclassified ({wrong.sum()})",
    )
    axes.set(xticks=(), yticks=())
    axes.set_title(title, fontsize=10)
