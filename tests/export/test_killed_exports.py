"""Exports killed by SIGKILL. `python tests/kill_and_export.py --kills=50` kills more of them."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "kill_and_export.py"


@pytest.mark.slow
@pytest.mark.long
def test_a_killed_export_leaves_the_old_or_the_new_export_complete():
    result = subprocess.run([sys.executable, SCRIPT, "--kills=2"], capture_output=True, text=True, check=False)
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.count("export is complete") == 2
