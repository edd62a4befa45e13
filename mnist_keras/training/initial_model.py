"""Trained weights as the start of a training: checks their network, keeps or replaces the head, freezes stages."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import keras

from mnist_keras.data.digits import DIGIT_NAMES
from mnist_keras.errors import InputError, check
from mnist_keras.files import hash_arrays
from mnist_keras.inference.class_names import is_number_of_classes, read_class_names
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.models.builder import build_model
from mnist_keras.models.rewrites import fold_temperature
from mnist_keras.models.stages import first_network_difference, freeze_stages, head_layers
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.initial_recipe import check_one_network, find_initial_file


@dataclasses.dataclass(frozen=True)
class InitialModel:
    """A trained network to fine-tune, and what its file does not say."""

    #: From pixels (batch, 28, 28, 1) to logits (batch, classes). It is not changed.
    model: keras.Model
    #: Names of its classes. None: the digits for ten classes, otherwise unknown; then their number alone is compared.
    class_names: Sequence[str] | None = None
    #: What the run's config and page call it; "": the name of the model.
    name: str = ""
    #: The temperature that is folded into its head. None: that of the recipe of the fine-tuning.
    calibration_temperature: float | None = None


def load_initial_model(name_or_path: str | os.PathLike) -> InitialModel:
    """Loads trained weights with their class names.

    Args:
        name_or_path: the name of a shipped model, the folder of a run or of an export, or a `.keras` file.

    Raises:
        InputError: see `find_initial_file` and `load_keras_model`.
    """
    found = find_initial_file(name_or_path)
    model = load_keras_model(found.path)
    names = read_class_names(found.path, model.output_shape[1])
    temperature = found.recipe.calibration_temperature if found.recipe else None
    return InitialModel(model, names, found.name, temperature)


class Start:
    """What a training starts from: random weights, or an initial model with some frozen stages.

    Args:
        recipe: the training configuration.
        class_names: of the dataset.
        initial: None for random weights.
        frozen_stages: number of stages that are not trained, see `freeze_stages`.

    Raises:
        InputError: the recipe or the initial model is an ensemble; their networks differ; only the head has weights
            and it would be new; frozen stages without an initial model, or more than the network has.
    """

    def __init__(
        self,
        recipe: Recipe,
        class_names: Sequence[str],
        initial: keras.Model | InitialModel | None = None,
        frozen_stages: int = 0,
    ):
        self._recipe, self._frozen_stages = recipe, frozen_stages
        self._initial = InitialModel(initial) if isinstance(initial, keras.Model) else initial
        self._new_head = False
        expected = "0 without an initial model: random weights must be trained"
        check(self._initial is not None or frozen_stages == 0, expected, "frozen_stages", frozen_stages)
        if self._initial is None:
            return
        is_model = isinstance(self._initial, InitialModel)
        check(is_model, "a keras.Model or an InitialModel", "initial_model", initial)
        check_one_network(recipe, recipe.name)
        self._check_network(self._initial.model)
        freeze_stages(recipe, build_model(recipe), frozen_stages)
        self._new_head = not has_classes(self._initial, class_names)
        weighted = [layer for layer in self._initial.model.layers if layer.weights]
        if self._new_head and len(weighted) == len(head_layers(recipe, self._initial.model)):
            raise InputError(
                f"Nothing is left of the weights of {self.name}: all are in the head, which is new because the "
                f"classes differ. Received: {recipe.network}, {len(class_names)} classes. Train from scratch, without "
                "an initial model, or choose a network with more layers."
            )

    @property
    def name(self) -> str:
        """The name of the initial model; "" without one."""
        return (self._initial.name or self._initial.model.name) if self._initial else ""

    @property
    def comparable_model(self) -> keras.Model | None:
        """The initial model, if it has the classes of the dataset; otherwise None."""
        return None if self._initial is None or self._new_head else self._initial.model

    @property
    def settings(self) -> dict[str, Any]:
        """Optional settings of a run that record the start; see `run_settings`. Empty without an initial model."""
        if self._initial is None:
            return {}
        return {
            "initial_model": self.name,
            "initial_weights": hash_arrays(self._initial.model.get_weights()).hexdigest(),
            "new_head": self._new_head or None,
            "frozen_stages": self._frozen_stages or None,
        }

    def apply(self, model: keras.Model) -> None:
        """Sets the weights of an untrained model of the recipe and freezes its stages. Call it in the model's scope."""
        if self._initial is None:
            return
        head = head_layers(self._recipe, model) if self._new_head else []
        pairs = zip(_weighted(model), _weighted(self._initial.model), strict=True)
        for layer, trained in pairs:
            if layer not in head:
                layer.set_weights(trained.get_weights())
        temperature = self._initial.calibration_temperature or self._recipe.calibration_temperature
        if not self._new_head:
            # Training starts from the logits before temperature scaling, which follows training once more.
            fold_temperature(model, 1 / temperature)
        freeze_stages(self._recipe, model, self._frozen_stages)

    def describe(self) -> str:
        """Returns a line such as "initial weights: cnn_robust, with a new head, 2 frozen stages"."""
        head = "with a new head, because the classes differ" if self._new_head else "with its head"
        frozen = f"; frozen stages: {self._frozen_stages}" if self._frozen_stages else ""
        return f"initial weights: {self.name}, {head}{frozen}"

    def _check_network(self, model: keras.Model) -> None:
        shape = model.output_shape
        if any(isinstance(layer, keras.Model) for layer in model.layers):
            raise InputError(
                f"{self.name} is an ensemble or holds other models. Expected: one network. Start from one of its "
                "members: the folder of a member's run, or the shipped model accurate."
            )
        if not (isinstance(shape, tuple) and len(shape) == 2 and is_number_of_classes(shape[1])):
            raise InputError(
                f"{self.name} is no digit model: it must map (None, 28, 28, 1) to (None, classes), 2 to 1,000 classes. "
                f"Received: {model.input_shape} to {shape}."
            )
        difference = first_network_difference(model, build_model(self._recipe, classes=shape[1]))
        if difference:
            raise InputError(
                f"The recipe {self._recipe.name} has another network than the initial model {self.name}: {difference}. "
                "Expected: the same network. Leave --model and the flags of the network out, or choose the weights of "
                f"a run of {self._recipe.name}."
            )


def has_classes(initial: InitialModel, class_names: Sequence[str]) -> bool:
    """Returns whether the classes of the initial model are those of the dataset, in the same order."""
    names, classes = initial.class_names, initial.model.output_shape[-1]
    if names is None:
        names = DIGIT_NAMES if classes == len(DIGIT_NAMES) else None
    return len(class_names) == classes and (names is None or tuple(names) == tuple(class_names))


def _weighted(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if layer.weights]
