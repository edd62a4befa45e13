"""Kills a training repeatedly and compares its digest with that of an uninterrupted training.

    python tests/kill_and_resume.py --kills=100

Each attempt is a process that SIGKILL ends: at a random moment of its start or of its training, or while it writes a
checkpoint. Between attempts, checkpoints are sometimes damaged or replaced by another run's. The digests must be equal.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from tiny_digits import make_digits

from mnist_keras.distribution.strategy import set_up_device
from mnist_keras.experiments.run_folder import read_run, unfinished_folder
from mnist_keras.experiments.train_run import train_run
from mnist_keras.recipes import get_recipe
from mnist_keras.training.checkpoints import storage
from mnist_keras.training.settings import TrainingOptions

RECIPE = get_recipe("cnn_augmented", batch_size=10, epochs=30, log_every_steps=7)
DIGITS = make_digits(train=300)
STEPS = 30 * RECIPE.epochs


def start(folder: pathlib.Path, devices: int, fatal_write: tuple[str, int] | None = None) -> int:
    """Starts the training in a child process and returns its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        set_up_device(threads=1, logical_devices=devices)
        if fatal_write:
            kill_while_writing(*fatal_write)
        options = dict(deterministic=True, checkpoint_every="10", verbose=False)
        train_run(
            folder,
            RECIPE,
            DIGITS,
            options=TrainingOptions(strategy="mirrored" if devices > 1 else "one_device", **options),
        )
        status = 0
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def kill_while_writing(where: str, count: int) -> None:
    """Makes the process kill itself in its `count`-th checkpoint: after half the file ("half") or before the rename."""
    real, calls = np.savez, iter(range(count))

    def savez(target, **arrays):
        real(target, **arrays)
        if next(calls, None) is None:
            target.flush()
            if where == "half":
                target.truncate(target.tell() // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    storage.np = type("numpy", (), {"__getattr__": lambda _, name: getattr(np, name), "savez": staticmethod(savez)})()


def checkpoints(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(unfinished_folder(folder).glob("step-*.npz"))


def latest_step(folder: pathlib.Path) -> int:
    steps = [int(path.stem.split("-")[1]) for path in checkpoints(folder)]
    return max((step for step in steps if step <= STEPS), default=0)


def damage(folder: pathlib.Path, foreign: pathlib.Path, chance: random.Random) -> str:
    """Damages the latest checkpoint, or adds an invalid one with a later step. Returns the kind of damage."""
    *_, latest = checkpoints(folder)
    content = bytearray(latest.read_bytes())
    kind = chance.choice(["cut", "flipped", "foreign", "empty"])
    if kind == "cut":
        latest.write_bytes(content[: chance.randrange(len(content))])
    elif kind == "flipped":
        # The middle is inside an array, not in the padding between arrays.
        content[len(content) // 2] ^= 255
        latest.write_bytes(content)
    elif kind == "foreign":
        shutil.copy(foreign, latest.with_name("step-000999999.npz"))
    else:
        latest.with_name("step-000999998.npz").touch()
    return kind


def wait_for(pid: int, seconds: float, until=lambda: False) -> bool:
    """Waits until a condition, the end of the process or a timeout. Returns whether the process still runs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.01)
    return True


def finish(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"an uninterrupted training failed with status {status}")


def main(kills: int, devices: int, seed: int) -> bool:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        uninterrupted, killed, foreign = (
            pathlib.Path(name, "uninterrupted"),
            pathlib.Path(name, "killed"),
            pathlib.Path(name, "foreign"),
        )
        start_time = time.monotonic()
        pid = start(uninterrupted, devices)
        wait_for(pid, 600, until=lambda: checkpoints(uninterrupted))
        start_up = time.monotonic() - start_time
        shutil.copy(checkpoints(uninterrupted)[-1], foreign)
        finish(pid)
        for done in range(kills):
            before = latest_step(killed)
            # The targets are chosen so that the last kill comes before the end of the training.
            target = before + chance.uniform(0, 1.5) * (STEPS - before) / (kills - done + 1)
            kind = chance.choice(["start", "training", "training", "half", "before rename"])
            inside = kind in ("half", "before rename")
            pid = start(killed, devices, (kind, chance.randrange(2)) if inside else None)
            if kind == "start":
                alive = wait_for(pid, chance.uniform(0, start_up))
            elif kind == "training":
                alive = wait_for(pid, 600, until=lambda target=target: latest_step(killed) > target)
                alive = alive and wait_for(pid, chance.uniform(0, 0.1))
            else:
                alive = wait_for(pid, 600)
            if alive:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            if killed.exists():
                sys.exit(f"the run was complete after {done} of {kills} kills, before the last kill")
            notes = ""
            if len(checkpoints(killed)) > 1 and chance.random() < 0.3:
                notes = f", then a checkpoint was {damage(killed, foreign, chance)}"
            print(f"kill {done + 1:>3}  {kind:<13}  step {before:>4} -> {latest_step(killed):>4}{notes}", flush=True)
        finish(start(killed, devices))
        digests = [read_run(folder)[0]["digest"] for folder in (uninterrupted, killed)]
    print(f"uninterrupted     {digests[0]}\nkilled {kills:>3} times  {digests[1]}")
    return digests[0] == digests[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--devices", type=int, default=1, help="logical devices of a mirrored training")
    parser.add_argument("--seed", type=int, default=0)
    sys.exit(0 if main(**vars(parser.parse_args())) else "the digests differ")
