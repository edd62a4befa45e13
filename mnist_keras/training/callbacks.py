"""Keras callbacks that record loss and accuracy per epoch and, optionally, per step, and that print the progress."""

import math
import sys
import time
from collections.abc import Mapping

import keras
from tqdm import tqdm

from mnist_keras.errors import InputError
from mnist_keras.files import Rows
from mnist_keras.reports.text import format_duration


class RunHistory(keras.callbacks.Callback):
    """Records loss and accuracy of every epoch, and of every step with `keep_steps`.

    Attributes:
        epochs: rows of epoch (from 1), loss and accuracy (means over the epoch's steps, in training mode),
            test_loss and test_accuracy (all test images, at the epoch's end), learning_rate, seconds.
        steps: rows of epoch, step (from 1, over the run), loss and accuracy of the step's batch. They are computed from
            Keras' running means, exact to about 1e-4.
    """

    # A clock is meaningless in another process; see `checkpoints.state`.
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
        row = dict(epoch=epoch + 1, **epoch_metrics(self.model, logs), seconds=self._seconds)
        if not math.isfinite(row["test_loss"]):
            raise InputError(f"Training diverged in epoch {epoch + 1}: test loss {row['test_loss']}. {self._remedy()}")
        self.epochs.append(row)

    def _pass_time(self) -> None:
        now = time.perf_counter()
        self._seconds += now - self._then
        self._then = now

    def _remedy(self) -> str:
        return f"Lower --learning_rate. Received: learning_rate={_learning_rate(self.model):g}."


def epoch_metrics(model: keras.Model, logs: Mapping[str, float]) -> dict[str, float]:
    """Returns the metrics of an epoch by their names in history.csv, from the `logs` of `on_epoch_end`."""
    return dict(
        loss=logs["loss"],
        accuracy=logs["accuracy"],
        test_loss=logs["val_loss"],
        test_accuracy=logs["val_accuracy"],
        learning_rate=_learning_rate(model),
    )


def _learning_rate(model: keras.Model) -> float:
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


class ProgressLog(keras.callbacks.Callback):
    """Prints one line per epoch: loss and accuracy of training, as means over the epoch, and of the test images.

    On a terminal it shows a progress bar with images per second during the epoch.

    Args:
        history: the RunHistory of the run; it must come before this callback in the list.
        images_per_step: batch size.
        log_every: print a line every `log_every` steps as well; 0 prints none.
        test_set: what the test images are called: "test", or "val" for validation images.
    """

    def __init__(self, history: RunHistory, images_per_step: int, log_every: int = 0, test_set: str = "test"):
        super().__init__()
        self._history = history
        self._images_per_step = images_per_step
        self._log_every = log_every
        self._test_set = test_set
        self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        # A progress bar would write control characters into a file.
        terminal = sys.stdout.isatty()
        self._bar = tqdm(
            desc=f"epoch {epoch + 1}/{self.params['epochs']}",
            total=self.params["steps"],
            disable=not terminal,
            file=sys.stdout,
            unit="image",
            unit_scale=self._images_per_step,
            leave=False,
            dynamic_ncols=True,
        )
        self._done = None

    def on_train_batch_begin(self, batch, logs=None):
        if self._done is None:
            # An epoch that is resumed does not start at batch 0.
            self._done = self._bar.initial = self._bar.n = batch

    def on_train_batch_end(self, batch, logs=None):
        self._bar.set_postfix(loss=f"{logs['loss']:.4f}", refresh=False)
        self._bar.update(batch + 1 - self._done)
        self._done = batch + 1
        if self._log_every and (batch + 1) % self._log_every == 0:
            rows = self._history.steps[-self._log_every :]
            loss, accuracy = (sum(row[key] for row in rows) / len(rows) for key in ("loss", "accuracy"))
            self._bar.write(
                f"epoch {rows[-1]['epoch']}  step {batch + 1:>5}/{self.params['steps']}  "
                f"loss {loss:.4f}  accuracy {accuracy:7.2%}  (mean of {len(rows)} steps)",
                file=sys.stdout,
            )

    def on_epoch_end(self, epoch, logs=None):
        self._bar.close()
        row = self._history.epochs[-1]
        epochs = self.params["epochs"]
        left = format_duration(row["seconds"] * (epochs - row["epoch"]))
        # With its usual numbers the line fits 100 columns.
        print(
            f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}  train loss {row['loss']:.4f} {row['accuracy']:7.2%}  "
            f"{self._test_set} loss {row['test_loss']:.4f} {row['test_accuracy']:7.2%}  lr {row['learning_rate']:.2g}  "
            f"{format_duration(row['seconds'])}, {left} left",
            flush=True,
        )
