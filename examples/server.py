"""Reads digits over HTTP: the body of a request is one picture file of one digit.

    pip install tensorflow fastapi uvicorn
    MODEL=exported/cnn_augmented/saved_model uvicorn --app-dir examples server:app
    curl --data-binary @photo.png http://127.0.0.1:8000/digit

Requests that arrive together are read together. Bodies are limited, pictures are limited by the model before they
are decoded, and whoever comes when the queue is full is sent away at once (503) and not kept waiting.
"""

import asyncio
import contextlib
import os

import tensorflow as tf
from fastapi import FastAPI, HTTPException, Request

MODEL = os.environ.get("MODEL", "exported/cnn_augmented/saved_model")
MOST_BYTES = int(os.environ.get("MOST_BYTES", 10_000_000))
MOST_WAITING = int(os.environ.get("MOST_WAITING", 256))
BATCH = 32
# How long the first of a batch waits for others.
SECONDS = 0.005


def read(encoded, files: list[bytes]) -> list[dict]:
    """An answer to every file; one that is no picture fails its batch, which is then taken apart."""
    try:
        answer = encoded(files=tf.constant(files))
    except tf.errors.InvalidArgumentError as error:
        if len(files) == 1:
            return [{"error": str(error).splitlines()[0]}]
        return [read(encoded, [file])[0] for file in files]
    return [
        {"digit": None if digit < 0 else int(digit), "probabilities": [round(float(value), 6) for value in row]}
        for digit, row in zip(answer["classes"].numpy(), answer["probabilities"].numpy(), strict=True)
    ]


async def work(encoded, waiting: asyncio.Queue) -> None:
    """Takes what waits, in batches, for ever."""
    while True:
        batch = [await waiting.get()]
        await asyncio.sleep(SECONDS)
        while len(batch) < BATCH and not waiting.empty():
            batch.append(waiting.get_nowait())
        try:
            answers = await asyncio.to_thread(read, encoded, [file for file, _ in batch])
        except tf.errors.OpError as error:
            answers = [{"failure": str(error).splitlines()[0]}] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            # Whoever asked may have gone.
            if not future.done():
                future.set_result(answer)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    """Loads the model, and answers nothing before it has read one picture."""
    loaded = tf.saved_model.load(MODEL)
    encoded = loaded.signatures["encoded"]
    read(encoded, [tf.io.encode_png(tf.zeros((28, 28, 1), tf.uint8)).numpy()])
    app.state.waiting = asyncio.Queue(MOST_WAITING)
    app.state.worker = asyncio.create_task(work(encoded, app.state.waiting))
    yield
    app.state.worker.cancel()


app = FastAPI(title="Handwritten digits", lifespan=lifespan)


@app.get("/health")
async def health() -> dict:
    """Whether digits are being read."""
    if app.state.worker.done():
        raise HTTPException(503, "the worker has stopped")
    return {"status": "ok", "model": MODEL, "waiting": app.state.waiting.qsize()}


@app.post("/digit")
async def digit(request: Request) -> dict:
    """The digit (null where there is no ink) and the probabilities of 0 to 9."""
    file = bytearray()
    async for part in request.stream():
        file += part
        if len(file) > MOST_BYTES:
            raise HTTPException(413, f"A picture may have {MOST_BYTES:,} bytes.")
    future = asyncio.get_running_loop().create_future()
    try:
        app.state.waiting.put_nowait((bytes(file), future))
    except asyncio.QueueFull as error:
        raise HTTPException(503, "Too many requests wait already.", {"Retry-After": "1"}) from error
    answer = await future
    if "failure" in answer:
        raise HTTPException(500, answer["failure"])
    if "error" in answer:
        raise HTTPException(400, f"The body is no picture that can be read: {answer['error']}")
    return answer
