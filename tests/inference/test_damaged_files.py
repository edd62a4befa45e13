"""Files damaged at random; more of them by `python tests/damaged_files.py --files=5000`."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "damaged_files.py"


@pytest.mark.slow
def test_every_damaged_file_ends_in_a_prediction_or_a_message():
    result = subprocess.run([sys.executable, SCRIPT, "--files=40"], capture_output=True, text=True, check=False)
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-3000:]
    assert "40 damaged files, 0 of them" in result.stdout
