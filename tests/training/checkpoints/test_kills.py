"""Real processes, killed for real; more of them by `python tests/kill_and_resume.py --kills=100`."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "kill_and_resume.py"


@pytest.mark.slow
def test_a_run_killed_twice_ends_like_an_uninterrupted_run():
    result = subprocess.run([sys.executable, SCRIPT, "--kills=2"], capture_output=True, text=True, check=False)
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.count("kill ") == 2
