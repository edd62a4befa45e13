"""Several workers on one machine: starts them, streams what they print, restarts all of them after a failure."""

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

# Seconds for a worker to save and end when it is asked to, and to say why it failed when another did.
_TIME_TO_SAVE = 60
_TIME_TO_SPEAK = 2


def launch(command: Sequence[str], workers: int, max_restarts: int = 3) -> int:
    """Runs `command` once a worker, each with a TF_CONFIG of its own, until all succeed.

    When one fails by a signal, or because it lost another, all are ended and started again: they go on from
    the last checkpoint. A worker that ends with another status would do so again. Ctrl-C and SIGTERM are
    passed on to the workers.

    Args:
        command: the same for all workers; it must be able to go on where it was killed.
        workers: how many, 1 or more.
        max_restarts: how often to start all of them again.

    Returns:
        Exit status: 0, or that of the worker that failed first.
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
                _say(f"a worker has failed ({_name(status)}): starting all again, {restart + 1} of {max_restarts}")
            else:
                _say(f"a worker has failed ({_name(status)}), and all were started again {max_restarts} times")
    return status if status >= 0 else 128 - status


class _Worker:
    """One process, and a thread that prints its lines behind its number."""

    def __init__(self, command: Sequence[str], config: Mapping):
        self._number = config["task"]["index"]
        environment = os.environ | {"TF_CONFIG": json.dumps(config), "PYTHONUNBUFFERED": "1"}
        # In a session of its own, for Ctrl-C would reach it twice.
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
        """Kills the process if it is there still, and prints the rest of its lines."""
        self.process.kill()
        self.process.wait()
        self._printer.join(timeout=_TIME_TO_SPEAK)

    def _print(self) -> None:
        for line in self.process.stdout or ():
            print(f"[worker {self._number}] {line}", end="", flush=True)


def _wait(group: Sequence[_Worker], stop: StopRequest) -> int:
    """Waits until all have ended, or one has failed and the others had time to say so; the first bad status."""
    failed, deadline = 0, math.inf
    while time.monotonic() < deadline:
        statuses = [worker.process.poll() for worker in group]
        # A signal comes before what it did to the others, should both be there by now.
        failed = failed or min(filter(None, statuses), default=0)
        if None not in statuses:
            return failed
        if stop.received and deadline == math.inf:
            deadline = time.monotonic() + _TIME_TO_SAVE
            for worker in group:
                worker.process.send_signal(signal.SIGTERM)
        elif failed:
            deadline = min(deadline, time.monotonic() + _TIME_TO_SPEAK)
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
