"""Trains the runs of a study in this process, in turns with other processes of the same study."""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.experiments.train_run import train_run
from mnist_keras.experiments.turns import take_turn
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.settings import TrainingOptions

_SECONDS_BETWEEN_ATTEMPTS = 1.0


class StudyRun(NamedTuple):
    """A run of a study."""

    folder: pathlib.Path
    recipe: Recipe
    seed: int

    def __str__(self) -> str:
        return f"{self.recipe.name}, seed {self.seed}"


# Trains the runs that are not complete, and returns one line per run that failed.
TrainAll = Callable[[Sequence[StudyRun], Digits, TrainingOptions], list[str]]


def train_in_turns(runs: Sequence[StudyRun], digits: Digits, options: TrainingOptions) -> list[str]:
    """Trains the runs one after the other, each unless it is complete. Returns one line per run that failed.

    A run that another process trains is left to it. At the end the process waits for these runs, and trains those whose
    process was stopped.
    """
    failures: list[str] = []
    waiting: list[int] = []
    # Names of the recipes whose network was printed.
    shown: set[str] = set()
    left = dict(enumerate(runs, start=1))
    while left:
        taken = []
        for number, run in left.items():
            with take_turn(run.folder) as is_mine:
                if not is_mine:
                    continue
                taken.append(number)
                title = f"[{number}/{len(runs)}] {run}"
                complete = run.folder.exists()
                print(f"{title}: complete" if complete else f"\n{title}", flush=True)
                run_options = dataclasses.replace(options, summary=options.summary and run.recipe.name not in shown)
                if not complete:
                    shown.add(run.recipe.name)
                try:
                    train_run(run.folder, run.recipe, digits, run.seed, run_options)
                except InputError as error:
                    failures.append(f"{run}: {error}")
                    print(failures[-1], flush=True)
        for number in taken:
            del left[number]
        if left and waiting != list(left):
            waiting = list(left)
            print(f"\nwaiting for other processes, which train {'; '.join(map(str, left.values()))}", flush=True)
        if left:
            time.sleep(_SECONDS_BETWEEN_ATTEMPTS)
    return failures
