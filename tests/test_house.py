"""The house as it is drawn: digits flow one way."""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "mnist_keras"


def drawn_order():
    """Parts of the package from top to bottom, as docs/house.md lists them."""
    drawing = (ROOT / "docs" / "house.md").read_text().split("\nmnist_keras/\n")[1].split("\nscripts/")[0]
    names = [line[2:].split("   ")[0] for line in drawing.splitlines()]
    return [re.sub(r"(\.py|/)$", "", name.strip()) for line in names for name in line.split(",")]


def part_of(module):
    return module.split(".")[1]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mnist_keras."):
            yield part_of(node.module)


def test_the_drawing_is_complete():
    parts = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("_") and path.suffix in ("", ".py")}
    assert sorted(drawn_order()) == sorted(parts)


def test_nothing_points_back_up():
    order = drawn_order()
    checked = 0
    for path in PACKAGE.rglob("*.py"):
        if path.parent == PACKAGE and path.name.startswith("__"):
            continue
        own = order.index(path.relative_to(PACKAGE).parts[0].removesuffix(".py"))
        for part in imports(path):
            assert order.index(part) <= own, f"{path.name} imports {part}, which docs/house.md draws below it"
            checked += 1
    assert checked > 50
