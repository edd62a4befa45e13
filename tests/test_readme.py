"""What the README shows is what happens."""

import pathlib
import re
import subprocess
import sys

from mnist_keras.recipes import RECIPES

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


# Recipes that no one else has published.
OURS = ("cnn_robust", "compact_1k", "compact_6k", "compact_10k", "accurate", "ensemble", "distilled")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_runs_in_order(tmp_path):
    code = "\n".join(blocks("python"))
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "accuracy           " in result.stdout
    lines = result.stdout.splitlines()
    # Twice: after training, and by the exported file.
    assert any(line.startswith("epoch 3/3") for line in lines)
    assert lines[-1].endswith("]")


def test_every_script_and_flag_exists():
    lines = "\n".join(blocks("bash")).replace("\\\n", "").splitlines()
    commands = [line for line in lines if line.startswith("python scripts/")]
    assert len(commands) > 5
    for command in commands:
        # What launch.py passes on stands behind a "--".
        for part in command.removeprefix("python ").replace(" -- ", "\nscripts/train.py ").splitlines():
            script, *arguments = part.split()
            assert (ROOT / script).is_file(), command
            known = subprocess.run(
                [sys.executable, ROOT / script, "--help"], capture_output=True, text=True, check=True
            )
            for argument in arguments:
                if argument.startswith("--"):
                    name = argument.removeprefix("--").removeprefix("no").split("=")[0]
                    assert f"--{name}" in known.stdout or f"--[no]{name}" in known.stdout, command


def test_the_results_are_the_measured_ones():
    measured = []
    for study in ("published", "stack"):
        table, *finding = (ROOT / "docs" / "results" / study / "table.md").read_text().strip().split("\n\n")
        assert table in README
        assert all(" ".join(text.split()) in " ".join(README.split()) for text in finding)
        measured += re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert measured == [name for name in RECIPES if name not in OURS]
    for name in OURS:
        assert f"| `{name}` |" in README


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert f"# {target[1:].replace('-', ' ')}" in README.lower()
        elif not target.startswith("http"):
            assert (ROOT / target).exists(), target
