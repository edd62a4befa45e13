"""Interleaved timing (A B A B) of several contenders, each in a process of its own.

Interleaving spreads a machine's changes of speed over all contenders. A process of its own shares no threads with
another library.
"""

import concurrent.futures
import dataclasses
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from mnist_keras.distribution.machine import peak_memory
from mnist_keras.errors import InputError


@dataclasses.dataclass(frozen=True)
class Contender:
    """One of the programs that a benchmark compares."""

    name: str
    #: Runs once in the contender's process: sets everything up and returns the function that one turn calls.
    prepare: Callable[..., Callable[[], Any]]
    #: Keyword arguments of `prepare`.
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Timings:
    """Times of one contender's turns in seconds per unit of work: wall time, and CPU time summed over all threads."""

    wall: list[float]
    cpu: list[float]
    #: Peak memory of the contender's process in bytes, see `peak_memory`.
    peak_memory: int = 0

    def summary(self) -> dict[str, float]:
        """Returns medians and minima of both times, and the peak memory."""
        return {
            "wall_median": statistics.median(self.wall),
            "wall_min": min(self.wall),
            "cpu_median": statistics.median(self.cpu),
            "cpu_min": min(self.cpu),
            "peak_memory": self.peak_memory,
        }


def run_interleaved(contenders: Sequence[Contender], turns: int, units: int = 1) -> dict[str, Timings]:
    """Times the contenders in turn and returns their timings by name. Each contender's first turn is not counted.

    Args:
        contenders: with different names.
        turns: number of counted turns of each contender.
        units: units of work per turn, such as training steps; the times are per unit.

    Raises:
        InputError: a contender raised an error or its process died.
    """
    context = multiprocessing.get_context("spawn")
    processes, connections = [], []
    try:
        for contender in contenders:
            connection, child_end = context.Pipe()
            arguments = (child_end, contender.prepare, dict(contender.options))
            process = context.Process(target=_serve_turns, args=arguments, daemon=True)
            process.start()
            child_end.close()
            processes.append(process)
            connections.append(connection)
        pairs = list(zip(contenders, connections, strict=True))
        # The turn that is not counted includes the setup.
        for contender, connection in pairs:
            _run_turn(contender, connection)
        measured = [[_run_turn(contender, connection) for contender, connection in pairs] for _ in range(turns)]
    finally:
        for process in processes:
            process.kill()
            process.join()
    timings = {}
    for contender, own in zip(contenders, zip(*measured, strict=True), strict=True):
        walls, cpus, peaks = zip(*own, strict=True)
        timings[contender.name] = Timings([wall / units for wall in walls], [cpu / units for cpu in cpus], max(peaks))
    return timings


def ratio(reference: Timings, other: Timings, kind: str = "wall") -> float:
    """Returns the median, over pairs of neighboring turns, of `other`'s time divided by `reference`'s time.

    Args:
        reference: the denominator.
        other: the numerator.
        kind: "wall" or "cpu".
    """
    pairs = zip(getattr(reference, kind), getattr(other, kind), strict=True)
    return statistics.median(numerator / denominator for denominator, numerator in pairs)


def _run_turn(contender: Contender, connection: Connection) -> tuple[float, float, int]:
    try:
        connection.send("turn")
        result = connection.recv()
    except (EOFError, OSError) as error:
        raise InputError(f"The process of the benchmark's contender {contender.name} died in its turn.") from error
    if isinstance(result, str):
        raise InputError(f"The benchmark's contender {contender.name} failed: {result}")
    return result


def _serve_turns(connection: Connection, prepare: Callable[..., Callable[[], Any]], options: dict[str, Any]) -> None:
    """Answers each request with wall time, CPU time and peak memory of one turn, or with an error's text."""
    silence_stderr()
    work = None
    while connection.recv() == "turn":
        try:
            work = work or prepare(**options)
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            connection.send((time.perf_counter() - wall, time.process_time() - cpu, peak_memory()))
        except Exception as error:
            connection.send(f"{type(error).__name__}: {error}")


_Result = TypeVar("_Result")


def run_in_subprocess(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Returns `function(*arguments)`, computed in a new process that shares no threads or compiled code with this one.

    Raises:
        InputError: the process died.
    """
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=silence_stderr) as pool:
        try:
            return pool.submit(function, *arguments).result()
        except concurrent.futures.process.BrokenProcessPool as error:
            call = f"{function.__name__.strip('_')}({', '.join(map(str, arguments))})"
            raise InputError(f"The benchmark's process for {call} died.") from error


def silence_stderr() -> None:
    """Discards everything that this process writes to stderr from now on, native libraries included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
