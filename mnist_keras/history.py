"""What happened in training: a row an epoch and, if asked, a row a step."""

import csv
import math
import pathlib
import time
from typing import Any

import keras

from mnist_keras.errors import InputError

Rows = list[dict[str, Any]]


class History(keras.callbacks.Callback):
    """Keeps the figures of every epoch, and of every step where `keep_steps`.

    Attributes:
        epochs: rows of epoch (from 1), loss and accuracy (means over the epoch's steps, in training mode),
            test_loss and test_accuracy (whole test set, at the epoch's end), learning_rate, seconds.
        steps: rows of epoch, step (from 1, over the run), loss and accuracy of that step's batch. Keras hands
            out running means, so a batch's figures are exact to about 1e-4.
    """

    # Clocks do not outlive a process; see `checkpoints.callback_state`.
    transient = ("_then",)

    def __init__(self, keep_steps: bool = False):
        super().__init__()
        self.epochs: Rows = []
        self.steps: Rows = []
        self._keep_steps = keep_steps

    def on_epoch_begin(self, epoch, logs=None):
        self._done, self._sums, self._seconds = 0, (0.0, 0.0), 0.0
        self._then = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._pass_time()
        step = len(self.epochs) * self.params["steps"] + batch + 1
        if not math.isfinite(logs["loss"]):
            raise InputError(f"Training diverged in step {step}: loss {logs['loss']}. {self._remedy()}")
        if not self._keep_steps:
            return
        count = batch + 1 - self._done
        sums = (logs["loss"] * (batch + 1), logs["accuracy"] * (batch + 1))
        loss, accuracy = ((new - old) / count for new, old in zip(sums, self._sums, strict=True))
        self._done, self._sums = batch + 1, sums
        self.steps.append(dict(epoch=len(self.epochs) + 1, step=step, loss=loss, accuracy=accuracy))

    def on_epoch_end(self, epoch, logs=None):
        self._pass_time()
        row = dict(
            epoch=epoch + 1,
            loss=logs["loss"],
            accuracy=logs["accuracy"],
            test_loss=logs["val_loss"],
            test_accuracy=logs["val_accuracy"],
            learning_rate=self._learning_rate(),
            seconds=self._seconds,
        )
        if not math.isfinite(row["test_loss"]):
            raise InputError(f"Training diverged in epoch {epoch + 1}: test loss {row['test_loss']}. {self._remedy()}")
        self.epochs.append(row)

    def _pass_time(self) -> None:
        now = time.perf_counter()
        self._seconds += now - self._then
        self._then = now

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _remedy(self) -> str:
        return f"Lower --learning_rate. Received: learning_rate={self._learning_rate():g}."


def write_rows(path: pathlib.Path, rows: Rows) -> None:
    """Writes rows as CSV, headed by the keys of the first."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: pathlib.Path) -> Rows:
    """Reads what `write_rows` wrote; all values as float."""
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
