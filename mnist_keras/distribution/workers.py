"""Which of several workers this process is, by the variable TF_CONFIG. Imports no TensorFlow.

Every worker has the same cluster and its own task, as schedulers set it:

    {"cluster": {"worker": ["first.host:2222", "second.host:2222"]}, "task": {"type": "worker", "index": 0}}
"""

import dataclasses
import json
import os

from mnist_keras.errors import InputError

STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker")


@dataclasses.dataclass(frozen=True)
class Worker:
    """One of the processes that train a model together."""

    # From 0.
    index: int
    # How many there are.
    count: int

    @property
    def is_chief(self) -> bool:
        """Whether it is the one that prints and writes for all."""
        return self.index == 0


def current_worker(strategy: str) -> Worker | None:
    """The worker that this process is under that strategy; None where it trains alone.

    Args:
        strategy: "multi_worker", or "auto", which is the same where TF_CONFIG names more than one worker.

    Raises:
        InputError: TF_CONFIG is missing or wrong.
    """
    config = os.environ.get("TF_CONFIG")
    if strategy not in ("auto", "multi_worker") or (strategy == "auto" and not config):
        return None
    if not config:
        raise InputError(
            "multi_worker needs the variable TF_CONFIG, which names all workers and which of them this is. "
            "scripts/launch.py sets it for workers on one machine."
        )
    try:
        settings = json.loads(config)
        cluster, task = settings.get("cluster", {}), settings.get("task", {})
        chiefs, workers = list(cluster.get("chief", [])), list(cluster.get("worker", []))
        index, count = int(task["index"]) + (task["type"] == "worker") * len(chiefs), len(chiefs) + len(workers)
        if task["type"] not in ("chief", "worker") or not 0 <= index < count:
            raise ValueError(f"no worker of the cluster is this task: {task}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f'TF_CONFIG must be like {{"cluster": {{"worker": ["host:port", ...]}}, "task": {{"type": "worker", '
            f'"index": 0}}}}. Received: TF_CONFIG={config!r} ({type(error).__name__}: {error})'
        ) from error
    return Worker(index, count) if count > 1 or strategy == "multi_worker" else None
