"""Documentation, reports, cards, messages and docstrings use the field's terms."""

import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
# A pattern of a former word, and the term to write in its place.
TERMS = {
    r"(?<!/)\bmis-?read(s|ing|ings)?\b": "misclassified",
    r"\b(is|are|was|were) read (as an? |as one\b|as [0-9]|right|wrong)": "predicted",
    r"\bread (correctly|exactly)\b": "predicted correctly, without an error",
    r"\b(cnn_\w+|model|network|recipe)`? reads\b": "predicts",
    r"\b(held|hold|holds|holding|keep|kept)[- ]out\b": "validation images, validation set",
    r"\bsights?\b": "preprocessed digit",
    r"\bat hand\b": "available",
    r"\b(go|goes|went) on\b": "resumes, continues",
    r"\bthe house\b|\b(eleven|same) rooms?\b|\brooms and files\b|\broom by room\b": "architecture, subpackages",
    r"\b(8|16|eight|sixteen)-bit (file|quanti|weight|model|input|output)": "int8, float16",
    r"\bdrawn by code\b": "synthetic",
    r"\bviews\b": "test-time augmentation",
    r"\b(wear|worn|wears)\b": "degradation",
    r"\bprocessors?\b": "CPU",
    r"\b(how|about as) sure\b": "confidence, calibration",
    r"\bdamaged digits?\b": "corrupted images",
    r"\bstrangers?\b": "other people",
    r"\bright answers?\b": "correct predictions",
}


def prose():
    """Texts that users read, by file."""
    pages = [ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING")]
    for folder in ("docs", "examples", "exported"):
        pages += [page for page in (ROOT / folder).rglob("*.md") if "node_modules" not in page.parts]
    pages += (ROOT / "mnist_keras").rglob("*.jinja")
    pages += (ROOT / "mnist_keras").rglob("*.html")
    pages += (ROOT / "examples" / "phone").glob("*.html")
    pages += (ROOT / "mnist_keras").rglob("*.py")
    pages += (ROOT / "scripts").glob("*.py")
    yield from ((page, page.read_text()) for page in sorted(pages))
    notebook = json.loads((ROOT / "examples" / "digits.ipynb").read_text())
    cells = (cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    yield ROOT / "examples" / "digits.ipynb", "\n".join("".join(cell) for cell in cells)


@pytest.mark.parametrize("pattern", TERMS)
def test_former_words_are_replaced_by_terms_of_the_field(pattern):
    found = []
    for path, text in prose():
        for number, line in enumerate(text.splitlines(), start=1):
            # The tables of the changelog name what was renamed.
            is_old_name = path.name == "CHANGELOG.md" and line.startswith("| `")
            if not is_old_name and re.search(pattern, line, re.IGNORECASE):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not found, f"Write: {TERMS[pattern]}.\n" + "\n".join(found)


def test_the_search_finds_a_former_word():
    for pattern, example in {
        r"(?<!/)\bmis-?read(s|ing|ings)?\b": "Digits that were misread",
        r"\b(cnn_\w+|model|network|recipe)`? reads\b": "`cnn_robust` reads 96 %",
        r"\bprocessors?\b": "two cores of a processor",
    }.items():
        assert pattern in TERMS
        assert re.search(pattern, example, re.IGNORECASE)
