"""Trains the runs of a study as tasks of a Ray cluster, several at a time."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.distribution.ray_cluster import connected_ray
from mnist_keras.errors import InputError, TrainingStopped, WorkerLost
from mnist_keras.experiments.run_folder import read_run, unfinished_folder
from mnist_keras.experiments.study_runs import StudyRun
from mnist_keras.training.settings import TrainingOptions

# How often a run resumes after its process was stopped, or its process or machine was lost.
_MAX_RETRIES = 10
_SECONDS_BETWEEN_CHECKS = 0.5
# Seconds that the runs have to write a checkpoint when the study is stopped.
_SECONDS_TO_SAVE = 60.0


@dataclasses.dataclass(frozen=True)
class RayStudy:
    """Trains runs on a Ray cluster: a `TrainAll` for `run_study`.

    Each run is a task in a process of its own. If the process is stopped, or it or its machine is lost, Ray starts the
    task again, which resumes the run from its latest checkpoint. The folder of the study must be on all machines, at
    the same path.
    """

    #: "local" starts Ray on this machine alone; "auto" and addresses connect to a cluster.
    cluster: str
    #: Number of runs at a time on "local"; None: as many as the cores allow.
    workers: int | None = None
    #: Number of threads of a run, which are the cores that it gets.
    threads: int = 1
    #: "cpu", "gpu" or "auto", see `set_up_device`. Each run gets one GPU if the cluster has any, unless it is "cpu".
    device: str = "auto"
    #: See `set_up_device`.
    logical_devices: int = 1

    def __call__(self, runs: Sequence[StudyRun], digits: Digits, options: TrainingOptions) -> list[str]:
        """Trains the runs that are not complete. Returns one line per run that failed.

        Raises:
            InputError: there is no such cluster, or no machine of it has enough cores.
            TrainingStopped: after Ctrl-C or SIGTERM.
        """
        cores = self.workers and self.workers * self.threads
        left = {}
        for number, run in enumerate(runs, start=1):
            if run.folder.exists():
                print(f"[{number}/{len(runs)}] {run}: complete", flush=True)
            else:
                left[number] = run
        if not left:
            return []
        with connected_ray(self.cluster, cores) as ray, StopRequest() as stop:
            task = self._as_task(ray)
            shared = ray.put(digits)
            quiet = dataclasses.replace(options, verbose=False)
            # The folder as an absolute path: a task has a current folder of its own.
            jobs = {
                task.remote(run._replace(folder=run.folder.resolve()), shared, quiet, self): (number, run)
                for number, run in left.items()
            }
            print(f"runs as tasks of Ray: {len(jobs)}; cores of each: {self.threads}", flush=True)
            failures = []
            begun: set[int] = set()
            while jobs and not stop.received:
                for number, run in jobs.values():
                    if number not in begun and unfinished_folder(run.folder).exists():
                        begun.add(number)
                        print(f"[{number}/{len(runs)}] {run}: training", flush=True)
                for job in ray.wait(list(jobs), timeout=_SECONDS_BETWEEN_CHECKS)[0]:
                    number, run = jobs.pop(job)
                    failure = _result_of(ray, job)
                    if failure:
                        failures.append(f"{run}: {failure}")
                    outcome = failure or f"test accuracy {100 * read_run(run.folder)[1]['accuracy']:.2f} %"
                    print(f"[{number}/{len(runs)}] {run}: {outcome}", flush=True)
            if jobs:
                for job in jobs:
                    ray.cancel(job)
                ray.wait(list(jobs), num_returns=len(jobs), timeout=_SECONDS_TO_SAVE)
                raise TrainingStopped(f"stopped with {len(jobs)} runs left. The same command resumes the study.")
        return failures

    def _as_task(self, ray: Any) -> Any:
        resources = ray.cluster_resources()
        gpus = 1 if self.device != "cpu" and resources.get("GPU") else 0
        largest = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0)
        if largest < self.threads:
            raise InputError(
                f"No machine of the Ray cluster {self.cluster} has enough cores. Expected: --threads={self.threads} of "
                f"them. Received: at most {largest:g}. Lower --threads."
            )
        # max_calls: TensorFlow's threads and devices can be chosen once per process.
        options = {"num_cpus": self.threads, "num_gpus": gpus, "max_calls": 1}
        return ray.remote(max_retries=_MAX_RETRIES, retry_exceptions=[WorkerLost], **options)(_train)


def _train(run: StudyRun, digits: Digits, options: TrainingOptions, study: RayStudy) -> str:
    """Trains a run in a process of Ray. Returns why it failed; "" if it did not."""
    from mnist_keras.distribution.strategy import set_up_device
    from mnist_keras.experiments.train_run import train_run
    from mnist_keras.experiments.turns import take_turn

    set_up_device(study.device, study.threads, study.logical_devices)
    try:
        with take_turn(run.folder, wait=True):
            train_run(run.folder, run.recipe, digits, run.seed, options)
    except (InputError, OSError) as error:
        return str(error)
    except TrainingStopped as stop:
        # SIGTERM, as on a machine that is taken away. Ray would take a KeyboardInterrupt for a cancelled task.
        raise WorkerLost(str(stop)) from None
    return ""


def _result_of(ray: Any, job: Any) -> str:
    try:
        return ray.get(job)
    except ray.exceptions.RayError as error:
        return f"its process was lost: {str(error).strip().splitlines()[-1]}"
