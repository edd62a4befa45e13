"""predict_batch.py without Ray: its help, and one message for what it refuses."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "predict_batch.py"
SEVEN = pathlib.Path(__file__).parents[2] / "docs" / "seven.png"


def test_without_ray_one_message_says_what_to_install(tmp_path):
    code = (
        "import runpy, sys\n"
        "sys.modules['ray'] = None\n"
        "sys.argv = sys.argv[1:]\n"
        "sys.path.insert(0, sys.argv[0].rpartition('/')[0])\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    line = [sys.executable, "-c", code, SCRIPT, "cnn_robust", SEVEN, f"--output={tmp_path / 'out'}"]
    result = subprocess.run(line, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    message = "This needs Ray, which is not installed. Run: pip install -e '.[ray]'"
    assert result.stderr == f"predict_batch.py: {message}\n"
    assert not (tmp_path / "out").exists()


def test_help_imports_neither_ray_nor_pyarrow():
    code = (
        "import runpy, sys\n"
        "sys.argv = sys.argv[1:]\n"
        "sys.path.insert(0, sys.argv[0].rpartition('/')[0])\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "print(sorted({'ray', 'pyarrow', 'tensorflow', 'pandas'} & set(sys.modules)))\n"
    )
    line = [sys.executable, "-c", code, SCRIPT, "--help"]
    output = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "usage: python scripts/predict_batch.py [--flag=value ...] MODEL INPUT..." in output
    assert output.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cnn_rowboat", SEVEN], "There is no such file or folder: cnn_rowboat. Models known by their name"),
        (["cnn_robust", "nothing"], "There is no such file or folder: nothing."),
        (["cnn_robust", "unknown://x"], "unknown://x cannot be opened: Protocol not known: unknown."),
    ],
)
def test_invalid_input_ends_in_one_message_before_ray_starts(script, tmp_path, arguments, message):
    pytest.importorskip("ray")
    result = script("predict_batch", *arguments, "--output=out")
    assert result.returncode == 1
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
