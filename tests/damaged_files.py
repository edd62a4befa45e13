"""Damages thousands of files and checks that loading each one ends in a result or one clear message.

    python tests/damaged_files.py --files=10000

Models, images, data files, cards, configs, golden files and TF_CONFIG are loaded through the public functions, each in
a new process. It must not crash, take more than 10 seconds or 2 GB, write outside of its folder, or raise an exception
other than a message for the user. Models have no card.json with their checksum. Images are decoded by the package and
by the TensorFlow operations of a SavedModel.
"""

import argparse
import collections
import gzip
import io
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import warnings
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from damage import damage, damage_json
from made_datasets import write_csv, write_images
from PIL import Image
from tiny_digits import make_digits

from mnist_keras import cli
from mnist_keras.data import Digits, load_digits
from mnist_keras.data.archives import npz_arrays, write_idx
from mnist_keras.distribution.workers import current_worker
from mnist_keras.errors import InputError
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.inference import input_range
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.decode import decode_picture
from mnist_keras.inference.preprocessing.image_files import load_image

EXPORT = pathlib.Path(__file__).parents[1] / "exported" / "cnn_augmented"
# A SavedModel and an HDF5 file are loaded by one more process, which imports TensorFlow.
SECONDS = {"saved_model": 60, "theirs": 60}
MAX_SECONDS, MAX_BYTES = 10, 2_000_000_000
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
# Number of files of each kind out of ten. The slow kinds load TensorFlow or start a process.
SHARES = {"tflite": 1.2, "onnx": 1, "saved_model": 0.05, "keras": 0.5, "image": 2.05, "decoded": 1.2}
SHARES |= {"data": 2, "card": 0.5, "config": 0.8, "golden": 0.4, "tf_config": 0.3}
# Models of other people.
SHARES |= {"theirs": 0.25}
DATA_FILES = ["mine.npz", "packed.npz", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"]
DATA_FILES += ["table.csv", "table.csv.gz", "stored.zip", "packed.zip", "images/0/000.png"]
IMAGE_FORMATS = ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"]


def image_file(chance: random.Random) -> tuple[str, bytes]:
    """Returns the format and the bytes of an image file with a digit."""
    kind = chance.choice(IMAGE_FORMATS)
    image = Image.fromarray(IMAGES[0]).convert(chance.choice(["L", "RGB"]))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return kind.lower(), buffer.getvalue()


def prepare(kind: str, folder: pathlib.Path, chance: random.Random, originals: pathlib.Path) -> pathlib.Path:
    """Writes a damaged file of that kind to an empty folder. `originals` has undamaged ones."""
    if kind == "saved_model":
        path = pathlib.Path(shutil.copytree(EXPORT / "saved_model", folder / "saved_model"))
        part = path / chance.choice(
            ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
        )
        part.write_bytes(damage(part.read_bytes(), chance))
        return path
    if kind == "data":
        name = chance.choice(DATA_FILES)
        is_alone = not name.startswith("images/") and "ubyte" not in name
        if name.startswith("images/"):
            shutil.copytree(originals / "images", folder / "images")
        elif not is_alone:
            for file in originals.glob("*ubyte*"):
                shutil.copy(file, folder)
        (folder / name).write_bytes(damage((originals / name).read_bytes(), chance))
        return folder / name.split("/")[0] if is_alone or "/" in name else folder
    if kind in ("card", "config", "golden"):
        names = {"card": ["card.json"], "golden": ["golden.json"], "config": ["config.json", "report.json"]}[kind]
        for name in names:
            shutil.copy(originals / name, folder)
        if kind == "card":
            shutil.copy(EXPORT / "mnist.tflite", folder)
        name = chance.choice(names)
        (folder / name).write_bytes(damage_json((originals / name).read_text(), chance))
        return folder
    if kind == "tf_config":
        workers = ["host:1", "host:2"]
        config = {"cluster": {"worker": workers, "chief": []}, "task": {"type": "worker", "index": 1}}
        (folder / "tf_config").write_bytes(damage_json(json.dumps(config), chance))
        return folder / "tf_config"
    if kind in ("image", "decoded"):
        suffix, content = image_file(chance)
        path = folder / f"digit.{suffix}"
    elif kind == "theirs":
        source = chance.choice(sorted(originals.glob("theirs.*")))
        path, content = folder / source.name, source.read_bytes()
    else:
        source = originals / "model.keras" if kind == "keras" else chance.choice(sorted(EXPORT.glob(f"*.{kind}")))
        path, content = folder / source.name, source.read_bytes()
    path.write_bytes(damage(content, chance))
    return path


def read_golden(folder: pathlib.Path) -> None:
    """Finds the input range of a model by golden digits in another file than the package's."""
    (folder / "compact_1k").mkdir()
    shutil.move(folder / "golden.json", folder / "compact_1k")
    input_range.project_folder = lambda _: folder
    model = input_range.LoadedModel(lambda images, white: np.full((len(images), 10), 0.1), 1)
    input_range.find_input_range(model, folder)


def read_tf_config(path: pathlib.Path) -> None:
    """Reads TF_CONFIG. A variable cannot hold null bytes."""
    os.environb[b"TF_CONFIG"] = path.read_bytes().replace(b"\0", b" ")
    current_worker("auto")


LOADERS = {
    "image": load_image,
    "decoded": lambda path: decode_picture(tf.constant(path.read_bytes())),
    "data": lambda path: load_digits("folder", path),
    "config": read_run,
    "golden": read_golden,
    "tf_config": read_tf_config,
    "card": lambda folder: load_predictor(folder / "mnist.tflite").predict(IMAGES),
}


def load(kind: str, path: pathlib.Path) -> str:
    """Loads the file. Returns "result" or "message"; raises any other exception."""
    try:
        LOADERS.get(kind, lambda path: load_predictor(path).predict(IMAGES))(path)
    except InputError as error:
        return "message" if str(error).strip() else "an empty message"
    except tf.errors.InvalidArgumentError:
        if kind != "decoded":
            raise
        return "message"
    return "result"


def outcome(kind: str, path: pathlib.Path, folder: pathlib.Path) -> str:
    """Loads the file in a child process. Returns the outcome of `load`, or the exception, signal or excess."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(SECONDS.get(kind, MAX_SECONDS))
        os.chdir(folder)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        with cli.silence_native_logs(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = load(kind, path)
            except BaseException as error:
                result = f"{type(error).__name__}: {error}"[:300]
        os.write(writer, result.encode(errors="replace"))
        os._exit(0)
    os.close(writer)
    _, status, usage = os.wait4(pid, 0)
    with os.fdopen(reader, "rb") as pipe:
        result = pipe.read().decode()
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    memory = 1024 * usage.ru_maxrss
    return f"{memory / 1e9:.1f} GB of memory" if memory > MAX_BYTES else result


def write_tables_and_images(folder: pathlib.Path, digits: Digits) -> None:
    """Writes a CSV file, and images in a folder per class, also in zip files."""
    images, labels = digits.train_images[:40], digits.train_labels[:40]
    table = write_csv(folder / "table.csv", images, labels)
    (folder / "table.csv.gz").write_bytes(gzip.compress(table.read_bytes()))
    write_images(folder / "images", images, labels)
    for name, method in (("stored", zipfile.ZIP_STORED), ("packed", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(folder / f"{name}.zip", "w", method) as archive:
            for file in sorted((folder / "images").rglob("*.png")):
                archive.write(file, file.relative_to(folder / "images"))


def write_originals(folder: pathlib.Path) -> None:
    """Writes undamaged files of the kinds that no shipped export has."""
    # A forked child cannot use TensorFlow if the parent has used it before.
    if (pid := os.fork()) == 0:
        from other_models import make_model, write, write_keras_2, write_onnx

        from mnist_keras.models import build_model

        build_model("linear").save(folder / "model.keras")
        write(make_model((28, 28, 3)), folder / "theirs.h5")
        write_keras_2(folder / "theirs.hdf5")
        write(make_model(), folder / "theirs.tflite")
        write_onnx(folder / "theirs.onnx", (None, 28, 28))
        os._exit(0)
    os.waitpid(pid, 0)
    digits = make_digits()
    np.savez(folder / "mine.npz", **npz_arrays(digits))
    np.savez_compressed(folder / "packed.npz", **npz_arrays(digits))
    write_tables_and_images(folder, digits)
    for part, name in (("train", "train"), ("test", "t10k")):
        write_idx(folder / f"{name}-images-idx3-ubyte", getattr(digits, f"{part}_images"))
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", getattr(digits, f"{part}_labels"))
    for name in ("card.json", "golden.json"):
        shutil.copy(EXPORT / name, folder)
    card = json.loads((EXPORT / "card.json").read_text())
    figures = {**card["figures"], "expected_calibration_error": 0.01, "parameters": 12364, "seconds": 3.5}
    report = {**figures, "recipe": "cnn", "dataset": "mnist", "confusion": [[1]], "misclassified": [[3, 4]]}
    config = {**card["training"], "dataset": card["dataset"], "training": {}, "digest": "00"}
    config["dataset"] = {"train_examples": 60000, "sha256": "00", **config["dataset"]}
    for name, content in (("config.json", config), ("report.json", report)):
        (folder / name).write_text(json.dumps(content))
    read_run(folder)


def main() -> None:
    """Prints the number of files per kind and outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=SHARES, help="damage files of this kind only")
    arguments = parser.parse_args()
    shares = {arguments.kind: 10} if arguments.kind else SHARES
    kinds = [kind for kind, share in shares.items() for _ in range(round(share * arguments.files / 10))]
    counts, failures = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as root:
        originals = pathlib.Path(root, "originals")
        originals.mkdir()
        write_originals(originals)
        before = sorted(originals.iterdir())
        for number, kind in enumerate(kinds):
            folder = pathlib.Path(root, str(number))
            folder.mkdir()
            path = prepare(kind, folder, random.Random(f"{arguments.seed} {number}"), originals)
            result = outcome(kind, path, folder)
            if set(os.listdir(root)) != {"originals", folder.name} or sorted(originals.iterdir()) != before:
                result = f"files outside of the folder: {os.listdir(root)}"
            counts[kind, result if result in ("result", "message") else "failure"] += 1
            if result not in ("result", "message"):
                failures += 1
                print(f"{kind} {number} ({path.name}): {result}", flush=True)
            shutil.rmtree(folder)
    for (kind, result), count in sorted(counts.items()):
        print(f"{kind:<12} {result:<8} {count:>6,}")
    print(f"{len(kinds):,} damaged files, {failures} of them ended in neither a result nor a message.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
