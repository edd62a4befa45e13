"""Files damaged at random; more of them by `python tests/damaged_files.py --files=5000`."""

import pathlib
import re
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "damaged_files.py"


@pytest.mark.slow
@pytest.mark.parametrize(("files", "arguments"), [(40, []), pytest.param(8, ["--kind=theirs"], marks=pytest.mark.long)])
def test_every_damaged_file_ends_in_a_prediction_or_a_message(files, arguments):
    command = [sys.executable, SCRIPT, f"--files={files}", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-3000:]
    damaged = re.search(r"(?m)^(\d+) damaged files, 0 of them", result.stdout)
    # Each kind has a whole number of them.
    assert damaged, result.stdout
    assert int(damaged[1]) >= 0.9 * files
