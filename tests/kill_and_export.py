"""Kills exports repeatedly and checks that the old or the new export is complete after each kill.

    python tests/kill_and_export.py --kills=50

Two runs are exported alternately to the same folder, by processes that SIGKILL ends: at a random moment, or just before
or after the folders are exchanged. The folder must contain one complete export, checked by its checksums.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from tiny_digits import make_digits

from mnist_keras import atomic, cli
from mnist_keras.experiments.save_run import save_run
from mnist_keras.export.export import export_run
from mnist_keras.files import sha256
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.recipes import get_recipe
from mnist_keras.training.settings import TrainingOptions
from mnist_keras.training.train import train

DIGITS = make_digits()
FORMATS = ("saved_model", "float32", "uint8_io", "onnx")


def in_a_child(work) -> int:
    """Starts `work` in a child process and returns its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        with cli.silence_native_logs():
            work()
        status = 0
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def make_run(folder: pathlib.Path, seed: int) -> None:
    """Trains and saves a run; each seed gives different weights."""
    recipe = get_recipe("linear", epochs=3)
    save_run(folder, train(recipe, DIGITS, seed=seed, options=TrainingOptions(verbose=False)), DIGITS)


def export(run: pathlib.Path, folder: pathlib.Path, fatal: str | None = None) -> None:
    """Exports a run. `fatal` kills the process just "before" or "after" the folders are exchanged."""
    real = atomic.exchange

    def exchange(*paths):
        if fatal == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(*paths)
        if fatal == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    atomic.exchange = exchange
    export_run(run, folder, DIGITS, FORMATS)


def seed_of_complete(folder: pathlib.Path) -> int:
    """Returns the seed of the run that was exported. Raises SystemExit if the export is not complete."""
    card = json.loads((folder / "card.json").read_text())
    for name, file in card["files"].items():
        if sha256(folder / name) != file["sha256"]:
            sys.exit(f"a mixture: {folder / name} does not match the card")
    golden = json.loads((folder / "golden.json").read_text())["vectors"]
    images = np.round(np.reshape([vector["pixels"] for vector in golden], (-1, 28, 28)) * 255).astype(np.uint8)
    probabilities = load_predictor(folder / "mnist.tflite").predict(images)
    if np.abs(probabilities - [vector["probabilities"] for vector in golden]).max() > 1e-5:
        sys.exit("a mixture: golden.json belongs to another model")
    page = (folder / "README.md").read_text()
    if len((folder / "labels.txt").read_text().split()) != 10 or f"seed {card['training']['seed']}" not in page:
        sys.exit("a mixture: labels.txt or README.md")
    return card["training"]["seed"]


def main() -> None:
    """Counts the kills after which the old or the new export was in the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    # Temporary files of killed processes go to this folder and are removed with it.
    with tempfile.TemporaryDirectory() as root:
        tempfile.tempdir = root
        folder = pathlib.Path(root, "exported", "linear")
        runs = [pathlib.Path(root, "runs", str(seed)) for seed in (0, 1)]
        for seed, run in enumerate(runs):
            assert os.waitpid(in_a_child(lambda run=run, seed=seed: make_run(run, seed)), 0)[1] == 0
        start = time.perf_counter()
        assert os.waitpid(in_a_child(lambda: export(runs[0], folder)), 0)[1] == 0
        seconds = time.perf_counter() - start
        current, counts = 0, {"old": 0, "new": 0}
        for kill in range(arguments.kills):
            target = 1 - current
            fatal = chance.choice([None, None, "before", "after"])
            child = in_a_child(lambda run=runs[target], fatal=fatal: export(run, folder, fatal))
            if fatal is None:
                time.sleep(chance.uniform(0, 1.1 * seconds))
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            current = seed_of_complete(folder)
            outcome = "new" if current == target else "old"
            counts[outcome] += 1
            moment = f"{fatal} the exchange" if fatal else "at a random moment"
            print(f"kill {kill + 1}, {moment}: the {outcome} export is complete", flush=True)
        assert os.waitpid(in_a_child(lambda: export(runs[1 - current], folder)), 0)[1] == 0
        left = sorted(path.name for path in folder.parent.iterdir())
        if left != [folder.name]:
            sys.exit(f"the next export left behind: {left}")
    print(f"{arguments.kills} kills: the old export {counts['old']} times, the new export {counts['new']} times")


if __name__ == "__main__":
    main()
