import math

import numpy as np
import pytest

from mnist_keras.errors import InputError
from mnist_keras.evaluation.comparison import compare_runs


def reports(*runs, examples=1000):
    return [dict(dataset="tiny", examples=examples, misclassified=[[index, 0] for index in run]) for run in runs]


def test_the_difference_of_mean_accuracies_is_in_percentage_points():
    result = compare_runs(reports([1, 2], [1]), reports([1, 2, 3, 4, 5]))
    assert math.isclose(result.difference, 0.35)
    assert result.low < 0.35 < result.high


def test_a_recipe_does_not_differ_from_itself():
    runs = reports(range(20), range(10, 30), range(5, 25))
    result = compare_runs(runs, runs)
    assert result.difference == 0
    assert result.low < 0 < result.high
    assert result.p_value > 0.5


def test_errors_on_the_same_images_are_paired():
    # Ten errors less are significant if the forty others are on the same images, and not significant otherwise.
    same = compare_runs(reports(range(40)), reports(range(50)))
    apart = compare_runs(reports(range(40)), reports(range(100, 150)))
    assert same.difference == apart.difference == 1.0
    assert same.p_value < 0.01 < 0.2 < apart.p_value


def test_random_differences_are_rarely_significant():
    # Both have an error rate of 3 % on random images. A p-value below .05 must occur in about 5 % of the comparisons.
    random = np.random.default_rng(0)
    draw = lambda: reports(*(np.flatnonzero(random.random(300) < 0.03) for _ in range(3)), examples=300)  # noqa: E731
    assert np.mean([compare_runs(draw(), draw()).p_value < 0.05 for _ in range(12)]) <= 0.25


def test_different_test_sets_raise():
    with pytest.raises(InputError, match="the same test images. Received: .*1000.*2000"):
        compare_runs(reports([1]), reports([1], examples=2000))


def test_reports_without_misclassified_images_raise():
    with pytest.raises(InputError, match="needs the misclassified images of each run.*Train these runs again"):
        compare_runs(reports([1]), [dict(dataset="tiny", examples=1000)])
