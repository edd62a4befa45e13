"""The code, commands, tables and links of the README and of docs/ work."""

import functools
import importlib.util
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

# Our own recipes; the others reproduce published systems.
OURS = (
    *("cnn_robust", "compact_1k", "compact_6k", "compact_10k"),
    *("accurate", "ensemble", "fast_990", "fast_994"),
)


# The sample, as Keras' own function returns MNIST from the network.
MNIST_WITHOUT_NETWORK = """
import keras
import mnist_keras

sample = mnist_keras.load_digits("sample")
arrays = (sample.train_images, sample.train_labels), (sample.test_images, sample.test_labels)
keras.datasets.mnist.load_data = lambda: arrays
"""


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def python_of(page):
    """Returns the Python of a page, without what needs MediaPipe, which has an environment of its own."""
    return "".join(block for block in blocks(page, "python") if "mediapipe" not in block)


def lines_of(pages):
    """Yields the name of the page and the line, for every line of bash."""
    for page in pages:
        for line in "\n".join(blocks(page, "bash")).replace("\\\n", "").splitlines():
            yield page.name, line.strip()


@functools.cache
def help_of(script):
    command = [sys.executable, ROOT / script, "--helpfull"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def clone(tmp_path):
    """A folder with the images and the shipped models that pages use. An export into it changes no shipped model."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "exported").mkdir()
    for card in (ROOT / "exported").glob("*/card.json"):
        (tmp_path / "exported" / card.parent.name).symlink_to(card.parent)
    return tmp_path


def test_the_python_of_each_page_runs_from_top_to_bottom(clone):
    pages = [page for page in PAGES if blocks(page, "python")]
    if not importlib.util.find_spec("onnxruntime"):
        pages = [page for page in pages if "onnxruntime" not in "".join(blocks(page, "python"))]
    assert len(pages) >= 4
    # One process, because the import of TensorFlow takes seconds. Each page has its own names. The README trains three
    # epochs; one shows as much.
    code = MNIST_WITHOUT_NETWORK + "\n".join(
        f"print('page', {page.name!r})\n"
        f"exec(compile({python_of(page).replace('epochs=3', 'epochs=1')!r}, {page.name!r}, 'exec'), "
        "{'__name__': 'page'})"
        for page in pages
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    plain = result.stdout.split("page from_keras.md")[1].split("page ")[0]
    assert float(re.search(r"^test accuracy (.+)$", plain, re.MULTILINE)[1]) > 0.3
    assert re.findall(r"^(\w+): predicts \d, ", plain, re.MULTILINE) == ["resized", "inverted", "preprocessed"]
    _, readme, *others = re.split(r"^page .+\n", result.stdout, flags=re.MULTILINE)
    assert len(others) == len(pages) - 1
    assert "accuracy           " in readme
    lines = readme.splitlines()
    assert any(line.startswith("epoch 1/1") for line in lines)
    # cnn_robust predicts 7 for docs/seven.png; compact_1k returns ten probabilities for empty pixels.
    assert any(line.startswith("[7] ") for line in lines)
    assert lines[-1].endswith("]")


def test_the_plain_keras_of_the_page_is_short_and_has_the_network_of_the_recipe():
    code = blocks(ROOT / "docs" / "from_keras.md", "python")[0]
    assert len(code.splitlines()) <= 40
    layers = re.findall(r"layers\.(\w+)\((.*)\),", code)
    options = RECIPES["cnn"].network_options
    convolutions = [f"{count}, {options['kernel_size']}" for count in options["filters"]]
    assert [arguments for name, arguments in layers if name == "Conv2D"] == convolutions
    assert dict(layers)["Dropout"] == str(options["dropout"])
    assert layers[-3] == ("Dense", f'{options["dense_units"]}, activation="{options["dense_activation"]}"')
    assert f"Adam({RECIPES['cnn'].learning_rate})" in code.replace("3e-4", "0.0003")
    assert f"batch_size={RECIPES['cnn'].batch_size}" in code


def test_every_script_and_flag_exists():
    checked = 0
    for page, command in lines_of(PAGES):
        if not command.startswith("python scripts/"):
            continue
        # launch.py passes the arguments after "--" to train.py.
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


def test_every_example_and_test_program_exists():
    programs = [line.split()[1] for _, line in lines_of(PAGES) if re.match(r"python (examples|tests)/", line)]
    assert len(set(programs)) > 3
    assert all((ROOT / program).is_file() for program in programs)


def test_the_gallery_has_every_example():
    page = (ROOT / "docs" / "gallery.md").read_text()
    linked = {target.split("/")[0] for target in re.findall(r"\]\(\.\./examples/([^)]+)\)", page)}
    listed = subprocess.run(["git", "ls-files", "examples"], cwd=ROOT, capture_output=True, text=True, check=True)
    examples = {path.split("/")[1] for path in listed.stdout.splitlines()} - {"README.md", "Dockerfile.dockerignore"}
    assert linked == examples


def test_tables_of_published_systems_equal_the_measured_results():
    texts = {page: page.read_text() for page in (README, ROOT / "docs" / "results.md")}
    measured = []
    for study, pages in (("published", texts), ("stack", [ROOT / "docs" / "results.md"])):
        table, *finding = (ROOT / "docs" / "results" / study / "table.md").read_text().strip().split("\n\n")
        for page in pages:
            assert table in texts[page], page
            assert all(" ".join(text.split()) in " ".join(texts[page].split()) for text in finding)
        measured += re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert measured == [name for name in RECIPES if name not in OURS]


def test_tables_of_our_recipes_equal_the_measured_results():
    table = (ROOT / "docs" / "results" / "accuracy" / "table.md").read_text().strip()
    assert table in (ROOT / "docs" / "accuracy.md").read_text()
    readme = README.read_text()
    for line in table.splitlines()[2:]:
        name, _, _, _, mean, _, _, _, seeds, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        assert re.search(rf"^\| {name} \| [\d,]+ \| {mean} \({seeds}\) \|", readme, re.MULTILINE), name


def test_every_recipe_of_ours_has_a_row_in_the_readme():
    for name in OURS:
        assert f"| `{name}` |" in README.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_has_a_target(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, heading = target.partition("#")
        if target.startswith("http"):
            continue
        assert not path or (page.parent / path).exists(), target
        if heading:
            text = (page.parent / path if path else page).read_text()
            assert f"# {heading.replace('-', ' ')}" in text.lower(), target
