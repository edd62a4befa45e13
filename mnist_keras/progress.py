"""What training prints: a bar while an epoch runs, one line when it is over."""

import sys
import time

import keras
from tqdm import tqdm

from mnist_keras.history import History


class Progress(keras.callbacks.Callback):
    """Prints an epoch's figures on one line; on a terminal a bar runs before it.

    Args:
        history: the same run's History, ahead of this one in the list of callbacks.
        test_examples: size of the test set, for "correct / all".
        images_per_step: size of a batch, for images a second.
        log_every: also print a line every so many steps; 0 prints none.
    """

    def __init__(self, history: History, test_examples: int, images_per_step: int, log_every: int = 0):
        super().__init__()
        self._history = history
        self._test_examples = test_examples
        self._images_per_step = images_per_step
        self._log_every = log_every
        self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        # Bars fill files with control characters.
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
        self._began, self._first = time.perf_counter(), None

    def on_train_batch_begin(self, batch, logs=None):
        if self._first is None:
            # Not 0 in an epoch that an earlier process began.
            self._first = self._done = self._bar.initial = self._bar.n = batch

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

    def on_test_begin(self, logs=None):
        images = (self._done - self._first) * self._images_per_step
        self._images_per_second = images / (time.perf_counter() - self._began)

    def on_epoch_end(self, epoch, logs=None):
        self._bar.close()
        row = self._history.epochs[-1]
        epochs = str(self.params["epochs"])
        correct = round(row["test_accuracy"] * self._test_examples)
        print(
            f"epoch {row['epoch']:>{len(epochs)}}/{epochs}  train loss {row['loss']:.4f} accuracy "
            f"{row['accuracy']:7.2%}  test loss {row['test_loss']:.4f} accuracy {correct}/{self._test_examples} "
            f"{row['test_accuracy']:7.2%}  rate {row['learning_rate']:.3g}  "
            f"{self._images_per_second:,.0f} images/s  {row['seconds']:.1f} s, {self._time_left(row)} left",
            flush=True,
        )

    def _time_left(self, row) -> str:
        seconds = row["seconds"] * (self.params["epochs"] - row["epoch"])
        return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
