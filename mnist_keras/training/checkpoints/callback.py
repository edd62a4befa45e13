"""A Keras callback that saves the state of a training as it goes, and puts it back."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.distribution.strategy import is_multi_worker
from mnist_keras.errors import InputError, TrainingStopped
from mnist_keras.training.checkpoints.schedule import CheckpointSchedule
from mnist_keras.training.checkpoints.state import TrainingState, make_variables
from mnist_keras.training.checkpoints.storage import Agree, Checkpoint, CheckpointManager


class CheckpointCallback(keras.callbacks.Callback):
    """Saves the state of a training as it goes, and puts back that of the newest checkpoint when it begins.

    Args:
        folder: opened; None keeps nothing.
        newest: what opening it returned.
        schedule: when to save.
        watched: callbacks whose memory is part of the state.
        steps_in_epoch: as given to fit.
        strategy: what the model was made under.
        stop: the user's wish to stop; the state is saved before it is granted.
        agree: of several workers, which of some wishes any has; all of them must call it at once.
    """

    def __init__(
        self,
        folder: CheckpointManager | None,
        newest: Checkpoint | None,
        schedule: CheckpointSchedule,
        watched: Sequence[keras.callbacks.Callback],
        steps_in_epoch: int,
        strategy: tf.distribute.Strategy,
        stop: StopRequest,
        agree: Agree,
    ):
        super().__init__()
        self._folder, self._newest = folder, newest
        self._schedule, self._watched = schedule, watched
        self._steps_in_epoch, self._strategy = steps_in_epoch, strategy
        self._stop, self._agree = stop, agree
        # To agree costs several workers about 2 ms.
        self._listen_every = 10 if is_multi_worker(strategy) else 1
        facts: Mapping[str, Any] = newest[1] if newest else {"step": 0, "seconds": 0.0, "stop_training": False}
        # Steps of the run that were done before.
        self.step: int = facts["step"]
        self.stopped_before: bool = facts["stop_training"]
        self._seconds_before: float = facts["seconds"]
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time of the whole run so far, that of the processes before included."""
        return self._seconds_before + time.perf_counter() - self._began

    def on_train_begin(self, logs=None):
        make_variables(self.model)
        self.state = TrainingState(self.model, self._watched, self._strategy)
        self._schedule.restart(self.step)
        if self._newest:
            self.state.restore(*self._newest)

    def on_epoch_begin(self, epoch, logs=None):
        # Fit and the callbacks have just made everything ready for an epoch from its start.
        if self._newest and self.step % self._steps_in_epoch:
            self.state.restore(*self._newest)
        self._newest = None

    def on_train_batch_end(self, batch, logs=None):
        # After an epoch's last step comes its evaluation; the state is saved after that.
        done = batch + 1
        if done % self._steps_in_epoch and done % self._listen_every == 0 and not self.model.stop_training:
            self._save_if_due(self.step - self.step % self._steps_in_epoch + done)

    def on_epoch_end(self, epoch, logs=None):
        is_last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        self._save_if_due((epoch + 1) * self._steps_in_epoch, is_last)

    def _save_if_due(self, step: int, is_last: bool = False) -> None:
        self.step = step
        stopping, due = self._agree([self._stop.received, self._schedule.is_due(step, is_last)])
        if self._folder is None:
            if stopping:
                raise TrainingStopped(
                    f"stopped after step {step}; checkpoints are off, nothing is left of this training."
                )
            return
        if stopping or due:
            self._save(self._folder, step)
        if stopping:
            raise TrainingStopped(f"stopped after step {step}, saved in {self._folder.folder}.")

    def _save(self, folder: CheckpointManager, step: int) -> None:
        arrays, facts = self.state.capture()
        # The loss shows it one step later only, and by then the good checkpoints may be gone.
        if not all(np.isfinite(values).all() for name, values in arrays.items() if not name.startswith("callbacks/")):
            raise InputError(
                f"Training diverged in step {step}: the state of the model is no longer finite. "
                f"Lower --learning_rate. The last good checkpoints are in {folder.folder}."
            )
        folder.save(step, arrays, {"seconds": self.seconds, **facts})
        self._schedule.restart(step)
