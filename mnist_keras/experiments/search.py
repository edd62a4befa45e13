"""What a hyperparameter search trains: one trial of a recipe, evaluated on validation images only."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import keras

from mnist_keras.data import Digits, base_dataset
from mnist_keras.data.pipeline import steps_in_epoch
from mnist_keras.errors import check
from mnist_keras.evaluation.trial_order import objective
from mnist_keras.models import build_model
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.search_space import SearchSpace
from mnist_keras.training.settings import TrainingOptions, run_settings
from mnist_keras.training.train import train


@dataclasses.dataclass(frozen=True)
class Search:
    """What is searched, apart from the number of trials.

    Raises:
        InputError: the test set is no validation set; a recipe of the space is invalid; the recipe is an ensemble.
    """

    #: Trained as trial 1, and varied by the other trials.
    recipe: Recipe
    space: SearchSpace
    #: From `split_validation`. Its test set, which are validation images, is all that a trial is evaluated on.
    digits: Digits
    #: Decides the proposals, and as the seed of `train` each trial.
    seed: int = 0
    options: TrainingOptions = TrainingOptions()

    def __post_init__(self):
        is_split = base_dataset(self.digits.name) != self.digits.name
        check(is_split, "a dataset of split_validation: nothing is chosen by test images", "digits", self.digits.name)
        check(self.recipe.ensemble_size == 1, "1 in a search", "ensemble_size", self.recipe.ensemble_size)
        built: list[tuple[Any, ...]] = []
        for corner in itertools.chain([self.recipe], self.space.corners(self.recipe)):
            steps_in_epoch(len(self.digits.train_labels), corner.batch_size)
            network = (corner.network, corner.network_options)
            if network not in built:
                build_model(corner, classes=len(self.digits.class_names))
                built.append(network)

    def settings(self) -> dict[str, Any]:
        """Returns what decides the results of trials, as JSON types."""
        fixed = run_settings(self.recipe, self.digits, self.seed, class_weight=self.options.class_weight)
        return fixed | {"space": str(self.space)}


class _Report(keras.callbacks.Callback):
    """Reports each epoch's results on the validation images."""

    def __init__(self, report: Callable[[dict[str, Any]], None], examples: int):
        super().__init__()
        self._report, self._examples = report, examples

    def on_epoch_end(self, epoch, logs=None):
        accuracy = logs["val_accuracy"]
        result = {"accuracy": accuracy, "loss": logs["val_loss"]}
        result["misclassified"] = round((1 - accuracy) * self._examples)
        self._report(result | {"objective": objective(result)})


def train_trial(search: Search, sampled: Mapping[str, Any], report: Callable[[dict[str, Any]], None]) -> None:
    """Trains one trial.

    Args:
        search: what is searched.
        sampled: the values of the trial, see `SearchSpace.recipe`.
        report: called after each epoch with accuracy, loss and misclassified of the validation images, and objective,
            which is the lower the better.

    Raises:
        InputError: see `train`.
    """
    # A process trains several trials.
    keras.utils.clear_session()
    callbacks = [_Report(report, len(search.digits.test_labels))]
    options = dataclasses.replace(search.options, strategy="one_device", callbacks=callbacks, verbose=False)
    train(search.space.recipe(search.recipe, sampled), search.digits, search.seed, options)
