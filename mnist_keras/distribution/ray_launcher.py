"""Starts several workers on a Ray cluster by Ray Train, prints their output, and lets Ray restart them."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.distribution.ray_cluster import connected_ray
from mnist_keras.errors import EXIT_TRY_AGAIN, InputError

# Seconds that a worker has to save and end after SIGTERM.
_SECONDS_TO_SAVE = 60
# A worker that has lost another one waits so long for the other's status, which may forbid a restart.
_SECONDS_TO_REPORT = 2
# Of linux/prctl.h.
_PR_SET_PDEATHSIG = 1
# Ray sets them for training inside its own process: another version of Keras, one thread per core for OpenMP.
_RAYS_VARIABLES = ("TF_USE_LEGACY_KERAS", "OMP_NUM_THREADS")


def launch_with_ray(command: Sequence[str], workers: int, max_restarts: int, cluster: str, cores: int = 1) -> int:
    """Runs `command` once per worker of a Ray cluster, with the TF_CONFIG that Ray Train sets, until all succeed.

    If a worker or its process is killed, or it has lost another worker, Ray Train starts all again, and they resume
    from the latest checkpoint. After any other exit status they are not started again. Ctrl-C and SIGTERM are passed
    on to the workers. The machines share the current folder.

    Args:
        command: the command line of all workers. It must resume if it is repeated.
        workers: number of workers, at least 1.
        max_restarts: maximum number of restarts.
        cluster: "local" starts Ray on this machine alone; "auto" and addresses connect to a cluster.
        cores: number of cores that a worker occupies.

    Returns:
        The exit status: 0, that of a worker that failed, or 75 if the workers were stopped.

    Raises:
        InputError: there is no such cluster, it has too few cores, or Ray Train fails itself.
    """
    os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
    folder = os.getcwd()
    with (
        StopRequest() as stop,
        tempfile.TemporaryDirectory(prefix=".ray-", dir=folder, ignore_cleanup_errors=True) as storage,
        connected_ray(cluster, workers * cores) as ray,
    ):
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.tensorflow import TensorflowTrainer

        offered = ray.cluster_resources()
        if offered.get("CPU", 0) < workers * cores:
            raise InputError(
                f"The Ray cluster has too few cores. Expected: {workers} workers with {cores} cores each. "
                f"Received: {offered.get('CPU', 0):.0f} cores. Use fewer --workers or --threads."
            )
        console = ray.remote(num_cpus=0)(_Console).remote(max_restarts)
        trainer = TensorflowTrainer(
            _work,
            train_loop_config={"command": list(command), "folder": folder, "console": console},
            scaling_config=ScalingConfig(
                num_workers=workers,
                resources_per_worker={"CPU": cores},
                use_gpu=offered.get("GPU", 0) >= workers,
            ),
            run_config=RunConfig(
                name="workers", storage_path=storage, failure_config=FailureConfig(max_failures=max_restarts)
            ),
        )
        error = _print_until_the_end(trainer.fit, console, stop, ray.get)
        status = ray.get(console.final_status.remote())
        if stop.received:
            return status or (EXIT_TRY_AGAIN if error else 0)
        if error and not isinstance(error, ray.train.WorkerGroupError):
            raise InputError(f"Ray Train cannot run the workers: {str(error).strip().splitlines()[-1]}") from error
        return status or (EXIT_TRY_AGAIN if error else 0)


class _Console:
    """An actor of Ray that receives the output and the exit statuses of all workers."""

    def __init__(self, max_restarts: int):
        self._max_restarts = max_restarts
        self._starts = 0
        self._lines: list[str] = []
        self._stop = False
        self._failed = 0
        self._last = 0

    def start(self, rank: int, process: int, host: str) -> None:
        """Reports the process of a worker."""
        if rank == 0:
            if self._starts:
                self._lines.append(f"[launch] restarting all, {self._starts} of {self._max_restarts}\n")
            self._starts += 1
            self._last = 0
        self._lines.append(f"[launch] worker {rank} is process {process} on {host}\n")

    def report(self, rank: int, lines: Sequence[str], status: int = 0) -> bool:
        """Takes lines of a worker and its exit status, and returns whether the worker must end."""
        self._lines += [f"[worker {rank}] {line}" for line in lines]
        if status:
            self._last = self._last or status
            if not _may_restart(status):
                self._failed, self._stop = self._failed or status, True
            self._lines.append(f"[launch] worker {rank} has failed ({_name(status)})\n")
        return self._stop

    def take(self) -> list[str]:
        """Returns the lines since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def stop(self) -> None:
        """Lets all workers end."""
        self._stop = True

    def final_status(self) -> int:
        """Returns the exit status that ended the job; 0 if all workers succeeded, or died without one."""
        status = self._failed or self._last
        return status if status >= 0 else 128 - status


def _work(config: Mapping[str, Any]) -> None:
    """Runs the command of a worker of Ray Train. Raises RuntimeError if all workers shall be started again."""
    import ray

    console, rank = config["console"], ray.train.get_context().get_world_rank()
    # A process of its own: train.py sets up TensorFlow's threads, handles signals and may exit at any point.
    process = subprocess.Popen(
        config["command"],
        cwd=config["folder"],
        env={name: value for name, value in os.environ.items() if name not in _RAYS_VARIABLES}
        | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=_end_with_parent(),
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()

    def report(status: int = 0) -> bool:
        count = len(lines)
        new = lines[:count]
        del lines[:count]
        return ray.get(console.report.remote(rank, new, status))

    ray.get(console.start.remote(rank, process.pid, socket.gethostname()))
    deadline = None
    while process.poll() is None:
        if report() and deadline is None:
            process.terminate()
            deadline = time.monotonic() + _SECONDS_TO_SAVE
        if deadline is not None and time.monotonic() > deadline:
            process.kill()
        time.sleep(0.1)
    reader.join(timeout=_SECONDS_TO_REPORT)
    status = process.returncode
    ended = report(status)
    if status and not ended:
        time.sleep(_SECONDS_TO_REPORT)
        if not report():
            raise RuntimeError(f"the process of worker {rank} has ended with {_name(status)}")


def _end_with_parent() -> Callable[[], None] | None:
    """Returns what a new process calls to be killed when the worker of Ray dies; None where Linux is missing."""
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return None


def _print_until_the_end(
    fit: Callable[[], object], console: Any, stop: StopRequest, get: Callable[[Any], Any]
) -> Exception | None:
    """Prints the workers' output while `fit` runs in a thread, and returns its exception."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            fit()
        except Exception as error:
            errors.append(error)

    # In the main thread Ray Train would replace the handler of SIGINT.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    deadline = None
    while thread.is_alive():
        thread.join(0.2)
        print(*get(console.take.remote()), sep="", end="", flush=True)
        if stop.received and deadline is None:
            get(console.stop.remote())
            deadline = time.monotonic() + _SECONDS_TO_SAVE + _SECONDS_TO_REPORT
        if deadline is not None and time.monotonic() > deadline:
            errors.append(TimeoutError("the workers did not end"))
            break
    print(*get(console.take.remote()), sep="", end="", flush=True)
    return errors[0] if errors else None


def _may_restart(status: int) -> bool:
    return status < 0 or status == EXIT_TRY_AGAIN


def _name(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
