"""Keras callback that writes checkpoints during training and restores the latest one."""

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
from mnist_keras.training.checkpoints.storage import AnyWorker, Checkpoint, CheckpointManager


class CheckpointCallback(keras.callbacks.Callback):
    """Writes the training state to checkpoints and restores the latest one when training begins.

    Args:
        manager: an opened CheckpointManager; None writes no checkpoints.
        latest: the checkpoint that `manager.open` returned; None starts from scratch.
        schedule: when to write a checkpoint.
        tracked_callbacks: callbacks whose attributes are part of the state.
        steps_in_epoch: training steps per epoch, as given to `fit`.
        strategy: the strategy of the model.
        stop: a request to stop; the state is saved before training stops.
        any_worker: a logical OR of flags over all workers. All workers must call it at the same step.
    """

    def __init__(
        self,
        manager: CheckpointManager | None,
        latest: Checkpoint | None,
        schedule: CheckpointSchedule,
        tracked_callbacks: Sequence[keras.callbacks.Callback],
        steps_in_epoch: int,
        strategy: tf.distribute.Strategy,
        stop: StopRequest,
        any_worker: AnyWorker,
    ):
        super().__init__()
        self._manager, self._latest = manager, latest
        self._schedule, self._tracked_callbacks = schedule, tracked_callbacks
        self._steps_in_epoch, self._strategy = steps_in_epoch, strategy
        self._stop, self._any_worker = stop, any_worker
        # Communication between workers takes about 2 ms.
        self._check_every = 10 if is_multi_worker(strategy) else 1
        metadata: Mapping[str, Any] = latest[1] if latest else {"step": 0, "seconds": 0.0, "stop_training": False}
        # Steps that are done.
        self.step: int = metadata["step"]
        self.stopped_before: bool = metadata["stop_training"]
        self._seconds_before: float = metadata["seconds"]
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds of the run so far, over all its processes."""
        return self._seconds_before + time.perf_counter() - self._start

    def on_train_begin(self, logs=None):
        make_variables(self.model)
        self.state = TrainingState(self.model, self._tracked_callbacks, self._strategy)
        self._schedule.restart(self.step)
        if self._latest:
            self.state.restore(*self._latest)

    def on_epoch_begin(self, epoch, logs=None):
        # `fit` and the callbacks have just reset metrics and counters for a new epoch.
        if self._latest and self.step % self._steps_in_epoch:
            self.state.restore(*self._latest)
        self._latest = None

    def on_train_batch_end(self, batch, logs=None):
        # After the last step of an epoch, `on_epoch_end` saves the state, with the evaluation.
        done = batch + 1
        if done % self._steps_in_epoch and done % self._check_every == 0 and not self.model.stop_training:
            self._save_if_due(self.step - self.step % self._steps_in_epoch + done)

    def on_epoch_end(self, epoch, logs=None):
        is_last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        self._save_if_due((epoch + 1) * self._steps_in_epoch, is_last)

    def _save_if_due(self, step: int, is_last: bool = False) -> None:
        self.step = step
        stopping, due = self._any_worker([self._stop.received, self._schedule.is_due(step, is_last)])
        if self._manager is None:
            if stopping:
                raise TrainingStopped(
                    f"stopped after step {step}; checkpoints are off, nothing is left of this training."
                )
            return
        if stopping or due:
            self._save(self._manager, step)
        if stopping:
            raise TrainingStopped(f"stopped after step {step}, saved in {self._manager.folder}.")

    def _save(self, manager: CheckpointManager, step: int) -> None:
        arrays, metadata = self.state.capture()
        # The loss is NaN one step later, when the good checkpoints may already be deleted.
        if not all(np.isfinite(values).all() for name, values in arrays.items() if not name.startswith("callbacks/")):
            raise InputError(
                f"Training diverged in step {step}: the state of the model is no longer finite. "
                f"Lower --learning_rate. The last good checkpoints are in {manager.folder}."
            )
        manager.save(step, arrays, {"seconds": self.seconds, **metadata})
        self._schedule.restart(step)
