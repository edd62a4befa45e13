import contextlib
import io
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_digits import make_digits

from mnist_keras.data import split_validation
from mnist_keras.errors import InputError
from mnist_keras.experiments.run_summary import summarize_run
from mnist_keras.experiments.train_run import train_run
from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train


class Spy(keras.callbacks.Callback):
    """What fit did, seen from inside."""

    def on_train_begin(self, logs=None):
        self.iterations = []
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.iterations.append(int(self.model.optimizer.iterations))
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.dropout_calls = [int(v.value[1]) for v in self.model.non_trainable_variables if "seed" in v.path]


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("stack_1", {}, 10),
        ("stack_1", {"steps_per_execution": 2}, 2),
        # Every step is printed.
        ("lenet_dropout", {"batch_size": 12}, 1),
        # A step that takes long.
        ("cnn", {"batch_size": 120}, 1),
    ],
)
def test_small_steps_are_taken_several_at_once(tiny, name, fields, expected):
    training = train(get_recipe(name, epochs=1, **fields), tiny, options=TrainingOptions(verbose=False))
    assert training.settings["training"]["steps_per_execution"] == expected


@pytest.mark.parametrize("steps_per_execution", [1, 4, 100])
def test_an_epoch_has_exactly_its_steps(tiny, steps_per_execution):
    spy = Spy()
    recipe = get_recipe("stack_1", batch_size=9, epochs=3, steps_per_execution=steps_per_execution)
    training = train(recipe, tiny, options=TrainingOptions(callbacks=[spy], verbose=False))
    assert spy.iterations == [13, 26, 39]
    assert [row["epoch"] for row in training.history] == [1, 2, 3]


def test_history_equals_a_fresh_evaluation(tiny):
    training = train(get_recipe("linear", epochs=30), tiny, options=TrainingOptions(verbose=False))
    first, last = training.history[0], training.history[-1]
    # Zero weights: every digit has probability 1/10 when the first loss is taken.
    assert math.isclose(first["loss"], math.log(10), rel_tol=1e-5)
    assert last["loss"] < first["loss"]
    assert last["test_accuracy"] == 1.0
    probabilities = training.predict(tiny.test_images)
    loss = -np.log(probabilities[np.arange(30), tiny.test_labels]).mean()
    assert math.isclose(last["test_loss"], loss, rel_tol=1e-4)
    assert last["learning_rate"] == 1.0
    assert training.seconds > 0


def test_the_seed_repeats_a_run(tiny):
    recipe = get_recipe("cnn", network_options={"filters": (2,)}, augmentation={"rotation": 9}, epochs=2, batch_size=40)
    losses = [
        [row["loss"] for row in train(recipe, tiny, seed=seed, options=TrainingOptions(verbose=False)).history]
        for seed in (1, 1, 2)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert abs(losses[0][0] - losses[2][0]) > 1e-3


def test_every_step_is_recorded_if_requested(tiny, capsys):
    training = train(get_recipe("lenet_dropout", epochs=2, batch_size=12, log_every_steps=5), tiny)
    assert [row["step"] for row in training.steps] == list(range(1, 21))
    for epoch, row in enumerate(training.history, start=1):
        steps = [step for step in training.steps if step["epoch"] == epoch]
        assert math.isclose(np.mean([step["loss"] for step in steps]), row["loss"], rel_tol=1e-4)
        # Twelve images a step: accuracies are twelfths.
        for step in steps:
            assert math.isclose(step["accuracy"] * 12, round(step["accuracy"] * 12), abs_tol=1e-2)
    printed = capsys.readouterr().out
    assert "epoch 1  step     5/10  loss" in printed
    assert "epoch 2  step    10/10  loss" in printed


def test_one_plain_line_per_epoch(tiny, capsys):
    train(get_recipe("linear", epochs=2), tiny)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2  train loss 2.3026 ")
    assert "  lr 1  " in lines[0]
    assert max(map(len, lines)) <= 100
    assert not any(character in line for line in lines for character in "\b\r\x1b")


def test_validation_images_are_called_so(tiny, tmp_path, capsys):
    digits = split_validation(tiny, 20)
    train_run(tmp_path / "run", get_recipe("linear", epochs=1), digits)
    assert "  val loss " in capsys.readouterr().out
    assert "\nvalidation accuracy  " in summarize_run(tmp_path / "run")


def test_a_bar_on_a_terminal(tiny):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    with contextlib.redirect_stdout(Terminal()) as terminal:
        train(get_recipe("linear", epochs=2, batch_size=20), tiny)
    assert re.search(r"\repoch 2/2: .*0/120 .*image/s", terminal.getvalue())
    assert "epoch 2/2  train loss" in terminal.getvalue()


def test_a_cosine_schedule_ends_near_zero(tiny):
    spy = Spy()
    train(
        get_recipe("linear", epochs=4, schedule="cosine", learning_rate=0.1),
        tiny,
        options=TrainingOptions(callbacks=[spy], verbose=False),
    )
    np.testing.assert_allclose(spy.rates, 0.05 * (1 + np.cos(np.pi * np.arange(1, 5) / 4)), atol=1e-6)


def test_callbacks_can_stop_training(tiny):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=0, min_delta=1e9)
    assert (
        len(
            train(
                get_recipe("linear", epochs=9), tiny, options=TrainingOptions(callbacks=[stop], verbose=False)
            ).history
        )
        == 2
    )


def test_mixed_precision_learns_and_returns_a_float32_model(tiny):
    training = train(
        get_recipe("cnn_3x3", epochs=3, batch_size=20),
        tiny,
        options=TrainingOptions(mixed_precision=True, verbose=False),
    )
    assert training.history[-1]["loss"] < training.history[0]["loss"]
    assert {layer.compute_dtype for layer in training.model.layers} == {"float32"}


@pytest.mark.parametrize(
    ("wish", "asked", "can", "used"),
    [
        (True, None, True, True),
        (True, None, False, False),
        (False, None, True, False),
        (True, False, True, False),
        (False, True, False, True),
    ],
)
def test_the_caller_overrides_the_precision_of_the_recipe(tiny, monkeypatch, wish, asked, can, used):
    monkeypatch.setattr("mnist_keras.training.train.has_bfloat16", lambda: can)
    recipe = get_recipe("linear", epochs=1, mixed_precision=wish)
    assert (
        train(recipe, tiny, options=TrainingOptions(mixed_precision=asked, verbose=False)).settings["training"][
            "mixed_precision"
        ]
        is used
    )


def test_mirrored_trains_like_one_device(tiny):
    recipe = get_recipe("stack_1", batch_size=20, epochs=2)
    one, mirrored = (
        train(recipe, tiny, options=TrainingOptions(strategy=name, verbose=False))
        for name in ("one_device", "mirrored")
    )
    for expected, received in zip(one.history, mirrored.history, strict=True):
        assert math.isclose(expected["loss"], received["loss"], rel_tol=1e-5)
    for expected, received in zip(one.model.get_weights(), mirrored.model.get_weights(), strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-5)
    assert not isinstance(mirrored.model.weights[0].value, tf.distribute.DistributedValues)


def test_every_test_image_counts():
    digits = make_digits(train=40, test=33)
    training = train(get_recipe("linear", epochs=1), digits, options=TrainingOptions(test_batch_size=10, verbose=False))
    hits = training.predict(digits.test_images).argmax(axis=1) == digits.test_labels
    assert math.isclose(training.history[0]["test_accuracy"], hits.mean(), abs_tol=1e-6)


@pytest.mark.parametrize(
    ("name", "overrides", "options", "message"),
    [
        ("linear", dict(batch_size=121), {}, "batch_size=121 for 120 training images"),
        (
            "stack_10",
            dict(learning_rate=1e9, batch_size=20, epochs=5),
            {},
            "Training diverged in step .*: loss nan. Lower --learning_rate",
        ),
        ("linear", {}, dict(strategy="many"), "strategy must be one of auto, one_device, mirrored"),
    ],
)
def test_bad_input_returns_an_error(tiny, name, overrides, options, message):
    with pytest.raises(InputError, match=message):
        train(get_recipe(name, **overrides), tiny, options=TrainingOptions(verbose=False, **options))


def test_training_leaves_global_state_alone(tiny):
    train(get_recipe("linear", epochs=1), tiny, options=TrainingOptions(mixed_precision=True, verbose=False))
    assert build_model("linear").layers[1].compute_dtype == "float32"


def test_label_smoothing_is_that_of_keras(tiny):
    recipe = get_recipe("stack_1", batch_size=0, epochs=1, learning_rate=1e-12, label_smoothing=0.2)
    training = train(recipe, tiny, options=TrainingOptions(mixed_precision=False, verbose=False))
    targets = 0.8 * np.eye(10)[tiny.train_labels] + 0.02
    logits = np.asarray(training.model(tiny.train_images), np.float64)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -(targets * log_probabilities).sum(axis=1).mean()
    np.testing.assert_allclose(training.history[0]["loss"], expected, rtol=1e-5)
    correct = (logits.argmax(axis=1) == tiny.train_labels).mean()
    np.testing.assert_allclose(training.history[0]["accuracy"], correct, rtol=1e-6)
