"""Damages thousands of model and image files and checks that loading each one ends in a result or one clear message.

    python tests/damaged_files.py --files=5000

Each file is loaded through the public functions in a new process. It must not crash, hang, or raise an exception other
than a message for the user. Models have no card.json with their checksum. Images are decoded by the package and by the
TensorFlow operations of a SavedModel.
"""

import argparse
import collections
import io
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image

from mnist_keras import cli
from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.inference.preprocessing.decode import decode_picture
from mnist_keras.inference.preprocessing.image_files import load_image

EXPORT = pathlib.Path(__file__).parents[1] / "exported" / "cnn_augmented"
SECONDS = 90
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
# Number of files of each kind out of ten. The slow kinds load TensorFlow or start a process.
SHARES = {"tflite": 2, "onnx": 2, "saved_model": 0.5, "keras": 0.5, "image": 3, "decoded": 2}
IMAGE_FORMATS = ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"]
EXTREMES = [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\1\0"]


def damage(content: bytes, chance: random.Random) -> bytes:
    """Returns the content with bits flipped, the end cut, or a part zeroed, rotated or overwritten."""
    damaged = bytearray(content)
    kind = chance.choice(["flip", "cut", "zero", "rotate", "extreme"])
    place = chance.randrange(len(damaged))
    # The structure of most formats is at the start or the end of the file.
    if chance.random() < 0.5:
        place = min(place, chance.randrange(200), len(damaged) - 1)
    if kind == "flip":
        for _ in range(chance.choice([1, 3, 10, 100])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del damaged[place:]
    elif kind == "zero":
        damaged[place : place + chance.randrange(1, 400)] = bytes(len(damaged[place : place + 100]))
    elif kind == "rotate":
        damaged = damaged[place:] + damaged[:place]
    else:
        for _ in range(chance.choice([1, 4])):
            place = chance.randrange(max(1, len(damaged) - 4))
            damaged[place : place + 4] = chance.choice(
                [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4), b"\0\0\1\0"]
            )
    return bytes(damaged)


def image_file(chance: random.Random) -> tuple[str, bytes]:
    """Returns the format and the bytes of an image file with a digit."""
    kind = chance.choice(IMAGE_FORMATS)
    image = Image.fromarray(IMAGES[0]).convert(chance.choice(["L", "RGB"]))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return kind.lower(), buffer.getvalue()


def prepare(kind: str, folder: pathlib.Path, chance: random.Random, keras_file: pathlib.Path) -> pathlib.Path:
    """Writes a damaged file of that kind to an empty folder."""
    if kind == "saved_model":
        path = pathlib.Path(shutil.copytree(EXPORT / "saved_model", folder / "saved_model"))
        part = path / chance.choice(
            ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
        )
        part.write_bytes(damage(part.read_bytes(), chance))
        return path
    if kind in ("image", "decoded"):
        suffix, content = image_file(chance)
        path = folder / f"digit.{suffix}"
    else:
        source = keras_file if kind == "keras" else chance.choice(sorted(EXPORT.glob(f"*.{kind}")))
        path, content = folder / source.name, source.read_bytes()
    path.write_bytes(damage(content, chance))
    return path


def load(kind: str, path: pathlib.Path) -> str:
    """Loads the file. Returns "result" or "message"; raises any other exception."""
    try:
        if kind == "image":
            load_image(path)
        elif kind == "decoded":
            decode_picture(tf.constant(path.read_bytes()))
        else:
            load_predictor(path).predict(IMAGES)
    except InputError as error:
        return "message" if str(error).strip() else "an empty message"
    except tf.errors.InvalidArgumentError:
        if kind != "decoded":
            raise
        return "message"
    return "result"


def outcome(kind: str, path: pathlib.Path) -> str:
    """Loads the file in a child process. Returns the outcome of `load`, or the exception or signal."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(SECONDS)
        with cli.silence_native_logs():
            try:
                result = load(kind, path)
            except BaseException as error:
                result = f"{type(error).__name__}: {error}"[:300]
        os.write(writer, result.encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reader, "rb") as pipe:
        result = pipe.read().decode()
    return f"killed by {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else result


def main() -> None:
    """Prints the number of files per kind and outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * arguments.files / 10))]
    counts, failures = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as root:
        keras_file = pathlib.Path(root, "model.keras")
        # A forked child cannot use TensorFlow if the parent has used it before.
        if (pid := os.fork()) == 0:
            from mnist_keras.models import build_model

            build_model("linear").save(keras_file)
            os._exit(0)
        os.waitpid(pid, 0)
        for number, kind in enumerate(kinds):
            folder = pathlib.Path(root, str(number))
            folder.mkdir()
            path = prepare(kind, folder, random.Random(f"{arguments.seed} {number}"), keras_file)
            result = outcome(kind, path)
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
