"""Real exports, killed for real; more of them by `python tests/kill_and_export.py --kills=50`."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "kill_and_export.py"


@pytest.mark.slow
@pytest.mark.long
def test_a_killed_export_leaves_the_old_one_or_the_new_one():
    result = subprocess.run([sys.executable, SCRIPT, "--kills=2"], capture_output=True, text=True, check=False)
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.count("export stands, whole") == 2
