import os
import time

import pytest

from mnist_keras.benchmarks.harness import Contender, Timings, ratio, run_interleaved
from mnist_keras.errors import InputError


def sleeper(seconds):
    return lambda: time.sleep(seconds)


def busy(seconds):
    def work():
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    return work


def log_turns(path, name):
    def work():
        with open(path, "a") as file:
            file.write(f"{name}{os.getpid()}\n")

    return work


def broken():
    raise ValueError("no such thing")


def dead():
    os._exit(3)


def test_sides_take_turns_in_processes_of_their_own(tmp_path):
    log = tmp_path / "log"
    sides = [Contender(name, log_turns, dict(path=str(log), name=name)) for name in ("a", "b")]
    times = run_interleaved(sides, turns=2)
    lines = log.read_text().split()
    # One turn of each is not counted.
    assert [line[0] for line in lines] == ["a", "b"] * 3
    assert len({line[1:] for line in lines} | {str(os.getpid())}) == 3
    assert [len(times[name].wall) for name in ("a", "b")] == [2, 2]


def large(size):
    return lambda: len(b"x" * size)


def test_the_most_memory_that_a_side_held_is_told():
    sides = [Contender("little", large, dict(size=0)), Contender("much", large, dict(size=300_000_000))]
    times = run_interleaved(sides, turns=1)
    assert times["little"].peak_memory < times["much"].peak_memory - 200_000_000


def test_wall_and_processor_time_are_told_apart():
    sides = [Contender("sleeps", sleeper, dict(seconds=0.2)), Contender("works", busy, dict(seconds=0.2))]
    times = run_interleaved(sides, turns=1, units=2)
    assert times["sleeps"].wall[0] >= 0.1 > 10 * times["sleeps"].cpu[0]
    assert times["works"].cpu[0] >= 0.1


@pytest.mark.parametrize(("work", "message"), [(broken, "failed: ValueError: no such thing"), (dead, "ended without")])
def test_a_side_that_fails_is_named(work, message):
    with pytest.raises(InputError, match=f"The benchmark's side other {message}"):
        run_interleaved([Contender("ours", sleeper, dict(seconds=0)), Contender("other", work)], turns=1)


def test_a_ratio_is_the_median_over_neighbours():
    # The machine was busy at the third turn of both.
    ours, theirs = Timings([1.0, 1.0, 9.0], [1.0, 1.0, 1.0]), Timings([2.0, 2.2, 19.0], [4.0, 4.0, 4.0])
    assert ratio(ours, theirs) == pytest.approx(19 / 9)
    assert ratio(ours, theirs, "cpu") == 4
