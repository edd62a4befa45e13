"""The model of `server.py`: the bytes of an image file to the answer for it. Needs LiteRT, numpy and Pillow."""

import asyncio
import io
import pathlib
import queue
import sys
from asyncio.subprocess import DEVNULL, PIPE

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from prepare_image import FORMATS, to_gray

# Images with more pixels are large.
LARGE_PIXELS = 160_000
DIGITS = list("0123456789")
# The program that scales large images down.
PREPARE = pathlib.Path(__file__).with_name("prepare_image.py")


class NotAnImage(Exception):
    """A body that cannot be predicted. The message is for the client."""


class Model:
    """A `mnist_picture.tflite` file, with an interpreter per thread, and the class names in `labels.txt` beside it.

    Raises ValueError if the file is missing, damaged, or has other inputs or outputs.
    """

    def __init__(self, path: pathlib.Path, threads: int):
        self.name = path.absolute().parent.name
        labels = path.with_name("labels.txt")
        names = labels.read_text(encoding="utf-8").rstrip("\n").split("\n") if labels.is_file() else DIGITS
        # None: the ten digits.
        self.class_names = None if names == DIGITS else names
        self._runners: queue.SimpleQueue = queue.SimpleQueue()
        try:
            for _ in range(threads):
                self._runners.put(Interpreter(str(path), num_threads=1).get_signature_runner("serving_default"))
            self.predict(np.zeros((28, 28), np.uint8))
        except (KeyError, RuntimeError, ValueError) as error:
            raise ValueError(
                f"{path} cannot be loaded ({error}). Expected: a mnist_picture.tflite file. Set MODEL to one; "
                "`python scripts/export.py RUN --formats=picture` writes it."
            ) from error

    def predict(self, gray: np.ndarray) -> dict:
        """Returns digit, probabilities and the probability that there is a digit; of other classes the name too.

        Args:
            gray: uint8 (height, width).
        """
        runner = self._runners.get()
        try:
            outputs = runner(picture=gray[np.newaxis])
        finally:
            self._runners.put(runner)
        probabilities = outputs["probabilities"][0]
        digit = int(probabilities.argmax())
        if not outputs["has_ink"][0]:
            digit, probabilities = None, np.full_like(probabilities, 1 / len(probabilities))
        return {
            "digit": digit,
            **({"class_name": None if digit is None else self.class_names[digit]} if self.class_names else {}),
            "probabilities": [round(value, 6) for value in probabilities.tolist()],
            "is_digit": round(float(outputs["is_digit"][0]), 6),
        }


def decode(file: bytes, max_pixels: int) -> np.ndarray | None:
    """Returns the gray pixels of an image file, uint8 (height, width); None for a large image, which is not decoded.

    Raises NotAnImage if it is no image, damaged, or has too many pixels.
    """
    try:
        image = Image.open(io.BytesIO(file), formats=FORMATS)
    except Exception as error:
        raise NotAnImage(f"The body is not a readable image. Expected: {', '.join(FORMATS)}.") from error
    with image:
        pixels = image.width * image.height
        if pixels > max_pixels:
            raise NotAnImage(f"The image has {pixels:,} pixels. Maximum: {max_pixels:,}.")
        try:
            if image.format == "PNG":
                # Decoding does not compare the checksums.
                Image.open(io.BytesIO(file), formats=["PNG"]).verify()
            return None if pixels > LARGE_PIXELS else np.asarray(to_gray(image))
        except Exception as error:  # Decoders raise whatever a damaged file leads them into.
            raise NotAnImage("The image is damaged.") from error


async def prepare(file: bytes, max_seconds: float) -> bytes:
    """Returns a large image small, gray and upright, as a PNG file, made in a process of low priority.

    Raises NotAnImage if it is damaged, or takes more than `max_seconds`.
    """
    command = [sys.executable, "-I", PREPARE]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    try:
        small, _ = await asyncio.wait_for(process.communicate(file), max_seconds)
    except asyncio.TimeoutError as error:
        process.kill()
        raise NotAnImage("The image takes too long to decode.") from error
    if process.returncode:
        raise NotAnImage("The image is damaged.")
    return small
