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

    def __init__(self, keep_steps: bool = False):
        super().__init__()
        self.epochs: Rows = []
        self.steps: Rows = []
        self._keep_steps = keep_steps

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()
        self._done, self._sums = 0, (0.0, 0.0)

    def on_train_batch_end(self, batch, logs=None):
        if not self._keep_steps:
            return
        count = batch + 1 - self._done
        sums = (logs["loss"] * (batch + 1), logs["accuracy"] * (batch + 1))
        loss, accuracy = ((new - old) / count for new, old in zip(sums, self._sums, strict=True))
        self._done, self._sums = batch + 1, sums
        step = len(self.epochs) * self.params["steps"] + batch + 1
        self.steps.append(dict(epoch=len(self.epochs) + 1, step=step, loss=loss, accuracy=accuracy))

    def on_epoch_end(self, epoch, logs=None):
        row = dict(
            epoch=epoch + 1,
            loss=logs["loss"],
            accuracy=logs["accuracy"],
            test_loss=logs["val_loss"],
            test_accuracy=logs["val_accuracy"],
            learning_rate=float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            seconds=time.perf_counter() - self._began,
        )
        if not math.isfinite(row["loss"] + row["test_loss"]):
            raise InputError(
                f"Training diverged in epoch {epoch + 1}: loss {row['loss']}, test loss {row['test_loss']}. "
                f"Lower --learning_rate. Received: learning_rate={row['learning_rate']:g}."
            )
        self.epochs.append(row)


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
