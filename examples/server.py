"""Predicts digits over HTTP: the body of a request is one image file of one digit.

    pip install ai-edge-litert fastapi httptools pillow prometheus-client uvicorn
    MODEL=exported/cnn_robust/mnist_picture.tflite python examples/server.py --port=8000
    curl --data-binary @photo.png http://127.0.0.1:8000/digit

One thread per core decodes and predicts images. Large images are scaled down first, one after another in a process of
low priority, so that small ones need not wait. Environment variables limit pixels, bytes, requests and seconds.
"""

import argparse
import asyncio
import contextlib
import os
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import prometheus_client
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from server_model import Model, NotAnImage, decode, prepare
from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MODEL = os.environ.get("MODEL", "exported/cnn_robust/mnist_picture.tflite")
THREADS = int(os.environ.get("THREADS", os.cpu_count() or 1))
# Maximum of pixels, of bytes of a body and of all bodies together.
MAX_PIXELS = int(os.environ.get("MAX_PIXELS", 50_000_000))
MAX_BYTES = int(os.environ.get("MAX_BYTES", 10_000_000))
MAX_TOTAL_BYTES = int(os.environ.get("MAX_TOTAL_BYTES", 100_000_000))
# Maximum of requests that wait for a thread, of large images that wait, and of all requests, also those that send.
MAX_WAITING = int(os.environ.get("MAX_WAITING", 256))
MAX_WAITING_LARGE = int(os.environ.get("MAX_WAITING_LARGE", 16))
MAX_REQUESTS = int(os.environ.get("MAX_REQUESTS", MAX_WAITING + 256))
# Seconds that a client may take to send the headers, and to send the body.
MAX_SECONDS = float(os.environ.get("MAX_SECONDS", 10))
MAX_HEADER_BYTES = 65_536

METRICS = CollectorRegistry()
ProcessCollector(registry=METRICS)
REQUESTS = Counter("digit_requests", "Answered requests to /digit, by status.", ["status"], registry=METRICS)
SECONDS = Histogram("digit_request_seconds", "Seconds from the headers of a request to its answer.", registry=METRICS)
PREDICTED = Counter("digit_images_predicted", "Predicted images.", registry=METRICS)
REJECTED = Counter("digit_rejected_requests", "Requests answered with 503, by limit.", ["limit"], registry=METRICS)
WAITING = Gauge("digit_waiting_requests", "Requests that wait for a thread.", registry=METRICS)
WAITING_LARGE = Gauge("digit_waiting_large_images", "Large images that wait or are scaled down.", registry=METRICS)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    """Loads the model before the server accepts requests."""
    app.state.model = Model(pathlib.Path(MODEL), THREADS)
    with ThreadPoolExecutor(THREADS) as app.state.threads:
        yield


app = FastAPI(title="Handwritten digits", lifespan=lifespan)
# Requests, and bytes of their bodies; requests that wait for a thread or are in one; large images.
app.state.requests = app.state.bytes = app.state.in_threads = app.state.large = 0
app.state.one_large = asyncio.Lock()


def waiting() -> int:
    """Returns the number of requests that wait for a thread."""
    return max(0, app.state.in_threads - THREADS)


WAITING.set_function(waiting)
WAITING_LARGE.set_function(lambda: app.state.large)


@app.get("/health")
async def health() -> dict:
    return {"status": "ok", "model": app.state.model.name, "waiting": waiting()}


@app.get("/metrics")
async def metrics() -> Response:
    """Returns the metrics in Prometheus' text format."""
    return Response(prometheus_client.generate_latest(METRICS), media_type=prometheus_client.CONTENT_TYPE_LATEST)


@app.post("/digit")
async def digit(request: Request) -> JSONResponse:
    """Returns the digit (null if there is no ink), the probabilities of 0 to 9, and `is_digit`.

    A model of other classes returns the number of the class as `digit`, and its name as `class_name`.
    `is_digit` is the probability that the image shows a digit at all; below 0.5 it is a letter, a sign or a thing.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(415, "Send the image file itself as the body, as `curl --data-binary @photo.png` does.")
    if app.state.requests >= MAX_REQUESTS:
        raise busy("MAX_REQUESTS")
    app.state.requests += 1
    file = bytearray()
    try:
        with anyio.fail_after(MAX_SECONDS):
            await read_body(request, file)
        answer = await predict(bytes(file))
    except TimeoutError as error:
        raise HTTPException(408, f"The body took longer than {MAX_SECONDS:g} s.", {"Connection": "close"}) from error
    except NotAnImage as error:
        raise HTTPException(400, str(error)) from error
    except ClientDisconnect as error:
        raise HTTPException(499, "The client has disconnected.") from error
    finally:
        app.state.bytes -= len(file)
        app.state.requests -= 1
    PREDICTED.inc()
    return JSONResponse(answer)


async def read_body(request: Request, file: bytearray) -> None:
    """Appends the body to `file`, within the limits of one body and of all together."""
    async for part in request.stream():
        file += part
        app.state.bytes += len(part)
        if len(file) > MAX_BYTES:
            raise HTTPException(413, f"The body is too large. Maximum: {MAX_BYTES:,} bytes.")
        if app.state.bytes > MAX_TOTAL_BYTES:
            raise busy("MAX_TOTAL_BYTES")


async def predict(file: bytes) -> dict:
    """Returns the answer for an image file. Waits for a thread, and for a large image until it is scaled down."""
    if waiting() >= MAX_WAITING:
        raise busy("MAX_WAITING")
    answer = await in_thread(file)
    if answer is not None:
        return answer
    if app.state.large > MAX_WAITING_LARGE:
        raise busy("MAX_WAITING_LARGE")
    app.state.large += 1
    try:
        async with app.state.one_large:
            small = await prepare(file, 6 * MAX_SECONDS)
    finally:
        app.state.large -= 1
    return await in_thread(small)


async def in_thread(file: bytes) -> dict | None:
    app.state.in_threads += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(app.state.threads, decode_and_predict, file)
    finally:
        app.state.in_threads -= 1


def decode_and_predict(file: bytes) -> dict | None:
    """Returns the answer for an image file; None for a large image."""
    gray = decode(file, MAX_PIXELS)
    try:
        return None if gray is None else app.state.model.predict(gray)
    except (MemoryError, RuntimeError, ValueError) as error:
        raise HTTPException(500, "The model failed on this image.") from error


def busy(limit: str) -> HTTPException:
    """Returns the answer for a request beyond a limit, and counts it."""
    REJECTED.labels(limit).inc()
    return HTTPException(503, "Too many requests are waiting.", {"Retry-After": "1"})


class Measure:
    """ASGI middleware: counts the requests to /digit and their seconds."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] != "/digit":
            return await self.app(scope, receive, send)
        start, status = time.perf_counter(), 500

        async def send_and_note(message):
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            REQUESTS.labels(status).inc()
            SECONDS.observe(time.perf_counter() - start)


app.add_middleware(Measure)


class ImpatientProtocol(HttpToolsProtocol):
    """Closes connections whose headers are not complete after `MAX_SECONDS`, or longer than `MAX_HEADER_BYTES`."""

    # Received since the last end of headers, or the last part of a body.
    header_bytes = 0

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

    def data_received(self, data):
        self.header_bytes += len(data)
        super().data_received(data)
        if self.header_bytes > MAX_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_headers_complete(self):
        self.header_bytes = 0
        super().on_headers_complete()

    def on_body(self, body):
        self.header_bytes = 0
        super().on_body(body)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Predicts digits over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    try:
        Model(pathlib.Path(MODEL), 1)
    except ValueError as error:
        sys.exit(str(error))
    uvicorn.run(app, host=arguments.host, port=arguments.port, http=ImpatientProtocol, access_log=False)
