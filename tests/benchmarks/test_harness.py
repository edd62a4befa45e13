import os
import time

import pytest

from mnist_keras.benchmarks.harness import Contender, Timings, ratio, run_interleaved
from mnist_keras.errors import InputError


def sleep(seconds):
    return lambda: time.sleep(seconds)


def compute(seconds):
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


def fail():
    raise ValueError("no such thing")


def die():
    os._exit(3)


def allocate(size):
    return lambda: len(b"x" * size)


def test_contenders_alternate_in_processes_of_their_own(tmp_path):
    log = tmp_path / "log"
    contenders = [Contender(name, log_turns, dict(path=str(log), name=name)) for name in ("a", "b")]
    timings = run_interleaved(contenders, turns=2)
    lines = log.read_text().split()
    # The first turn of each is not counted.
    assert [line[0] for line in lines] == ["a", "b"] * 3
    assert len({line[1:] for line in lines} | {str(os.getpid())}) == 3
    assert [len(timings[name].wall) for name in ("a", "b")] == [2, 2]


def test_timings_have_the_peak_memory_of_each_process():
    contenders = [Contender("little", allocate, dict(size=0)), Contender("much", allocate, dict(size=300_000_000))]
    timings = run_interleaved(contenders, turns=1)
    assert timings["little"].peak_memory < timings["much"].peak_memory - 200_000_000


def test_wall_time_and_cpu_time_are_per_unit_of_work():
    contenders = [Contender("sleeps", sleep, dict(seconds=0.2)), Contender("computes", compute, dict(seconds=0.2))]
    timings = run_interleaved(contenders, turns=1, units=2)
    assert timings["sleeps"].wall[0] >= 0.1 > 10 * timings["sleeps"].cpu[0]
    assert timings["computes"].cpu[0] >= 0.1


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (fail, "The benchmark's contender other failed: ValueError: no such thing"),
        (die, "The process of the benchmark's contender other died in its turn"),
    ],
)
def test_an_error_names_the_contender(prepare, message):
    with pytest.raises(InputError, match=message):
        run_interleaved([Contender("ours", sleep, dict(seconds=0)), Contender("other", prepare)], turns=1)


def test_a_ratio_is_the_median_over_pairs_of_neighboring_turns():
    # The machine was busy in the third turn of both.
    ours, theirs = Timings([1.0, 1.0, 9.0], [1.0, 1.0, 1.0]), Timings([2.0, 2.2, 19.0], [4.0, 4.0, 4.0])
    assert ratio(ours, theirs) == pytest.approx(19 / 9)
    assert ratio(ours, theirs, "cpu") == 4
