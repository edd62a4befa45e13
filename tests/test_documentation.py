"""What the README and the pages of docs/ show is what happens."""

import functools
import os
import pathlib
import re
import subprocess
import sys

import pytest

from mnist_keras.recipes import RECIPES

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "results" not in page.relative_to(ROOT).parts]

# Recipes that no one else has published.
OURS = (
    *("cnn_robust", "compact_1k", "compact_6k", "compact_10k"),
    *("accurate", "ensemble", "fast_990", "fast_994"),
)


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def lines_of(pages):
    """Lines of bash, each with the page it stands on."""
    for page in pages:
        for line in "\n".join(blocks(page, "bash")).replace("\\\n", "").splitlines():
            yield page.name, line.strip()


@functools.cache
def help_of(script):
    command = [sys.executable, ROOT / script, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def clone(tmp_path):
    """A folder with what pages read: pictures, and the models that ship, where an export does no harm."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "exported").mkdir()
    for card in (ROOT / "exported").glob("*/card.json"):
        (tmp_path / "exported" / card.parent.name).symlink_to(card.parent)
    return tmp_path


def run_python(pages, folder):
    """Runs each page's Python from top to bottom, on names of its own, all in one process."""
    parts = [
        f"exec(compile({''.join(blocks(page, 'python'))!r}, {page.name!r}, 'exec'), {{'__name__': 'page'}})"
        for page in pages
    ]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", "\n".join(parts)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_python_of_the_readme_runs_in_order(clone):
    result = run_python([README], clone)
    assert result.returncode == 0, result.stderr
    assert "accuracy           " in result.stdout
    lines = result.stdout.splitlines()
    assert any(line.startswith("epoch 3/3") for line in lines)
    # What the shipped models say: the seven is one, and empty pixels have ten probabilities.
    assert any(line.startswith("[7] ") for line in lines)
    assert lines[-1].endswith("]")


def test_the_python_of_each_page_runs_in_order(clone):
    pytest.importorskip("onnxruntime")
    pages = [page for page in PAGES[1:] if blocks(page, "python")]
    assert len(pages) >= 4
    result = run_python(pages, clone)
    assert result.returncode == 0, result.stderr


def test_every_script_and_flag_exists():
    checked = 0
    for page, command in lines_of(PAGES):
        if not command.startswith("python scripts/"):
            continue
        # What launch.py passes on stands behind a "--".
        for part in command.removeprefix("python ").replace(" -- ", "\nscripts/train.py ").splitlines():
            script, *arguments = part.split()
            assert (ROOT / script).is_file(), (page, command)
            known = help_of(script)
            for argument in arguments:
                if argument.startswith("--"):
                    name = argument.removeprefix("--").removeprefix("no").split("=")[0]
                    assert f"--{name}" in known or f"--[no]{name}" in known, (page, command)
                    checked += 1
    assert checked > 50


def test_other_programs_of_ours_exist():
    programs = [line.split()[1] for _, line in lines_of(PAGES) if re.match(r"python (examples|tests)/", line)]
    assert len(set(programs)) > 3
    assert all((ROOT / program).is_file() for program in programs)


def test_the_published_results_are_the_measured_ones():
    texts = {page: page.read_text() for page in (README, ROOT / "docs" / "results.md")}
    measured = []
    for study, pages in (("published_accuracy", texts), ("stack", [ROOT / "docs" / "results.md"])):
        table, *finding = (ROOT / "docs" / "results" / study / "table.md").read_text().strip().split("\n\n")
        for page in pages:
            assert table in texts[page], page
            assert all(" ".join(text.split()) in " ".join(texts[page].split()) for text in finding)
        measured += re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert measured == [name for name in RECIPES if name not in OURS]


def test_our_results_are_the_measured_ones():
    table = (ROOT / "docs" / "results" / "accuracy" / "table.md").read_text().strip()
    assert table in (ROOT / "docs" / "accuracy.md").read_text()
    readme = README.read_text()
    for line in table.splitlines()[2:]:
        name, _, _, _, mean, _, _, _, seeds, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        assert re.search(rf"^\| {name} \| [\d,]+ \| {mean} \({seeds}\) \|", readme, re.MULTILINE), name


def test_our_recipes_have_a_row():
    for name in OURS:
        assert f"| `{name}` |" in README.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, heading = target.partition("#")
        if target.startswith("http"):
            continue
        assert not path or (page.parent / path).exists(), target
        if heading:
            text = (page.parent / path if path else page).read_text()
            assert f"# {heading.replace('-', ' ')}" in text.lower(), target
