"""The examples run as their docstrings say, on images of the golden digits of a shipped model."""

import csv
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from example_files import EXAMPLES, MODEL, load_example, write_pictures

OURS = {"keras", "mnist_keras"}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def run(script, *arguments, without=OURS):
    """Runs an example in a process that cannot import the modules `without`."""
    code = f"import runpy, sys; sys.modules |= dict.fromkeys({sorted(without)}); sys.argv = sys.argv[1:]\n"
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(EXAMPLES / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check(result, pictures, kind):
    """Checks that every digit is predicted, and that the blank image and the file that is not an image are reported."""
    assert result.returncode == 1, result.stderr
    predictions = dict(line.rsplit(": ", 1) for line in result.stdout.splitlines())
    assert predictions.pop(str(pictures / f"blank.{kind}")) == "no ink"
    assert {int(pathlib.Path(path).stem): int(text[0]) for path, text in predictions.items()} == {
        digit: digit for digit in range(10)
    }
    assert all(re.fullmatch(r"\d \([5-9].+%\)|\d \(100.0%\)", text) for text in predictions.values()), predictions
    assert f"bad.{kind}: cannot be read: " in result.stderr
    assert "none: cannot be" in result.stderr
    assert "Traceback" not in result.stderr


def files(pictures, kind):
    return [*sorted(pictures.glob(f"*.{kind}")), pictures / "none"]


def test_plain_tensorflow(pictures):
    check(run("plain_tensorflow.py", MODEL / "saved_model", *files(pictures, "png")), pictures, "png")


def test_litert_and_numpy(pictures):
    without = OURS | {"tensorflow", "PIL", "onnxruntime"}
    result = run("litert_numpy.py", MODEL / "mnist_picture.tflite", *files(pictures, "pgm"), without=without)
    check(result, pictures, "pgm")


@pytest.mark.slow
def test_litert_and_numpy_without_other_packages(pictures, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "ai-edge-litert", "numpy"], check=True)
    installed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert not re.search("^(tensorflow|keras|mnist|pillow)", installed, re.MULTILINE | re.IGNORECASE)
    command = [python, EXAMPLES / "litert_numpy.py", MODEL / "mnist_picture.tflite", *files(pictures, "pgm")]
    check(subprocess.run(command, capture_output=True, text=True, check=False), pictures, "pgm")


def test_onnx_runtime(pictures):
    result = run(
        "onnx_runtime.py", MODEL / "mnist_picture.onnx", *files(pictures, "png"), without=OURS | {"tensorflow"}
    )
    check(result, pictures, "png")


@pytest.mark.skipif(not shutil.which("make") or not shutil.which("cc"), reason="needs make and a C compiler")
def test_c_predicts_like_python(pictures, of_other_classes, tmp_path):
    folder = shutil.copytree(EXAMPLES / "c", tmp_path / "c")
    (folder / "read_digits").unlink(missing_ok=True)
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    # The gold linker takes one second instead of five.
    flags = ["LDFLAGS=-fuse-ld=gold"] if shutil.which("ld.gold") else []
    environment = os.environ | {"PATH": path}
    built = subprocess.run(["make", "-C", folder, *flags], env=environment, capture_output=True, text=True)
    assert built.returncode == 0 and "warning" not in built.stderr, built.stderr
    program = folder / "read_digits"
    command = [program, MODEL / "saved_model", *files(pictures, "png")]
    check(subprocess.run(command, capture_output=True, text=True, check=False), pictures, "png")
    assert subprocess.run([program], capture_output=True, check=False).returncode == 2
    command = [program, of_other_classes / "saved_model", pictures / "8.png", pictures / "9.png"]
    named = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split(": ")[1].split(" (")[0] for line in named] == ["T-shirt/top", "か"]
    nowhere = subprocess.run([program, "nowhere", "x.png"], capture_output=True, text=True, check=False)
    assert nowhere.returncode == 1 and "nowhere: cannot be loaded" in nowhere.stderr


def test_the_batch_job(pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "pictures")
    (tmp_path / "pictures" / "gone.png").symlink_to("nowhere")
    output = tmp_path / "digits.csv"
    result = run("batch_job.py", MODEL / "saved_model", tmp_path / "pictures", output)
    assert result.returncode == 1, result.stderr
    assert "12 of 13" in result.stderr
    with output.open() as file:
        rows = {pathlib.Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert len(rows) == 13
    assert rows["blank.png"]["note"] == "no ink"
    assert rows["gone.png"]["note"] == "could not be opened"
    assert "PNG" in rows["bad.png"]["note"]
    for digit in range(10):
        assert rows[f"{digit}.png"]["digit"] == str(digit)
        assert float(rows[f"{digit}.png"]["probability"]) > 0.5


NAMES = [*"ABCDEFGH", "T-shirt/top", "か"]


@pytest.fixture(scope="module")
def of_other_classes(tmp_path_factory):
    """The export with other names of its classes."""
    folder = tmp_path_factory.mktemp("names") / "export"
    shutil.copytree(MODEL, folder)
    (folder / "labels.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("script", "model", "kind"),
    [
        ("plain_tensorflow", "saved_model", "png"),
        ("litert_numpy", "mnist_picture.tflite", "pgm"),
        ("onnx_runtime", "mnist_picture.onnx", "png"),
    ],
)
def test_names_of_other_classes_are_printed(of_other_classes, pictures, capsys, script, model, kind):
    paths = [str(pictures / f"{digit}.{kind}") for digit in (0, 8, 9)]
    assert load_example(script).main(str(of_other_classes / model), *paths, str(pictures / f"blank.{kind}")) == 0
    names = [line.split(": ")[1].split(" (")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["A", "T-shirt/top", "か", "no ink"]


def test_without_labels_numbers_are_printed(of_other_classes, pictures, capsys, tmp_path):
    shutil.copy(of_other_classes / "mnist_picture.tflite", tmp_path)
    load_example("litert_numpy").main(str(tmp_path / "mnist_picture.tflite"), str(pictures / "8.pgm"))
    assert capsys.readouterr().out.split(": ")[1].startswith("8 (")


def test_the_batch_job_writes_names_of_other_classes(of_other_classes, pictures, tmp_path):
    output = tmp_path / "names.csv"
    load_example("batch_job").main(str(of_other_classes / "saved_model"), str(pictures), str(output))
    with output.open(encoding="utf-8") as file:
        rows = {pathlib.Path(row["path"]).name: row["digit"] for row in csv.DictReader(file)}
    assert [rows[f"{digit}.png"] for digit in range(10)] == NAMES
    assert rows["blank.png"] == ""


def test_the_batch_job_refuses_an_empty_folder(tmp_path):
    with pytest.raises(SystemExit, match="contains no images"):
        load_example("batch_job").main(str(MODEL / "saved_model"), str(tmp_path), str(tmp_path / "digits.csv"))
