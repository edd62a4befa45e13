"""Predicts digits over HTTP: the body of a request is one image file of one digit.

    pip install tensorflow fastapi uvicorn
    MODEL=exported/cnn_augmented/saved_model uvicorn --app-dir examples server:app
    curl --data-binary @photo.png http://127.0.0.1:8000/digit

Concurrent requests are predicted in batches. The size of a body is limited, and the model limits the size of an image
before decoding it. A full queue refuses requests at once (503).
"""

import asyncio
import contextlib
import os

import tensorflow as tf
from fastapi import FastAPI, HTTPException, Request

MODEL = os.environ.get("MODEL", "exported/cnn_augmented/saved_model")
MAX_BYTES = int(os.environ.get("MAX_BYTES", 10_000_000))
MAX_WAITING = int(os.environ.get("MAX_WAITING", 256))
BATCH_SIZE = 32
# Seconds that the first request of a batch waits for others.
BATCH_SECONDS = 0.005


def predict(encoded, files: list[bytes]) -> list[dict]:
    """Returns digit and probabilities per file. If a file is not an image, its batch is repeated file by file."""
    try:
        outputs = encoded(files=tf.constant(files))
    except tf.errors.InvalidArgumentError as error:
        if len(files) == 1:
            return [{"error": str(error).splitlines()[0]}]
        return [predict(encoded, [file])[0] for file in files]
    return [
        {"digit": None if digit < 0 else int(digit), "probabilities": [round(float(value), 6) for value in row]}
        for digit, row in zip(outputs["classes"].numpy(), outputs["probabilities"].numpy(), strict=True)
    ]


async def work(encoded, waiting: asyncio.Queue) -> None:
    """Predicts the waiting requests in batches, in an endless loop."""
    while True:
        batch = [await waiting.get()]
        await asyncio.sleep(BATCH_SECONDS)
        while len(batch) < BATCH_SIZE and not waiting.empty():
            batch.append(waiting.get_nowait())
        try:
            results = await asyncio.to_thread(predict, encoded, [file for file, _ in batch])
        except tf.errors.OpError as error:
            results = [{"failure": str(error).splitlines()[0]}] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            # The client may have disconnected.
            if not future.done():
                future.set_result(result)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    """Loads the model and predicts one image before the server accepts requests."""
    loaded = tf.saved_model.load(MODEL)
    encoded = loaded.signatures["encoded"]
    predict(encoded, [tf.io.encode_png(tf.zeros((28, 28, 1), tf.uint8)).numpy()])
    app.state.waiting = asyncio.Queue(MAX_WAITING)
    app.state.worker = asyncio.create_task(work(encoded, app.state.waiting))
    yield
    app.state.worker.cancel()


app = FastAPI(title="Handwritten digits", lifespan=lifespan)


@app.get("/health")
async def health() -> dict:
    """Returns 200 while the worker runs, 503 otherwise."""
    if app.state.worker.done():
        raise HTTPException(503, "the worker has stopped")
    return {"status": "ok", "model": MODEL, "waiting": app.state.waiting.qsize()}


@app.post("/digit")
async def digit(request: Request) -> dict:
    """Returns the digit (null if there is no ink) and the probabilities of 0 to 9."""
    file = bytearray()
    async for part in request.stream():
        file += part
        if len(file) > MAX_BYTES:
            raise HTTPException(413, f"The body is too large. Maximum: {MAX_BYTES:,} bytes.")
    future = asyncio.get_running_loop().create_future()
    try:
        app.state.waiting.put_nowait((bytes(file), future))
    except asyncio.QueueFull as error:
        raise HTTPException(503, "Too many requests are waiting.", {"Retry-After": "1"}) from error
    result = await future
    if "failure" in result:
        raise HTTPException(500, result["failure"])
    if "error" in result:
        raise HTTPException(400, f"The body is not a readable image: {result['error']}")
    return result
