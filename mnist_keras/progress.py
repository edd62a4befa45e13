"""What training prints: a bar while an epoch runs, one line when it is over."""

import sys

import keras
from tqdm import tqdm

from mnist_keras.history import History


class Progress(keras.callbacks.Callback):
    """Prints an epoch's figures on one line; on a terminal a bar runs before it.

    Args:
        history: the same run's History, ahead of this one in the list of callbacks.
        test_examples: size of the test set, for "correct / all".
        log_every: also print a line every so many steps; 0 prints none.
    """

    def __init__(self, history: History, test_examples: int, log_every: int = 0):
        super().__init__()
        self._history = history
        self._test_examples = test_examples
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
            unit="step",
            leave=False,
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, batch, logs=None):
        self._bar.set_postfix(loss=f"{logs['loss']:.4f}", refresh=False)
        self._bar.update(batch + 1 - self._bar.n)
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
        epochs = str(self.params["epochs"])
        correct = round(row["test_accuracy"] * self._test_examples)
        print(
            f"epoch {row['epoch']:>{len(epochs)}}/{epochs}  train loss {row['loss']:.4f} accuracy "
            f"{row['accuracy']:7.2%}  test loss {row['test_loss']:.4f} accuracy {correct}/{self._test_examples} "
            f"{row['test_accuracy']:7.2%}  {row['seconds']:.1f} s",
            flush=True,
        )
