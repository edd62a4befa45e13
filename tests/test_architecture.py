"""The code follows the list in docs/architecture.md: subpackages, files, and the one-way order of imports."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "mnist_keras"
SUBPACKAGES = {
    *("distribution", "data", "recipes", "inference", "evaluation", "models"),
    "explanations",
    *("reports", "training", "experiments", "export", "benchmarks"),
}
LOOSE = {"errors", "atomic", "files", "flag_help", "cli"}


def listed_modules():
    """Modules in the order of the list, as paths without suffix: "errors", "data/augmentation/config"."""
    listing = (ROOT / "docs" / "architecture.md").read_text().split("\nmnist_keras/\n")[1].split("\nscripts/")[0]
    modules, subpackage = [], ""
    for line in listing.splitlines():
        if re.match(r"  \w+/", line):
            subpackage = line.split()[0]
        else:
            names = re.split(r"  +", line.strip())[0].split()
            modules += [subpackage + name if line.startswith("    ") else name for name in names]
    return modules


def written_modules():
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return {path.as_posix() for path in paths if not path.name.startswith("__")}


def imported_modules(path):
    """Paths of the package's modules that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "mnist_keras":
            inside = "/".join(node.module.split(".")[1:])
            for name in node.names:
                submodule = f"{inside}/{name.name}".strip("/")
                yield submodule if (PACKAGE / f"{submodule}.py").is_file() else inside


def test_the_list_is_complete():
    assert sorted(listed_modules()) == sorted(written_modules())


def test_there_are_twelve_subpackages():
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/__init__.py")}
    assert folders == SUBPACKAGES
    assert {name for name in listed_modules() if "/" not in name} == LOOSE


@pytest.mark.parametrize("module", listed_modules())
def test_imports_flow_one_way(module):
    order = listed_modules()
    # A subpackage stands for its last file.
    last = {name.rpartition("/")[0]: index for index, name in enumerate(order)}
    for imported in imported_modules(PACKAGE / f"{module}.py"):
        if imported:
            place = order.index(imported) if imported in order else last[imported]
            assert place < order.index(module), f"{module} imports {imported}, which the list has after it"


def test_files_are_short():
    lines = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {str(path): count for path, count in lines.items() if count > 250} == {}
