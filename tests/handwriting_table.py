"""Measures what a model learns from 20 images per digit of a person's own, and prints a Markdown table.

    python tests/handwriting_table.py IMAGES [FLAG...]

IMAGES is a folder of images of one digit each, whose names begin with the digit. For each of three random choices,
20 images per digit are the training set and all others the test set. FLAGs are for scripts/train.py, which starts from
cnn_robust. The table has the misclassified test images before and after, and those of MNIST's test set.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from mnist_keras.evaluation.labeled_images import label_from_path
from mnist_keras.inference.images import list_images

_PER_DIGIT, _CHOICES = 20, 3
_TRAIN = pathlib.Path(__file__).parents[1] / "scripts" / "train.py"
_FLAGS = ("--init_from=cnn_robust", "--dataset=folder", "--image_preparation=digit", "--mix=mnist:1")


def main(images: str, *flags: str) -> None:
    print("| choice | test images | misclassified before | after | of MNIST's 10,000 before | after | minutes |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for choice in range(_CHOICES):
        with tempfile.TemporaryDirectory() as folder:
            _choose([pathlib.Path(file) for file in list_images([images])], choice, pathlib.Path(folder) / "digits")
            rows, seconds = _train(pathlib.Path(folder), flags)
        own, mnist = ([row["examples"] - row[name] for name in ("correct_before", "correct")] for row in rows)
        cells = (choice, rows[0]["examples"], *own, *mnist, f"{seconds / 60:.1f}")
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def _choose(files: list[pathlib.Path], choice: int, folder: pathlib.Path) -> None:
    """Links 20 random images per digit into folder/train and the others into folder/test, in a folder per digit."""
    random = np.random.default_rng(choice)
    labels = np.array([label_from_path(file) for file in files])
    for digit in range(10):
        shuffled = random.permutation(np.flatnonzero(labels == digit))
        for part, indices in (("train", shuffled[:_PER_DIGIT]), ("test", shuffled[_PER_DIGIT:])):
            target = folder / part / str(digit)
            target.mkdir(parents=True)
            for index in indices:
                (target / files[index].name).symlink_to(files[index].resolve())


def _train(folder: pathlib.Path, flags: tuple[str, ...]) -> tuple[list[dict], float]:
    """Trains, and returns the rows of the report and the seconds of the whole command."""
    outputs = (f"--data_dir={folder / 'digits'}", f"--runs_dir={folder}", "--run_name=run", "--export_dir=")
    start = time.perf_counter()
    subprocess.run([sys.executable, _TRAIN, *_FLAGS, *outputs, *flags], check=True, stdout=sys.stderr)
    seconds = time.perf_counter() - start
    return json.loads((folder / "run" / "report.json").read_text())["before_and_after"], seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
