"""Runs the trials of a hyperparameter search by Ray Tune: Optuna proposes them, ASHA stops the bad ones early."""

import contextlib
import dataclasses
import functools
import os
import pathlib
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import optuna
from ray import tune
from ray.tune.schedulers import ASHAScheduler, TrialScheduler
from ray.tune.search.optuna import OptunaSearch

from mnist_keras.atomic import try_lock
from mnist_keras.distribution.ray_cluster import connected_ray
from mnist_keras.distribution.strategy import set_up_device
from mnist_keras.errors import InputError
from mnist_keras.evaluation.trial_order import objective
from mnist_keras.experiments.search import Search, train_trial
from mnist_keras.files import read_json, write_json
from mnist_keras.recipes.search_space import Dimension
from mnist_keras.training.settings import first_difference

# The file of a search: what is searched, and the finished trials.
SEARCH_FILE = "search.json"
# Ray's own files, removed at the end.
_RAY_FOLDER = "ray"
# ASHA lets the best third of the trials continue.
_REDUCTION = 3


@dataclasses.dataclass(frozen=True)
class Resources:
    """Where the trials of a search run."""

    #: "local" starts Ray on this machine alone; "auto" and addresses connect to a cluster.
    cluster: str = "local"
    #: Maximum number of trials at once; None: as many as there are cores for.
    workers: int | None = None
    #: Number of cores of a trial.
    threads: int = 1
    #: See `set_up_device`; "gpu" gives each trial a GPU of its own.
    device: str = "auto"


def run_search(folder: pathlib.Path, search: Search, trials: int, resources: Resources) -> list[dict[str, Any]]:
    """Trains the trials that the folder does not contain yet, and prints a line for each.

    Trial 1 is the recipe itself and is trained to its end. Successive halving (ASHA) stops any other trial early if it
    is not among the best third of those that have reached the same epoch. If the space varies the epochs, no trial is
    stopped: at equal epochs their learning-rate schedules are at different places.

    Args:
        folder: the folder of the search.
        search: what is searched.
        trials: number of trials, with those that the folder contains.
        resources: where they run.

    Returns:
        A row per finished trial, sorted by trial: trial (from 1), sampled (see `SearchSpace.recipe`), epochs (number
        of trained ones), accuracy (0 to 1) and loss on the validation images after the last trained epoch (None
        without one), misclassified (number of them), stopped_early, error ("" if there was none).

    Raises:
        InputError: the folder contains another search, or another process writes to it; or there is no such cluster.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        record = _Record(folder, search, trials)
        if len(record.rows) < trials:
            _run_trials(folder, search, resources, record)
    return record.rows


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    lock = try_lock(folder / "lock")
    if lock is None:
        raise InputError(f"Another process is searching in {folder}. Wait for its end, or choose another folder.")
    with lock:
        yield


def _run_trials(folder: pathlib.Path, search: Search, resources: Resources, record: "_Record") -> None:
    # Without these, Ray catches Ctrl-C, writes logs and prints tables of its own.
    os.environ |= {"TUNE_DISABLE_SIGINT_HANDLER": "1", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1"}
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    cores = resources.workers * resources.threads if resources.workers else None
    try:
        with connected_ray(resources.cluster, cores) as ray:
            _check_resources(ray.cluster_resources(), resources)
            _tuner(folder, search, resources, record).fit()
    finally:
        shutil.rmtree(folder / _RAY_FOLDER, ignore_errors=True)


def _check_resources(available: Mapping[str, float], resources: Resources) -> None:
    needed = {"CPU": resources.threads, "GPU": int(resources.device == "gpu")}
    for kind, count in needed.items():
        if available.get(kind, 0) < count:
            raise InputError(
                f"A trial needs {count} {kind}. Received: {available.get(kind, 0):g} on the Ray cluster "
                f"{resources.cluster}. Lower --threads, or choose another --device or cluster."
            )


def _tuner(folder: pathlib.Path, search: Search, resources: Resources, record: "_Record") -> tune.Tuner:
    needed = {"cpu": resources.threads} | ({"gpu": 1} if resources.device == "gpu" else {})
    trainable = tune.with_parameters(_train_with_ray, search=search, resources=resources)
    return tune.Tuner(
        tune.with_resources(trainable, needed),
        tune_config=tune.TuneConfig(
            search_alg=_Searcher(search, record),
            scheduler=None if "epochs" in search.space.dimensions else _scheduler(search.recipe.epochs),
            num_samples=record.trials - len(record.rows),
            max_concurrent_trials=resources.workers,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(name=_RAY_FOLDER, storage_path=str(folder.absolute()), callbacks=[record], verbose=0),
    )


def _scheduler(epochs: int) -> ASHAScheduler:
    return _Halving(
        metric="objective",
        mode="min",
        max_t=epochs,
        grace_period=max(1, epochs // _REDUCTION**2),
        reduction_factor=_REDUCTION,
    )


class _Halving(ASHAScheduler):
    """ASHA that never stops trial 1, the recipe that the others are compared with."""

    def on_trial_result(self, controller, trial, result):
        action = super().on_trial_result(controller, trial, result)
        return action if trial.config["trial"] > 1 else TrialScheduler.CONTINUE


class _Searcher(OptunaSearch):
    """Proposes the recipe itself as trial 1, which may be outside of the space, and the other trials by Optuna."""

    def __init__(self, search: Search, record: "_Record"):
        space = {name: _distribution(dimension) for name, dimension in search.space.dimensions.items()}
        # The seed of a search that resumes is another one, or the same proposals would come again.
        super().__init__(space, metric="objective", mode="min", seed=search.seed + len(record.rows))
        self._first_id: str | None = None
        self._first_sample = search.space.sample_of(search.recipe)
        finished = {row["trial"] for row in record.rows}
        self._numbers = iter([number for number in range(1, record.trials + 1) if number not in finished])
        for row in record.rows:
            sample = row["sampled"] or self._first_sample
            if sample:
                self.add_evaluated_point(sample, objective(row))

    def suggest(self, trial_id):
        number = next(self._numbers)
        if number > 1:
            return {"trial": number, "sampled": super().suggest(trial_id)}
        self._first_id = trial_id
        return {"trial": number, "sampled": {}}

    def on_trial_result(self, trial_id, result):
        if trial_id != self._first_id:
            super().on_trial_result(trial_id, result)

    def on_trial_complete(self, trial_id, result=None, error=False):
        if trial_id != self._first_id:
            super().on_trial_complete(trial_id, result, error)
        elif result and self._first_sample:
            self.add_evaluated_point(self._first_sample, result["objective"])


def _distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    if dimension.kind == "choice":
        return optuna.distributions.CategoricalDistribution([repr(value) for value in dimension.values])
    if dimension.kind == "integer":
        return optuna.distributions.IntDistribution(*dimension.values)
    return optuna.distributions.FloatDistribution(*dimension.values, log=dimension.kind == "log")


class _Record(tune.Callback):
    """The finished trials of a search, in its folder."""

    def __init__(self, folder: pathlib.Path, search: Search, trials: int):
        self.trials, self._path, self._search = trials, folder / SEARCH_FILE, search
        self._settings = search.settings()
        self.rows = _read_trials(self._path, self._settings) if self._path.exists() else []

    def on_trial_complete(self, iteration, trials, trial, **info):
        error = trial.last_result.get("error", "")
        # The report of the error counts like that of an epoch.
        self._add(trial, trial.last_result["training_iteration"] - bool(error), error)

    def on_trial_error(self, iteration, trials, trial, **info):
        self._add(trial, trial.last_result.get("training_iteration", 0), "The process of the trial died.")

    def _add(self, trial: Any, epochs: int, error: str) -> None:
        sampled = trial.config["sampled"]
        all_epochs = self._search.space.recipe(self._search.recipe, sampled).epochs
        row = {"trial": trial.config["trial"], "sampled": sampled, "epochs": epochs}
        row |= {name: None if error else trial.last_result[name] for name in ("accuracy", "loss", "misclassified")}
        row |= {"stopped_early": not error and epochs < all_epochs, "error": error}
        self.rows = sorted([*self.rows, row], key=lambda each: each["trial"])
        write_json(self._path, {"settings": self._settings, "trials": self.rows})
        how = "stopped early" if row["stopped_early"] else "finished"
        result = f"failed: {error}" if error else f"{how}, validation accuracy {row['accuracy']:.2%}"
        progress = f"{len(self.rows)} of {self.trials}"
        print(f"[{progress}] trial {row['trial']}, {epochs} of {all_epochs} epochs: {result}", flush=True)


def _read_trials(path: pathlib.Path, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        content = read_json(path)
        difference, trials = first_difference(content["settings"], settings), content["trials"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not the record of a search: {error}. Move it away, or restore it.") from error
    if difference:
        raise InputError(
            f"{path.parent} already holds another search: {difference}. Choose another folder, or move this one."
        )
    return trials


def _train_with_ray(config: Mapping[str, Any], search: Search, resources: Resources) -> None:
    try:
        _set_up_process(resources.device, resources.threads)
        train_trial(search, config["sampled"], tune.report)
    except Exception as error:
        kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
        failure = {"error": f"{kind}{error}"}
        tune.report(failure | {"objective": objective(failure)})


# Once per process.
_set_up_process = functools.cache(set_up_device)
