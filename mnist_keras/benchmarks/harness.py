"""Measured in turn, A B A B, each side in a process of its own: machines drift, and libraries share no threads."""

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
    """One side of a comparison."""

    name: str
    # Called in the side's process; sets all up and returns what one turn calls.
    prepare: Callable[..., Callable[[], Any]]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Timings:
    """What the turns of one side took, in seconds a unit of work: wall time, and processor time over all threads."""

    wall: list[float]
    cpu: list[float]
    # Of the side's process, see `peak_memory`.
    peak_memory: int = 0

    def summary(self) -> dict[str, float]:
        """Medians and minima."""
        return {
            "wall_median": statistics.median(self.wall),
            "wall_min": min(self.wall),
            "cpu_median": statistics.median(self.cpu),
            "cpu_min": min(self.cpu),
            "peak_memory": self.peak_memory,
        }


def run_interleaved(sides: Sequence[Contender], turns: int, units: int = 1) -> dict[str, Timings]:
    """Lets each side do its work once, then all of them again, so many times; a turn before these is not counted.

    Args:
        sides: of different names.
        turns: of each side.
        units: of work in one turn, such as training steps; times are of one.

    Raises:
        InputError: a side failed.
    """
    context = multiprocessing.get_context("spawn")
    children, lines = [], []
    try:
        for side in sides:
            line, far_end = context.Pipe()
            child = context.Process(target=_serve, args=(far_end, side.prepare, dict(side.options)), daemon=True)
            child.start()
            far_end.close()
            children.append(child)
            lines.append(line)
        # One at a time also while they set up.
        for side, line in zip(sides, lines, strict=True):
            _ask(side, line)
        measured = [[_ask(side, line) for side, line in zip(sides, lines, strict=True)] for _ in range(turns)]
    finally:
        for child in children:
            child.kill()
            child.join()
    times = {}
    for side, answers in zip(sides, zip(*measured, strict=True), strict=True):
        walls, cpus, peaks = zip(*answers, strict=True)
        times[side.name] = Timings([wall / units for wall in walls], [cpu / units for cpu in cpus], max(peaks))
    return times


def ratio(one: Timings, other: Timings, kind: str = "wall") -> float:
    """How many times longer `other` takes: the median over the turns, each against its neighbour."""
    pairs = zip(getattr(one, kind), getattr(other, kind), strict=True)
    return statistics.median(theirs / ours for ours, theirs in pairs)


def _ask(side: Contender, line: Connection) -> tuple[float, float, int]:
    try:
        line.send("go")
        answer = line.recv()
    except (EOFError, OSError) as error:
        raise InputError(f"The benchmark's side {side.name} ended without an answer.") from error
    if isinstance(answer, str):
        raise InputError(f"The benchmark's side {side.name} failed: {answer}")
    return answer


def _serve(line: Connection, prepare: Callable[..., Callable[[], Any]], options: dict[str, Any]) -> None:
    silence_stderr()
    work = None
    while line.recv() == "go":
        try:
            work = work or prepare(**options)
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            line.send((time.perf_counter() - wall, time.process_time() - cpu, peak_memory()))
        except Exception as error:
            line.send(f"{type(error).__name__}: {error}")


_Answer = TypeVar("_Answer")


def run_in_subprocess(work: Callable[..., _Answer], *arguments: Any) -> _Answer:
    """What `work` answers in a new process, which shares no threads with this one, and nothing that it has compiled.

    Raises:
        InputError: the process died.
    """
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=silence_stderr) as pool:
        try:
            return pool.submit(work, *arguments).result()
        except concurrent.futures.process.BrokenProcessPool as error:
            told = ", ".join(map(str, arguments))
            raise InputError(f"The benchmark's process for {work.__name__.strip('_')} ({told}) died.") from error


def silence_stderr() -> None:
    """Drops what libraries print on stderr from now on: failures are told by the process that asked."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
