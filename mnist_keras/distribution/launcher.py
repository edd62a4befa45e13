"""Starts several workers on one machine, prints their output, and restarts all of them after a failure."""

import json
import math
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from mnist_keras.distribution.preemption import StopRequest
from mnist_keras.errors import EXIT_TRY_AGAIN

# Seconds that a worker has to save and end after SIGTERM.
_SECONDS_TO_SAVE = 60
# Seconds that the other workers have to print their error after one has failed.
_SECONDS_TO_REPORT = 2


def launch(command: Sequence[str], workers: int, max_restarts: int = 3) -> int:
    """Runs `command` in one process per worker, each with its own TF_CONFIG, until all succeed.

    If a worker is killed by a signal or has lost another worker, all workers are ended and started again, and resume
    from the latest checkpoint. After any other exit status they are not started again. Ctrl-C and SIGTERM are passed on
    to the workers.

    Args:
        command: the command line of all workers. It must resume if it is repeated.
        workers: number of workers, at least 1.
        max_restarts: maximum number of restarts.

    Returns:
        The exit status: 0, or the status of the worker that failed first.
    """
    with StopRequest() as stop:
        for restart in range(max_restarts + 1):
            group = [_Worker(command, config) for config in _tf_configs(workers)]
            try:
                status = _wait(group, stop)
            finally:
                for worker in group:
                    worker.end()
            if status == 0 or stop.received or not (status < 0 or status == EXIT_TRY_AGAIN):
                break
            if restart < max_restarts:
                _say(f"a worker has failed ({_name(status)}): restarting all, {restart + 1} of {max_restarts}")
            else:
                _say(f"a worker has failed ({_name(status)}), and all were restarted {max_restarts} times")
    return status if status >= 0 else 128 - status


class _Worker:
    """A worker process, and a thread that prints its output with the worker's number."""

    def __init__(self, command: Sequence[str], config: Mapping):
        self._number = config["task"]["index"]
        environment = os.environ | {"TF_CONFIG": json.dumps(config), "PYTHONUNBUFFERED": "1"}
        # A new session: otherwise Ctrl-C would reach the worker twice.
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        _say(f"worker {self._number} is process {self.process.pid}")
        self._printer = threading.Thread(target=self._print, daemon=True)
        self._printer.start()

    def end(self) -> None:
        """Kills the process if it is running, and prints the rest of its output."""
        self.process.kill()
        self.process.wait()
        self._printer.join(timeout=_SECONDS_TO_REPORT)

    def _print(self) -> None:
        for line in self.process.stdout or ():
            print(f"[worker {self._number}] {line}", end="", flush=True)


def _wait(group: Sequence[_Worker], stop: StopRequest) -> int:
    """Waits until all workers have ended, or one has failed, and returns the first exit status that is not 0."""
    failed, deadline = 0, math.inf
    while time.monotonic() < deadline:
        statuses = [worker.process.poll() for worker in group]
        # A negative status (a signal) is the cause if other workers have failed by now as well.
        failed = failed or min(filter(None, statuses), default=0)
        if None not in statuses:
            return failed
        if stop.received and deadline == math.inf:
            deadline = time.monotonic() + _SECONDS_TO_SAVE
            for worker in group:
                worker.process.send_signal(signal.SIGTERM)
        elif failed:
            deadline = min(deadline, time.monotonic() + _SECONDS_TO_REPORT)
        time.sleep(0.1)
    return failed or -signal.SIGKILL


def _tf_configs(workers: int) -> list[dict]:
    sockets = [socket.socket() for _ in range(workers)]
    for free in sockets:
        free.bind(("localhost", 0))
    addresses = [f"localhost:{free.getsockname()[1]}" for free in sockets]
    for free in sockets:
        free.close()
    cluster = {"worker": addresses}
    return [{"cluster": cluster, "task": {"type": "worker", "index": index}} for index in range(workers)]


def _name(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _say(text: str) -> None:
    print(f"[launch] {text}", flush=True)
