import os

import pytest

from mnist_keras.benchmarks.harness import run_in_subprocess
from mnist_keras.errors import InputError


def refuse(what):
    raise InputError(f"no {what}")


def test_a_function_runs_in_another_process():
    assert run_in_subprocess(os.getpid) != os.getpid()
    assert run_in_subprocess(divmod, 7, 2) == (3, 1)


def test_an_error_in_the_process_is_raised():
    with pytest.raises(InputError, match="no bread"):
        run_in_subprocess(refuse, "bread")


def test_a_process_that_dies_is_an_error():
    with pytest.raises(InputError, match=r"The benchmark's process for exit\(3\) died"):
        run_in_subprocess(os._exit, 3)
