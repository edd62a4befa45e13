"""Runs every exported file in the runtimes that people have, and prints a table: file by runtime.

    python tests/runtimes/matrix.py --folder=/tmp/runtimes > table.md

Needs MNIST, in MNIST_KERAS_DATA_DIR, and the package indexes PyPI and npm. Each runtime is installed in an environment
of its own in --folder, and stays there for the next time. Runtimes whose Python or program is missing are left out;
--runtimes names some of them. --aarch64 names a folder with an aarch64 system for qemu-user; see aarch64.sh.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from PIL import Image

from mnist_keras.data import load_digits
from mnist_keras.reports.text import markdown_table

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Runtime:
    """One runtime in one version."""

    # Loader of run_export.py, or package of run_export.mjs.
    loader: str
    # What pip or npm installs.
    requirements: tuple[str, ...]
    # Program that makes the environment; "node" for npm, "qemu-aarch64" for the system of --aarch64.
    python: str = "python3"
    # Number of test images. An emulator takes seconds for some.
    images: int = 1000


RUNTIMES = {
    "tflite-runtime 2.7": Runtime("tflite_runtime", ("tflite-runtime==2.7.0", "numpy<1.24"), "python3.9"),
    "tflite-runtime 2.9": Runtime("tflite_runtime", ("tflite-runtime==2.9.1", "numpy<1.24"), "python3.9"),
    "tflite-runtime 2.14": Runtime("tflite_runtime", ("tflite-runtime==2.14.0", "numpy<2"), "python3.11"),
    "LiteRT 1.0": Runtime("litert", ("ai-edge-litert==1.0.1", "numpy<2"), "python3.11"),
    "LiteRT": Runtime("litert", ("ai-edge-litert",)),
    "LiteRT (aarch64)": Runtime("litert", ("ai-edge-litert",), "qemu-aarch64", images=10),
    "TensorFlow 2.15": Runtime("tensorflow", ("tensorflow-cpu==2.15.1",), "python3.11"),
    "TensorFlow Lite Micro": Runtime("tflite_micro", ("tflite-micro",)),
    "MediaPipe": Runtime("mediapipe", ("mediapipe",)),
    "OpenVINO": Runtime("openvino", ("openvino",)),
    "OpenCV": Runtime("opencv", ("opencv-python-headless",)),
    "onnxruntime 1.16": Runtime("onnxruntime", ("onnxruntime==1.16.0", "numpy<2"), "python3.11"),
    "onnxruntime": Runtime("onnxruntime", ("onnxruntime",)),
    "onnxruntime-node": Runtime("onnxruntime-node", ("onnxruntime-node",), "node"),
    "onnxruntime-web": Runtime("onnxruntime-web", ("onnxruntime-web",), "node"),
}


# Suffixes of the files of each table.
KINDS = {"TFLite": (".tflite", ".c"), "ONNX": (".onnx",), "SavedModel": ("",)}


def write_images(path, exports, count):
    """Writes the first test images of MNIST, their labels and the golden picture as JSON."""
    digits = load_digits("mnist")
    pictures = [export / "golden_picture.png" for export in exports]
    picture = next((np.asarray(Image.open(file)) for file in pictures if file.exists()), np.zeros((224, 224)))
    content = {"images": digits.test_images[:count], "labels": digits.test_labels[:count], "picture": picture}
    path.write_text(json.dumps({name: values.tolist() for name, values in content.items()}))


def install(runtime, folder, aarch64):
    """Returns the command of a runtime, with its environment in a folder; None if its program is missing."""
    if not runs(runtime.python):
        return None
    if runtime.python == "qemu-aarch64":
        folder.mkdir(parents=True, exist_ok=True)
        emulator = f"qemu-aarch64 -L {aarch64}"
        command = ["env", f"EMULATOR={emulator}", *emulator.split(), f"{aarch64}/usr/bin/python3"]
        return [*command, str(HERE / "run_export.py")] if aarch64 else None
    if runtime.python == "node":
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "node_modules").exists():
            run(
                "npm",
                "install",
                "--silent",
                "--no-fund",
                "--no-audit",
                "--ignore-scripts",
                *runtime.requirements,
                cwd=folder,
            )
        return ["node", str(HERE / "run_export.mjs")]
    python = folder / "bin" / "python"
    if not python.exists():
        run(runtime.python, "-m", "venv", folder)
        run(python, "-m", "pip", "install", "-q", *runtime.requirements)
    return [str(python), str(HERE / "run_export.py")]


def runs(program):
    """Returns whether a program is there and starts."""
    return (
        shutil.which(program) is not None and not subprocess.run([program, "--version"], capture_output=True).returncode
    )


def run(*command, **options):
    """Runs a command; raises CalledProcessError with its output."""
    subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options)


def check(runtime, command, images, exports, folder):
    """Returns what run_export prints, by file."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [*command, runtime.loader, str(images.absolute()), *(str(export.absolute()) for export in exports)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{result.stderr}")
    answers = map(json.loads, result.stdout.splitlines())
    return {answer["file"]: answer for answer in answers}


def cell(answer):
    """Returns the table's text: the accuracy, or "ok" without enough images for it; "differs"; "no" for an error."""
    if answer is None:
        return ""
    if "error" in answer:
        return "no"
    if answer["golden"] > 1 or answer["correct"] < 0.9 * answer["images"]:
        return "differs"
    return f"{100 * answer['correct'] / answer['images']:.1f}" if answer["images"] >= 100 else "ok"


def print_table(columns):
    """Prints file by runtime, a table for each kind of file. What does not run or differs goes to standard error."""
    for kind, suffixes in KINDS.items():
        files = {file for answers in columns.values() for file in answers if pathlib.Path(file).suffix in suffixes}
        names = [name for name, answers in columns.items() if files & set(answers)]
        rows = [[f"`{file}`", *(cell(columns[name].get(file)) for name in names)] for file in sorted(files)]
        print(f"## {kind}\n\n{markdown_table(('file', *names), rows)}")
    for name, answers in columns.items():
        for file, answer in answers.items():
            if cell(answer) in ("no", "differs"):
                print(f"{name}: {file}: {answer}", file=sys.stderr)


def main():
    """Runs the chosen runtimes. The table has also those of earlier calls, whose results are in --folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--exported", type=pathlib.Path, default=HERE.parent.parent / "exported")
    parser.add_argument("--runtimes", default=",".join(RUNTIMES))
    parser.add_argument("--aarch64", default=None)
    arguments = parser.parse_args()
    exports = sorted(path.parent for path in arguments.exported.glob("*/card.json"))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.runtimes.split(","):
        folder = arguments.folder / name.replace(" ", "-")
        command = install(RUNTIMES[name], folder, arguments.aarch64)
        if command:
            print(f"running {name}", file=sys.stderr)
            images = arguments.folder / "images.json"
            write_images(images, exports, RUNTIMES[name].images)
            answers = check(RUNTIMES[name], command, images, exports, folder)
            (arguments.folder / f"{folder.name}.json").write_text(json.dumps(answers, indent=2))
    results = {name: arguments.folder / f"{name.replace(' ', '-')}.json" for name in RUNTIMES}
    print_table({name: json.loads(path.read_text()) for name, path in results.items() if path.exists()})


if __name__ == "__main__":
    main()
