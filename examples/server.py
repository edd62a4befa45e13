"""Predicts digits over HTTP: the body of a request is one image file of one digit.

    pip install tensorflow fastapi uvicorn pillow
    MODEL=exported/cnn_robust/saved_model python examples/server.py --port=8000
    curl --data-binary @photo.png http://127.0.0.1:8000/digit

Concurrent requests are predicted in batches. Large images are scaled down one after another in a process of low
priority, so that small ones need not wait. Environment variables limit pixels, bytes, waiting requests and seconds.
"""

import argparse
import asyncio
import contextlib
import io
import os
import pathlib
import sys
from asyncio.subprocess import DEVNULL, PIPE

import tensorflow as tf
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from PIL import Image
from prepare_image import FORMATS, ORIENTATION
from uvicorn.protocols.http.h11_impl import H11Protocol

MODEL = os.environ.get("MODEL", "exported/cnn_robust/saved_model")
# Maximum of pixels, of bytes of a body and of all bodies together, of waiting requests, and of those with large images.
MAX_PIXELS = int(os.environ.get("MAX_PIXELS", 50_000_000))
MAX_BYTES = int(os.environ.get("MAX_BYTES", 10_000_000))
MAX_TOTAL_BYTES = int(os.environ.get("MAX_TOTAL_BYTES", 100_000_000))
MAX_WAITING = int(os.environ.get("MAX_WAITING", 256))
MAX_WAITING_LARGE = int(os.environ.get("MAX_WAITING_LARGE", 16))
# Seconds that a client may take to send the headers, and to send the body.
MAX_SECONDS = float(os.environ.get("MAX_SECONDS", 10))
# Images with more pixels are large.
LARGE_PIXELS = 160_000
BATCH_SIZE = 8
# Seconds that the first request of a batch waits for others.
BATCH_SECONDS = 0.002
# The program that scales large images down.
PREPARE = pathlib.Path(__file__).with_name("prepare_image.py")
Image.MAX_IMAGE_PIXELS = None  # `needs_preparation` has its own limit.


class NotAnImage(Exception):
    """A body that cannot be predicted. The message is for the client."""


def needs_preparation(file: bytes) -> bool:
    """Reads the header of an image file. Returns whether the image is large or turned by its EXIF orientation."""
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as image:
            pixels = image.width * image.height
            # Without this condition, Pillow would decode a PNG file in search of a chunk.
            is_turned = "exif" in image.info and image.getexif().get(ORIENTATION, 1) != 1
    except Exception as error:
        raise NotAnImage(f"The body is not a readable image. Expected: {', '.join(FORMATS)}.") from error
    if pixels > MAX_PIXELS:
        raise NotAnImage(f"The image has {pixels:,} pixels. Maximum: {MAX_PIXELS:,}.")
    return pixels > LARGE_PIXELS or is_turned


async def prepare(file: bytes) -> bytes:
    """Returns a large or turned image small and upright, as a BMP file, made in a process of low priority."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", PREPARE, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    try:
        small, _ = await asyncio.wait_for(process.communicate(file), 6 * MAX_SECONDS)
    except asyncio.TimeoutError as error:
        process.kill()
        raise NotAnImage("The image takes too long to decode.") from error
    if process.returncode:
        raise NotAnImage("The image is damaged.")
    return small


def read_names() -> list[str] | None:
    """Returns the class names in `labels.txt` beside the model; None for the ten digits, or without that file."""
    labels = pathlib.Path(MODEL).absolute().with_name("labels.txt")
    names = labels.read_text(encoding="utf-8").rstrip("\n").split("\n") if labels.is_file() else list("0123456789")
    return None if names == list("0123456789") else names


def predict(encoded, files: list[bytes], names: list[str] | None = None) -> list[dict]:
    """Returns digit, probabilities and the probability that there is a digit, per file; of other classes the name too.

    If a file is not an image, its batch is repeated file by file.
    """
    try:
        outputs = encoded(files=tf.constant(files))
    except tf.errors.InvalidArgumentError:
        if len(files) == 1:
            return [{"error": "The image is damaged."}]
        return [predict(encoded, [file], names)[0] for file in files]
    return [
        {
            "digit": None if digit < 0 else int(digit),
            **({"class_name": None if digit < 0 else names[digit]} if names else {}),
            "probabilities": [round(float(value), 6) for value in row],
            "is_digit": round(float(is_digit), 6),
        }
        for digit, row, is_digit in zip(
            outputs["classes"].numpy(), outputs["probabilities"].numpy(), outputs["is_digit"].numpy(), strict=True
        )
    ]


async def work(encoded, waiting: asyncio.Queue, names: list[str] | None = None) -> None:
    """Predicts the waiting requests in batches, in an endless loop."""
    while True:
        batch = [await waiting.get()]
        await asyncio.sleep(BATCH_SECONDS)
        while len(batch) < BATCH_SIZE and not waiting.empty():
            batch.append(waiting.get_nowait())
        try:
            results = await asyncio.to_thread(predict, encoded, [file for file, _ in batch], names)
        except tf.errors.OpError:
            results = [{"failure": "The model failed on this image."}] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            # The client may have disconnected.
            if not future.done():
                future.set_result(result)


async def prepare_large(large: asyncio.Queue, waiting: asyncio.Queue) -> None:
    """Prepares large images one at a time, in an endless loop, and passes them on to the others."""
    while True:
        file, future = await large.get()
        try:
            if not future.done():
                await waiting.put((await prepare(file), future))
        except NotAnImage as error:
            if not future.done():
                future.set_result({"error": str(error)})


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    """Loads the model and predicts one image before the server accepts requests."""
    loaded = tf.saved_model.load(MODEL)
    encoded = loaded.signatures["encoded"]
    predict(encoded, [tf.io.encode_png(tf.zeros((28, 28, 1), tf.uint8)).numpy()])
    app.state.waiting, app.state.large = asyncio.Queue(MAX_WAITING), asyncio.Queue(MAX_WAITING_LARGE)
    app.state.workers = [
        asyncio.create_task(work(encoded, app.state.waiting, read_names())),
        asyncio.create_task(prepare_large(app.state.large, app.state.waiting)),
    ]
    yield
    for worker in app.state.workers:
        worker.cancel()


app = FastAPI(title="Handwritten digits", lifespan=lifespan)
# Bytes of all bodies that are received or wait.
app.state.bytes = 0


@app.get("/health")
async def health() -> dict:
    """Returns 200 while the workers run, 503 otherwise."""
    if any(worker.done() for worker in app.state.workers):
        raise HTTPException(503, "a worker has stopped")
    model = pathlib.Path(MODEL).absolute().parent.name
    return {"status": "ok", "model": model, "waiting": app.state.waiting.qsize()}


@app.post("/digit")
async def digit(request: Request) -> dict:
    """Returns the digit (null if there is no ink), the probabilities of 0 to 9, and `is_digit`.

    A model of other classes returns the number of the class as `digit`, and its name as `class_name`.
    `is_digit` is the probability that the image shows a digit at all; below 0.5 it is a letter, a sign or a thing.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(415, "Send the image file itself as the body, as `curl --data-binary @photo.png` does.")
    file = bytearray()
    try:
        await asyncio.wait_for(read_body(request, file), MAX_SECONDS)
        result = await predicted(bytes(file))
    except asyncio.TimeoutError as error:
        raise HTTPException(408, f"The body took longer than {MAX_SECONDS:g} s.", {"Connection": "close"}) from error
    except NotAnImage as error:
        raise HTTPException(400, str(error)) from error
    finally:
        app.state.bytes -= len(file)
    if "failure" in result:
        raise HTTPException(500, result["failure"])
    if "error" in result:
        raise HTTPException(400, result["error"])
    return result


async def read_body(request: Request, file: bytearray) -> None:
    """Appends the body to `file`, within the limits of one body and of all together."""
    async for part in request.stream():
        file += part
        app.state.bytes += len(part)
        if len(file) > MAX_BYTES:
            raise HTTPException(413, f"The body is too large. Maximum: {MAX_BYTES:,} bytes.")
        if app.state.bytes > MAX_TOTAL_BYTES:
            raise busy()


async def predicted(file: bytes) -> dict:
    """Puts an image into its queue and waits for the result of its worker."""
    future = asyncio.get_running_loop().create_future()
    queue = app.state.large if needs_preparation(file) else app.state.waiting
    try:
        queue.put_nowait((file, future))
    except asyncio.QueueFull as error:
        raise busy() from error
    return await future


def busy() -> HTTPException:
    return HTTPException(503, "Too many requests are waiting.", {"Retry-After": "1"})


class ImpatientProtocol(H11Protocol):
    """Closes connections whose headers are not complete after `MAX_SECONDS`."""

    def connection_made(self, transport):
        super().connection_made(transport)
        self.loop.call_later(MAX_SECONDS, self._close_without_request, None)

    def _close_without_request(self, last):
        if self.transport.is_closing():
            return
        if self.cycle is last and (last is None or last.response_complete):
            self.transport.close()
        else:
            self.loop.call_later(MAX_SECONDS, self._close_without_request, self.cycle)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Predicts digits over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    # Other clients' requests beyond this number are refused at once.
    limit = MAX_WAITING + 256
    uvicorn.run(app, host=arguments.host, port=arguments.port, http=ImpatientProtocol, limit_concurrency=limit)
