"""The reference pages are complete: every public name and every command, with its first line."""

import ast
import importlib.util
import pathlib
import re

import pytest

import mnist_keras

DOCS = pathlib.Path(__file__).parent.parent / "docs"
REFERENCE = DOCS / "reference"
SCRIPTS = {path.stem: path for path in (DOCS.parent / "scripts").glob("*.py") if not path.stem.endswith("_flags")}


def test_every_public_name_is_on_one_page_and_in_one_summary():
    pages = "".join(page.read_text() for page in (REFERENCE / "python").glob("*.md"))
    entries = re.findall(r"^\.\. auto(?:function|class|data|exception):: mnist_keras\.(\w+)$", pages, re.MULTILINE)
    summaries = re.findall(r"^   ~mnist_keras\.(\w+)$", (REFERENCE / "python.md").read_text(), re.MULTILINE)
    assert sorted(entries) == sorted(summaries) == mnist_keras.__all__


def test_every_reference_page_is_in_its_table_of_contents():
    for part in ("python", "commands"):
        listed = re.findall(rf"^{part}/(\w+)$", (REFERENCE / f"{part}.md").read_text(), re.MULTILINE)
        assert sorted(listed) == sorted(page.stem for page in (REFERENCE / part).glob("*.md"))


def test_every_command_has_a_page_and_its_first_line_in_the_table():
    rows = re.findall(r"^\| \[`(\w+)`\]\(commands/\1\.md\) \| (.*) \|$", (REFERENCE / "commands.md").read_text(), re.M)
    assert dict(rows) == {
        name: ast.get_docstring(ast.parse(path.read_text())).partition("\n")[0] for name, path in SCRIPTS.items()
    }
    for name in SCRIPTS:
        page = (REFERENCE / "commands" / f"{name}.md").read_text()
        assert page.startswith(f"# {name}\n")
        assert f"python scripts/{name}.py --help" in page


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("it has 99.168 ± 0.071 % in 12 kB", ["99.168 ± 0.071 %", "12 kB"]),
        ("on 2026-11-29, 5 seeds", ["2026-11-29"]),
        ("two of 10,000 images", []),
    ],
)
def test_the_pages_keep_numbers_and_units_on_one_line(text, kept):
    nodes = pytest.importorskip("docutils.nodes")
    page = nodes.container("", nodes.paragraph("", text))
    line_breaks().keep_together(None, page)
    assert page.astext() == text
    assert [piece.astext() for piece in page.findall(nodes.inline)] == kept


def line_breaks():
    spec = importlib.util.spec_from_file_location("line_breaks", DOCS / "line_breaks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
