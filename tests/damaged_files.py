"""Damages model and picture files in thousands of ways, and looks how each ends: an answer or one clear message.

    python tests/damaged_files.py --files=5000

Every file goes through the package's own door in a process of its own: it must neither crash, nor hang, nor end in
an exception that is not a message for the user. Models lie where no card vouches for them; pictures are read by the
package, and decoded by the operations that a SavedModel carries.
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
# How many of ten files are of each kind. The slow ones load TensorFlow or start a process.
SHARES = {"tflite": 2, "onnx": 2, "saved_model": 0.5, "keras": 0.5, "picture": 3, "decoded": 2}
KINDS = ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"]
EXTREMES = [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\1\0"]


def damage(content: bytes, chance: random.Random) -> bytes:
    """Bits flipped, the end cut off, a part blanked, moved or overwritten by extreme numbers."""
    damaged = bytearray(content)
    kind = chance.choice(["flip", "cut", "blank", "turn", "extreme"])
    place = chance.randrange(len(damaged))
    # Structure stands at the ends of most files.
    if chance.random() < 0.5:
        place = min(place, chance.randrange(200), len(damaged) - 1)
    if kind == "flip":
        for _ in range(chance.choice([1, 3, 10, 100])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del damaged[place:]
    elif kind == "blank":
        damaged[place : place + chance.randrange(1, 400)] = bytes(len(damaged[place : place + 100]))
    elif kind == "turn":
        damaged = damaged[place:] + damaged[:place]
    else:
        for _ in range(chance.choice([1, 4])):
            place = chance.randrange(max(1, len(damaged) - 4))
            damaged[place : place + 4] = chance.choice(
                [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4), b"\0\0\1\0"]
            )
    return bytes(damaged)


def picture(chance: random.Random) -> tuple[str, bytes]:
    """A digit as a picture file of some kind."""
    kind = chance.choice(KINDS)
    drawn = Image.fromarray(IMAGES[0]).convert(chance.choice(["L", "RGB"]))
    buffer = io.BytesIO()
    drawn.save(buffer, kind)
    return kind.lower(), buffer.getvalue()


def prepare(kind: str, folder: pathlib.Path, chance: random.Random, keras_file: pathlib.Path) -> pathlib.Path:
    """A damaged file of that kind, in an empty folder."""
    if kind == "saved_model":
        path = pathlib.Path(shutil.copytree(EXPORT / "saved_model", folder / "saved_model"))
        part = path / chance.choice(
            ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
        )
        part.write_bytes(damage(part.read_bytes(), chance))
        return path
    if kind in ("picture", "decoded"):
        suffix, content = picture(chance)
        path = folder / f"digit.{suffix}"
    else:
        source = keras_file if kind == "keras" else chance.choice(sorted(EXPORT.glob(f"*.{kind}")))
        path, content = folder / source.name, source.read_bytes()
    path.write_bytes(damage(content, chance))
    return path


def read(kind: str, path: pathlib.Path) -> str:
    """How it ended: "answer" or "message"; any other exception goes on."""
    try:
        if kind == "picture":
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
    return "answer"


def ending(kind: str, path: pathlib.Path) -> str:
    """How reading it ended, in a process of its own."""
    into, out_of = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(SECONDS)
        with cli.silence_native_logs():
            try:
                result = read(kind, path)
            except BaseException as error:
                result = f"{type(error).__name__}: {error}"[:300]
        os.write(out_of, result.encode())
        os._exit(0)
    os.close(out_of)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(into, "rb") as pipe:
        result = pipe.read().decode()
    return f"killed by {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else result


def main() -> None:
    """Prints a table: kinds of files and endings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * arguments.files / 10))]
    counts, failures = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as root:
        keras_file = pathlib.Path(root, "model.keras")
        # TensorFlow cannot run in a child once it has run here.
        if (pid := os.fork()) == 0:
            from mnist_keras.models import build_model

            build_model("linear").save(keras_file)
            os._exit(0)
        os.waitpid(pid, 0)
        for number, kind in enumerate(kinds):
            folder = pathlib.Path(root, str(number))
            folder.mkdir()
            path = prepare(kind, folder, random.Random(f"{arguments.seed} {number}"), keras_file)
            result = ending(kind, path)
            counts[kind, result if result in ("answer", "message") else "failure"] += 1
            if result not in ("answer", "message"):
                failures += 1
                print(f"{kind} {number} ({path.name}): {result}", flush=True)
            shutil.rmtree(folder)
    for (kind, result), count in sorted(counts.items()):
        print(f"{kind:<12} {result:<8} {count:>6,}")
    print(f"{len(kinds):,} damaged files, {failures} of them ended in neither an answer nor a message.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
