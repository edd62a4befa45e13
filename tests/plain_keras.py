"""Trains the plain Keras model of docs/from_keras.md on MNIST with several seeds, and prints its test accuracies.

    MNIST_KERAS_DATA_DIR=FOLDER python tests/plain_keras.py 0 1 2

Prints, per seed, the test accuracy after the last epoch and in the epoch where it was highest, and the time. The
page's code gets MNIST from FOLDER and not from the network.
"""

import pathlib
import re
import statistics
import sys
import time
from collections.abc import Sequence

import keras

from mnist_keras.data import load_digits

_PAGE = pathlib.Path(__file__).parents[1] / "docs" / "from_keras.md"


def main(seeds: Sequence[str]) -> None:
    digits = load_digits("mnist")
    arrays = (digits.train_images, digits.train_labels), (digits.test_images, digits.test_labels)
    keras.datasets.mnist.load_data = lambda: arrays
    code = re.search(r"```python\n(.*?)```", _PAGE.read_text(), re.DOTALL).group(1)
    assert code.count("set_random_seed(0)") == 1
    last = []
    for seed in seeds:
        began, names = time.perf_counter(), {}
        exec(compile(code.replace("set_random_seed(0)", f"set_random_seed({seed})"), _PAGE.name, "exec"), names)
        accuracies = [100 * value for value in names["model"].history.history["val_accuracy"]]
        last.append(accuracies[-1])
        seconds = time.perf_counter() - began
        print(f"seed {seed}: last epoch {last[-1]:.2f} %, best epoch {max(accuracies):.2f} %, {seconds:.0f} s")
    spread = statistics.stdev(last) if len(last) > 1 else 0
    print(f"last epoch: {statistics.mean(last):.2f} ± {spread:.2f} %, {len(last)} seeds")


if __name__ == "__main__":
    main(sys.argv[1:] or ["0"])
