"""A training that dies and resumes ends like one that did not. Real kills: tests/kill_and_resume.py."""

import keras
import numpy as np
import pytest

from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.recipes import get_recipe
from mnist_keras.training.checkpoints.storage import CheckpointManager
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train


class Death(BaseException):
    pass


class Dies(keras.callbacks.Callback):
    """Ends the training as a kill would, after so many of this process's steps."""

    transient = ("_left",)

    def __init__(self, steps):
        super().__init__()
        self._left = steps

    def on_train_batch_end(self, batch, logs=None):
        self._left -= 1
        if not self._left:
            raise Death


def train_dying(folder, steps, recipe, digits, make_callbacks=list, every="4", **options):
    """Trains, dying after each of `steps`; returns the training that was left to end."""
    for count in [*steps, 10**9]:
        checkpoints = CheckpointManager(folder)
        callbacks = [*make_callbacks(), Dies(count)]
        try:
            return train(
                recipe,
                digits,
                checkpoints=checkpoints,
                options=TrainingOptions(
                    callbacks=callbacks, checkpoint_every=every, deterministic=True, verbose=False, **options
                ),
            ), callbacks
        except Death:
            pass
        finally:
            checkpoints.close()
    raise AssertionError("the last one was not to die")


# 10 steps an epoch. Batch norm, dropout and augmentation; figures of every step; several steps at once.
NETS = {
    "cnn_augmented": get_recipe("cnn_augmented", batch_size=12, epochs=3),
    "every step kept": get_recipe("lenet_dropout", batch_size=12, epochs=3, log_every_steps=5, schedule="cosine"),
    "two at once": get_recipe("stack_1", batch_size=12, epochs=3, steps_per_execution=2),
}


@pytest.mark.parametrize("name", NETS)
def test_a_resumed_run_equals_an_uninterrupted_run(tiny, tmp_path, name):
    whole = train(NETS[name], tiny, options=TrainingOptions(deterministic=True, verbose=False))
    # In the first epoch before any checkpoint, in its midst, in the second, just before the end.
    died, _ = train_dying(tmp_path / "run", [1, 7, 9, 6], NETS[name], tiny)
    assert died.digest == whole.digest
    for one, other in zip(died.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    without_times = [[{k: v for k, v in row.items() if k != "seconds"} for row in t.history] for t in (died, whole)]
    assert without_times[0] == without_times[1]
    assert died.steps == whole.steps
    assert len(whole.steps) == (30 if name == "every step kept" else 0)


def test_different_trainings_have_different_digests(tiny):
    digests = {
        train(
            get_recipe("stack_1", epochs=1, batch_size=40, **change), tiny, seed, options=TrainingOptions(verbose=False)
        ).digest
        for change, seed in [({}, 0), ({}, 0), ({}, 1), ({"learning_rate": 1e-4}, 0)]
    }
    assert len(digests) == 3


class Remembers(keras.callbacks.Callback):
    """A user's own callback."""

    def on_train_begin(self, logs=None):
        self.losses = {"first": [], "all": []}

    def on_epoch_end(self, epoch, logs=None):
        self.losses["all"].append(logs["loss"])
        self.losses["first"] = self.losses["all"][:1]


def test_callbacks_are_resumed(tiny, tmp_path):
    def make():
        monitored = dict(monitor="val_loss", min_delta=0.05)
        return [
            keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True, **monitored),
            keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=2, **monitored),
            Remembers(),
        ]

    recipe = get_recipe("stack_1", batch_size=12, epochs=30, learning_rate=0.03, steps_per_execution=1)
    (whole, expected), (died, received) = (
        train_dying(tmp_path / name, steps, recipe, tiny, make)
        for name, steps in (("whole", []), ("died", [14, 40, 11, 3]))
    )
    assert len(whole.history) < 30
    assert whole.history[-1]["learning_rate"] < 0.03
    assert died.digest == whole.digest
    for name in ("wait", "best", "best_epoch", "stopped_epoch"):
        assert getattr(received[0], name) == getattr(expected[0], name)
    assert received[2].losses == expected[2].losses
    # Killed after the last epoch, before the run was saved.
    again, _ = train_dying(tmp_path / "died", [], recipe, tiny, make)
    assert again.digest == whole.digest


def test_stopping_saves_at_once(tiny, tmp_path, monkeypatch):
    recipe = NETS["two at once"]
    whole = train(recipe, tiny, options=TrainingOptions(deterministic=True, verbose=False))

    class Stops(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch >= 5:
                monkeypatch.setattr(StopRequest, "received", True)

    with pytest.raises(TrainingStopped, match="stopped after step 6, saved in"):
        train(
            recipe,
            tiny,
            checkpoints=CheckpointManager(tmp_path),
            options=TrainingOptions(callbacks=[Stops()], deterministic=True),
        )
    monkeypatch.setattr(StopRequest, "received", False)
    died, _ = train_dying(tmp_path, [], recipe, tiny)
    assert died.digest == whole.digest
    monkeypatch.setattr(StopRequest, "received", True)
    with pytest.raises(TrainingStopped, match="checkpoints are off, nothing is left"):
        train(recipe, tiny, options=TrainingOptions(verbose=False))


def test_a_diverging_training_keeps_its_last_good_checkpoint(tiny, tmp_path):
    class Explodes(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 5:
                self.model.trainable_variables[0].assign(self.model.trainable_variables[0] * np.nan)

    for every, step, message in [
        ("2", 6, "step 6: the state of the model is no longer finite"),
        ("4", 7, "step 7: loss nan"),
    ]:
        checkpoints = CheckpointManager(tmp_path / every)
        recipe = get_recipe("stack_1", batch_size=12, epochs=2, steps_per_execution=1)
        with pytest.raises(InputError, match=message):
            train(
                recipe,
                tiny,
                checkpoints=checkpoints,
                options=TrainingOptions(checkpoint_every=every, callbacks=[Explodes()], verbose=False),
            )
        checkpoints.close()
        assert sorted(path.name for path in (tmp_path / every).glob("step-*"))[-1] == "step-000000004.npz", step


def test_the_time_of_all_processes_counts(tiny, tmp_path):
    recipe = get_recipe("stack_1", batch_size=12, epochs=2, steps_per_execution=1)
    died, _ = train_dying(tmp_path / "run", [14], recipe, tiny)
    assert died.seconds > sum(row["seconds"] for row in died.history) > 0
