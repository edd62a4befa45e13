import numpy as np
import pytest
from keras import ops

from mnist_keras.errors import InputError
from mnist_keras.models import build_model
from mnist_keras.recipes import get_recipe
from mnist_keras.training.train import train


def entropy(targets, logits):
    return float(-(targets * np.asarray(ops.log_softmax(logits))).sum(axis=1).mean())


class OneStep:
    """A training of one step over all images, with a rate that changes nothing."""

    def __init__(self, digits, model=None, **fields):
        recipe = get_recipe("stack_1", batch_size=0, epochs=1, learning_rate=1e-12, **fields)
        self.training = train(recipe, digits, mixed_precision=False, teacher=model, verbose=False)
        self.train_loss = self.training.history[0]["loss"]
        self.test_loss = self.training.history[0]["test_loss"]
        self.logits = self.training.model(digits.train_images)
        self.test_logits = self.training.model(digits.test_images)


def test_smoothing_spreads_training_targets_alone(tiny):
    step = OneStep(tiny, label_smoothing=0.2)
    targets = np.full((120, 10), 0.02)
    targets[np.arange(120), tiny.train_labels] = 0.82
    assert abs(step.train_loss - entropy(targets, step.logits)) < 1e-4
    assert abs(step.test_loss - entropy(np.eye(10)[tiny.test_labels], step.test_logits)) < 1e-4


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_a_teacher_stands_in_for_the_labels(tiny, temperature):
    teacher = build_model("stack_7")
    before = teacher.get_weights()
    step = OneStep(tiny, teacher, teacher="stack_7", teacher_temperature=temperature)
    said = np.asarray(ops.softmax(teacher(tiny.train_images) / temperature))
    assert abs(step.train_loss - entropy(said, step.logits)) < 1e-4
    assert abs(step.test_loss - entropy(np.eye(10)[tiny.test_labels], step.test_logits)) < 1e-4
    for weight, expected in zip(teacher.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert step.training.settings["training"]["teacher"]
    assert step.training.model.count_params() == 3985


def test_a_teacher_alone_computes_in_bfloat16(tiny, monkeypatch):
    monkeypatch.setattr("mnist_keras.training.train.computes_bfloat16", lambda: True)
    teacher = build_model("stack_7")
    recipe = get_recipe("stack_1", batch_size=0, epochs=1, learning_rate=1e-12, teacher="stack_7")
    training = train(recipe, tiny, teacher=teacher, verbose=False)
    precisions = [training.settings["training"][name] for name in ("mixed_precision", "teacher_mixed_precision")]
    assert precisions == [False, True]
    # Eight bits of a number are kept.
    said = np.asarray(ops.softmax(teacher(tiny.train_images)))
    difference = abs(training.history[0]["loss"] - entropy(said, training.model(tiny.train_images)))
    assert 1e-6 < difference < 0.02


def test_a_student_learns_what_its_teacher_says(tiny):
    teacher = train(get_recipe("linear", epochs=30), tiny, verbose=False).model
    recipe = get_recipe("stack_7", teacher="linear", batch_size=20, epochs=15, learning_rate=0.05)
    # Its labels are of no use.
    unlabelled = tiny.__class__("tiny", tiny.train_images, tiny.train_labels * 0, tiny.test_images, tiny.test_labels)
    assert train(recipe, unlabelled, teacher=teacher, verbose=False).history[-1]["test_accuracy"] == 1.0


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_a_teacher_under_every_strategy_and_precision(tiny, strategy):
    recipe = get_recipe("stack_1", teacher="stack_7", batch_size=20, epochs=1)
    training = train(
        recipe, tiny, strategy=strategy, mixed_precision=True, teacher=build_model("stack_7"), verbose=False
    )
    assert np.isfinite(training.history[0]["loss"])


@pytest.mark.parametrize(
    ("fields", "teacher", "message"),
    [
        (dict(teacher="linear"), None, "train stack_1 by train_run, or give the teacher's model"),
        (dict(), "linear", "teacher='' and a model of it"),
        (dict(members=3), None, "Received: members=3"),
        (dict(teacher="linear"), "mlp", "The teacher is no network of the recipe linear"),
    ],
)
def test_teachers_and_members_that_do_not_fit(tiny, fields, teacher, message):
    recipe = get_recipe("stack_1", epochs=1, **fields)
    with pytest.raises(InputError, match=message):
        train(recipe, tiny, teacher=teacher and build_model(teacher), verbose=False)
