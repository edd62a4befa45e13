"""One trial of a search trains on validation images only; searches that cannot run are refused before the first."""

import pytest
from unreadable_test_set import with_unreadable_test_set

from mnist_keras.data import split_validation
from mnist_keras.errors import InputError
from mnist_keras.evaluation.trial_order import best_trial, objective
from mnist_keras.experiments.search import Search, train_trial
from mnist_keras.recipes import get_recipe
from mnist_keras.recipes.search_space import parse_space

SPACE = parse_space("learning_rate=log(.01,1), batch_size=choice(20,50)")


def search(digits, recipe="linear", space=SPACE, **changes):
    return Search(get_recipe(recipe, epochs=2, **changes), space, digits)


def results(search, sampled):
    reports = []
    train_trial(search, sampled, reports.append)
    return reports


def test_a_trial_reads_no_test_set(tiny):
    sampled = {"learning_rate": 0.05, "batch_size": "20"}
    unreadable = with_unreadable_test_set()
    with pytest.raises(AssertionError, match="the test set was"):
        len(unreadable.test_images)
    one, other = (results(search(split_validation(digits, 30)), sampled) for digits in (tiny, unreadable))
    assert one == other
    assert len(one) == 2
    assert one[1]["misclassified"] == round(30 * (1 - one[1]["accuracy"]))


def test_a_search_on_test_images_is_refused(tiny):
    with pytest.raises(InputError, match="digits must be a dataset of split_validation: nothing is chosen by test"):
        search(tiny)


@pytest.mark.parametrize(
    ("space", "recipe", "message"),
    [
        ("batch_size=choice(20,500)", {}, "The batch size must be at most the number of training images"),
        ("network_options.droput=uniform(0,.5)", {}, "The network 'linear' cannot be built with these options"),
        ("label_smoothing=uniform(0,1)", {}, "label_smoothing must be at least 0 and less than 1"),
        ("epochs=integer(1,2)", {"ensemble_size": 2}, "ensemble_size must be 1 in a search"),
    ],
)
def test_an_invalid_search_is_refused_before_any_trial(tiny, space, recipe, message):
    with pytest.raises(InputError, match=message):
        search(split_validation(tiny, 30), space=parse_space(space), **recipe)


def row(trial, misclassified, loss, stopped_early=False, error=""):
    return dict(trial=trial, misclassified=misclassified, loss=loss, stopped_early=stopped_early, error=error)


def test_fewer_misclassified_images_are_better_and_the_loss_breaks_ties():
    rows = [row(1, 5, 0.1), row(2, 4, 900.0), row(3, 4, 0.2), row(4, 3, 0.1, stopped_early=True)]
    rows.append(row(5, None, None, error="loss nan"))
    assert sorted(rows, key=objective) == [rows[3], rows[2], rows[1], rows[0], rows[4]]
    assert best_trial(rows)["trial"] == 3


def test_a_search_whose_trials_all_failed_has_no_best_one():
    with pytest.raises(InputError, match="No trial was trained to its end. .* Received: loss nan. Choose"):
        best_trial([row(1, None, None, error="loss nan")])
