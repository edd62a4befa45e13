"""Finds out which of several workers this process is, from TF_CONFIG. Must not import TensorFlow.

All workers have the same cluster, and each has its own task:

    {"cluster": {"worker": ["first.host:2222", "second.host:2222"]}, "task": {"type": "worker", "index": 0}}

TFJob adds "environment": "cloud", which is ignored. A chief counts as the first worker.
"""

import dataclasses
import json
import os

from mnist_keras.errors import InputError

# More threads exhaust the memory of most machines.
MAX_THREADS, MAX_DEVICES = 1024, 64
STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker")


@dataclasses.dataclass(frozen=True)
class Worker:
    """One of the processes that train a model together."""

    # Counted from 0.
    index: int
    # Number of workers.
    count: int

    @property
    def is_chief(self) -> bool:
        """Whether this worker prints and writes for all."""
        return self.index == 0


def current_worker(strategy: str) -> Worker | None:
    """Returns the worker that this process is; None if it trains alone.

    Args:
        strategy: name of a strategy. "auto" means "multi_worker" if TF_CONFIG names more than one worker.

    Raises:
        InputError: TF_CONFIG is missing or invalid, or has parameter servers or an evaluator.
    """
    config = os.environ.get("TF_CONFIG")
    if strategy not in ("auto", "multi_worker") or (strategy == "auto" and not config):
        return None
    if not config:
        raise InputError(
            "multi_worker needs the variable TF_CONFIG, which names all workers and which of them this is. "
            "Received: no TF_CONFIG. scripts/launch.py sets it for workers on one machine."
        )
    try:
        settings = json.loads(config)
        cluster, task = settings.get("cluster", {}), settings.get("task", {})
        others = sorted({*cluster, task["type"]} - {"chief", "worker"})
        if others:
            raise InputError(
                "The workers train without parameter servers, and the chief evaluates: TF_CONFIG may have a chief and "
                f"workers alone. Received: {', '.join(map(str, others))}. Remove these replicas from the job."
            )
        chiefs, workers = list(cluster.get("chief", [])), list(cluster.get("worker", []))
        index, count = int(task["index"]) + (task["type"] == "worker") * len(chiefs), len(chiefs) + len(workers)
        if not 0 <= index < count:
            raise ValueError(f"no worker of the cluster is this task: {task}")
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(
            f'TF_CONFIG must be like {{"cluster": {{"worker": ["host:port", ...]}}, "task": {{"type": "worker", '
            f'"index": 0}}}}. Received: TF_CONFIG={config[:500]!r} ({type(error).__name__}: {error})'
        ) from error
    return Worker(index, count) if count > 1 or strategy == "multi_worker" else None
