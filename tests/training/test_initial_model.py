"""Fine-tuning trained weights: what is kept, what is new, what is frozen, what is refused."""

import dataclasses

import keras
import numpy as np
import pytest
from letter_images import make_letters

from mnist_keras.errors import InputError
from mnist_keras.experiments.run_folder import is_complete, read_run
from mnist_keras.experiments.train_run import train_run
from mnist_keras.models import build_model
from mnist_keras.models.pretrained import load_model
from mnist_keras.recipes import RECIPES, get_recipe
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.initial_model import InitialModel, Start, load_initial_model
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

QUIET = TrainingOptions(verbose=False)
MLP = get_recipe("mlp", network_options=dict(hidden_units=(8, 6), activation="relu"), epochs=2, batch_size=40)
# Three stages: 1, 2 and 1 convolutions with batch norm.
DEEP = Recipe("deep", "", "deep_cnn", dict(stages=((4,), (4, 4), (6,))), epochs=1, batch_size=60, learning_rate=0.01)
# Weights hardly change.
STILL = dict(learning_rate=1e-12, epochs=1)


@pytest.fixture(scope="module")
def trained_mlp(tiny):
    return train(MLP, tiny, options=QUIET).model


@pytest.fixture(scope="module")
def trained_deep(tiny):
    return train(DEEP, tiny, options=QUIET).model


@pytest.fixture(scope="module")
def few_letters():
    return make_letters(52, 26)


def layers_of(model):
    return [layer.get_weights() for layer in model.layers if layer.get_weights()]


def same(one, other, **tolerance):
    return all(np.allclose(a, b, **tolerance) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_all_weights_are_kept_where_the_classes_are_the_same(tiny, temperature):
    recipe = dataclasses.replace(MLP, calibration_temperature=temperature)
    first = train(recipe, tiny, options=QUIET)
    again = train(dataclasses.replace(recipe, **STILL), tiny, seed=1, options=QUIET, initial_model=first.model)
    np.testing.assert_allclose(again.predict(tiny.test_images), first.predict(tiny.test_images), atol=1e-6)


def test_the_head_is_new_for_another_number_of_classes(trained_mlp, few_letters):
    result = train(dataclasses.replace(MLP, **STILL), few_letters, options=QUIET, initial_model=trained_mlp)
    assert result.model.output_shape == (None, 26)
    *before, _ = layers_of(trained_mlp)
    *after, head = layers_of(result.model)
    assert all(same(one, other, atol=1e-6) for one, other in zip(before, after, strict=True))
    assert head[0].shape == (6, 26)
    assert result.settings["training"]["new_head"] is True


def test_the_head_is_new_for_classes_of_other_names(trained_mlp, tiny):
    renamed = dataclasses.replace(tiny, class_names=tuple("ABCDEFGHIJ"))
    still = dataclasses.replace(MLP, **STILL)
    kept = train(still, renamed, options=QUIET, initial_model=InitialModel(trained_mlp, renamed.class_names))
    new = train(still, renamed, options=QUIET, initial_model=trained_mlp)
    assert "new_head" not in kept.settings["training"]
    assert same(layers_of(kept.model)[-1], layers_of(trained_mlp)[-1], atol=1e-6)
    assert not same(layers_of(new.model)[-1], layers_of(trained_mlp)[-1], atol=1e-2)


def test_every_layer_that_depends_on_the_classes_is_head(few_letters):
    recipe = next(recipe for recipe in RECIPES.values() if recipe.network == "batch_norm_cnn")
    initial = build_model(recipe)
    model = build_model(recipe, classes=26)
    Start(recipe, few_letters.class_names, initial).apply(model)
    equal = [
        [weight.shape for weight in one] == [weight.shape for weight in other] and same(one, other)
        for one, other in zip(layers_of(model), layers_of(initial), strict=True)
    ]
    assert equal == [True] * (len(equal) - 2) + [False] * 2


@pytest.mark.parametrize("mixed_precision", [False, True])
def test_frozen_stages_keep_weights_and_statistics(trained_deep, tiny, mixed_precision):
    options = TrainingOptions(verbose=False, mixed_precision=mixed_precision)
    result = train(DEEP, tiny, options=options, initial_model=trained_deep, frozen_stages=2)
    # Three convolutions with batch norm are frozen; the fourth, its batch norm and the head are not.
    before, after = layers_of(trained_deep), layers_of(result.model)
    assert [same(one, other, atol=0, rtol=0) for one, other in zip(before, after, strict=True)] == [True] * 6 + [
        False
    ] * 3
    assert result.settings["training"]["frozen_stages"] == 2


def test_a_frozen_network_trains_its_head_as_logistic_regression(trained_deep, tiny):
    # The whole network in inference mode, then one step of the head by hand.
    recipe = dataclasses.replace(DEEP, optimizer="sgd", learning_rate=0.1, batch_size=0)
    result = train(recipe, tiny, options=QUIET, initial_model=trained_deep, frozen_stages=3)
    features = keras.Model(trained_deep.input, trained_deep.layers[-2].output)
    x = np.asarray(features(tiny.train_images[..., np.newaxis].astype(np.float32), training=False))
    kernel, bias = trained_deep.layers[-1].get_weights()
    probabilities = np.asarray(keras.ops.softmax(x @ kernel + bias))
    gradient = x.T @ (probabilities - np.eye(10)[tiny.train_labels]) / len(x)
    np.testing.assert_allclose(result.model.layers[-1].get_weights()[0], kernel - 0.1 * gradient, atol=1e-5)


@pytest.mark.parametrize(("recipe", "stages"), [(MLP, 2), (DEEP, 3), (get_recipe("cnn"), 3), (get_recipe("linear"), 0)])
def test_too_many_frozen_stages_are_refused(recipe, stages, tiny):
    initial = build_model(recipe)
    Start(recipe, tiny.class_names, initial, stages)
    with pytest.raises(InputError, match=f"frozen_stages must be a whole number from 0 to {stages}, .*={stages + 1}"):
        Start(recipe, tiny.class_names, initial, stages + 1)


def test_frozen_stages_need_an_initial_model(tiny):
    with pytest.raises(InputError, match="frozen_stages must be 0 without an initial model"):
        train(MLP, tiny, options=QUIET, frozen_stages=1)


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (dict(hidden_units=(8, 5)), "layer 4, Dense, has units=6 there and units=5 now"),
        (dict(activation="tanh"), "layer 3, Dense, has activation='relu' there and activation='tanh' now"),
        (dict(hidden_units=(8, 6, 6)), "layer 5, Dense, has units=10 there and units=6 now"),
    ],
)
def test_another_network_is_refused(trained_mlp, tiny, options, difference):
    recipe = dataclasses.replace(MLP, network_options={**MLP.network_options, **options})
    with pytest.raises(InputError, match=f"another network than the initial model mlp: {difference}"):
        train(recipe, tiny, options=QUIET, initial_model=trained_mlp)


def test_other_scaling_is_refused_and_other_dropout_is_not(tiny):
    recipe = get_recipe("cnn_robust")
    initial = load_model("compact_1k")
    with pytest.raises(InputError, match="has another network than the initial model compact_1k: layer "):
        Start(recipe, tiny.class_names, initial)
    initial = load_model("cnn_robust")
    Start(get_recipe("cnn_robust", network_options=dict(dropout=0.0)), tiny.class_names, initial)
    with pytest.raises(InputError, match="layer 1, Rescaling, has "):
        Start(get_recipe("cnn_robust", mean=0.2), tiny.class_names, initial)


def test_nothing_but_a_new_head_is_refused(few_letters):
    recipe = get_recipe("linear")
    with pytest.raises(InputError, match="Nothing is left of the weights of linear"):
        Start(recipe, few_letters.class_names, build_model(recipe))


def test_ensembles_are_refused(tiny, tmp_path):
    recipe = dataclasses.replace(MLP, ensemble_size=2)
    with pytest.raises(InputError, match="Train one network with --ensemble_size=1"):
        train_run(tmp_path / "run", recipe, tiny, options=QUIET, initial_model=build_model(MLP))
    with pytest.raises(InputError, match="Start from one of its members"):
        Start(MLP, tiny.class_names, build_model(recipe))


def test_the_start_is_recorded_only_if_it_is_used(trained_mlp, tiny):
    scratch = train(MLP, tiny, options=QUIET).settings["training"]
    started = train(MLP, tiny, options=QUIET, initial_model=trained_mlp).settings["training"]
    assert started.pop("initial_model") == "mlp"
    assert len(started.pop("initial_weights")) == 64
    assert started == scratch


@pytest.mark.usefixtures("without_figures")
def test_a_resumed_run_ends_with_the_same_digest(trained_deep, tiny, tmp_path):
    recipe = dataclasses.replace(DEEP, epochs=3, steps_per_execution=1)
    start = dict(initial_model=trained_deep, frozen_stages=1)
    whole = train_run(tmp_path / "whole", recipe, tiny, options=QUIET, **start)

    class Killed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations == 4:
                raise KeyboardInterrupt

    options = TrainingOptions(verbose=False, checkpoint_every="1", callbacks=[Killed()])
    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "run", recipe, tiny, options=options, **start)
    for other in ({}, dict(initial_model=trained_deep), dict(start, initial_model=build_model(DEEP))):
        with pytest.raises(InputError, match="other settings: training (initial_weights|frozen_stages) is "):
            train_run(tmp_path / "run", recipe, tiny, options=QUIET, **other)
    assert train_run(tmp_path / "run", recipe, tiny, options=QUIET, **start) == whole
    config, _ = read_run(tmp_path / "run")
    assert config["training"]["initial_model"] == "deep"
    assert "fine-tuned from the weights of deep" in (tmp_path / "run" / "report.html").read_text()
    # The name of the same weights does not matter.
    renamed = Start(recipe, tiny.class_names, InitialModel(trained_deep, name="other"), 1).settings
    assert is_complete(tmp_path / "run", recipe, tiny, 0, start=renamed)
    with pytest.raises(InputError, match="already holds a run with other settings: training "):
        is_complete(tmp_path / "run", recipe, tiny, 0)


def test_a_shipped_model_goes_on(tiny):
    initial = load_initial_model("compact_1k")
    assert (initial.name, len(initial.class_names)) == ("compact_1k", 10)
    recipe = get_recipe("compact_1k", **STILL)
    model = build_model(recipe)
    Start(recipe, tiny.class_names, initial).apply(model)
    images = tiny.test_images[..., np.newaxis].astype(np.float32)
    np.testing.assert_allclose(np.asarray(model(images)), np.asarray(load_model("compact_1k")(images)), atol=1e-4)
