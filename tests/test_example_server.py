"""The server of the examples: predictions, limits, messages, slow clients, metrics."""

import asyncio
import contextlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from example_files import EXAMPLES, MODEL, load_example, write_pictures
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, EXAMPLES / "server.py", "--port", address.split(":")[1]]
    environment = os.environ | {"MODEL": str(MODEL / "mnist_picture.tflite"), "MAX_BYTES": "200000", "MAX_SECONDS": "2"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://{address}/health")
            break
        except OSError:
            assert process.poll() is None, "the server has exited"
            time.sleep(0.1)
    yield f"http://{address}"
    process.terminate()
    assert process.wait(20) in (0, -15)


def ask(address, body):
    try:
        with urllib.request.urlopen(f"{address}/digit", data=body) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_server_predicts_digits(server, pictures):
    for digit in range(10):
        status, answer = ask(server, (pictures / f"{digit}.png").read_bytes())
        assert (status, answer["digit"]) == (200, digit)
        assert abs(sum(answer["probabilities"]) - 1) < 1e-4
        assert 0 <= answer["is_digit"] <= 1
    assert ask(server, (pictures / "blank.png").read_bytes())[1]["digit"] is None


def test_the_server_refuses_invalid_bodies(server, pictures):
    status, answer = ask(server, b"not an image")
    assert status == 400 and "PNG" in answer["detail"]
    assert ask(server, b"")[0] == 400
    status, answer = ask(server, bytes(200_001))
    assert (status, answer["detail"]) == (413, "The body is too large. Maximum: 200,000 bytes.")


def as_png(shape):
    buffer = io.BytesIO()
    Image.new("1", shape).save(buffer, "PNG")
    return buffer.getvalue()


def test_large_and_turned_images_are_predicted_and_larger_ones_refused(server, pictures):
    with Image.open(pictures / "5.png") as image:
        large = image.resize((3000, 3000), Image.Resampling.BICUBIC).convert("L")
        turned = image.convert("L").rotate(90, expand=True)
    for picture, options in ((large, {}), (turned, {"exif": Image.Exif()})):
        if options:
            options["exif"][0x0112] = 6
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", **options)
        status, answer = ask(server, buffer.getvalue())
        assert (status, answer["digit"]) == (200, 5)
    status, answer = ask(server, as_png((7100, 7100)))
    assert (status, answer["detail"]) == (400, "The image has 50,410,000 pixels. Maximum: 50,000,000.")
    assert ask(server, as_png((4000, 4000)))[1]["digit"] is None


def test_messages_tell_what_to_send_and_name_no_operations_or_paths(server, pictures):
    content = (pictures / "5.png").read_bytes()
    form = b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\n" + content + b"\r\n--x--\r\n"
    request = urllib.request.Request(f"{server}/digit", form, {"Content-Type": "multipart/form-data; boundary=x"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 415
    assert "Send the image file itself as the body" in json.load(refused.value)["detail"]
    # In front of the last 12 bytes is the checksum of the pixels.
    wrong_checksum = content[:-13] + bytes([content[-13] ^ 1]) + content[-12:]
    for body in (content[:200], content[:-30], wrong_checksum, b"\x89PNG\r\n\x1a\n", b"GIF89a"):
        status, answer = ask(server, body)
        assert status == 400
        assert re.fullmatch(r"The image is damaged.|The body is not a readable image. Expected: .*", answer["detail"])
    with urllib.request.urlopen(f"{server}/health") as health:
        assert json.load(health)["model"] == MODEL.name


@pytest.mark.parametrize(
    "beginning", [b"", b"POST /digit HTTP/1.1\r\nHost: x\r\n", b"POST /digit HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"]
)
def test_slow_connections_are_closed(server, beginning):
    host, port = server.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(30)]
        for connection in connections:
            connection.settimeout(10)
            connection.sendall(beginning)
        # An empty read is the end of the connection; a timeout raises.
        for connection in connections:
            while connection.recv(1000):
                pass
    assert urllib.request.urlopen(f"{server}/health").status == 200


def test_an_invalid_image_fails_alone_among_concurrent_requests(server, pictures):
    names = [*range(10), "bad", *range(10), "blank"]
    bodies = [(pictures / f"{name}.png").read_bytes() for name in names]
    with ThreadPoolExecutor(len(bodies)) as clients:
        answers = list(clients.map(lambda body: ask(server, body), bodies))
    for name, (status, answer) in zip(names, answers, strict=True):
        assert status == (400 if name == "bad" else 200)
        if name != "bad":
            assert answer["digit"] == (None if name == "blank" else name)


def read_metrics(text):
    """Returns the value of each sample without labels by its name, and of each other by name and first label."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *list(sample.labels.values())[:1]): sample.value for sample in samples}


def test_metrics_count_requests_by_status_their_seconds_and_predicted_images(server, pictures):
    def read():
        with urllib.request.urlopen(f"{server}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            return read_metrics(answer.read().decode())

    before = read()
    ask(server, (pictures / "5.png").read_bytes())
    ask(server, (pictures / "6.png").read_bytes())
    ask(server, b"not an image")
    urllib.request.urlopen(f"{server}/health")
    after = read()
    changed = {name: after[name] - before.get(name, 0) for name in after}
    assert changed["digit_requests_total", "200"] == 2
    assert changed["digit_requests_total", "400"] == 1
    assert changed["digit_images_predicted_total",] == 2
    assert changed["digit_request_seconds_count",] == 3
    assert changed["digit_request_seconds_bucket", "10.0"] == 3
    assert 0 < changed["digit_request_seconds_sum",] < 30
    assert after["digit_waiting_requests",] == after["digit_waiting_large_images",] == 0
    assert after["process_resident_memory_bytes",] > 0


@pytest.mark.parametrize("filler", [b"x", b"x\r\nY: "])
def test_long_headers_are_refused(server, filler):
    host, port = server.removeprefix("http://").split(":")
    start = b"GET /health HTTP/1.1\r\nHost: x\r\nX: "
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(start + 60_000 // len(filler) * filler + b"x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    with socket.create_connection((host, int(port)), 10) as connection:
        # Not one byte more, which the server would not read and would therefore reset the connection.
        connection.sendall((start + 65_537 * filler)[:65_537])
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
        while connection.recv(1000):
            pass


def test_a_model_of_another_kind_ends_the_start_with_a_message():
    environment = os.environ | {"MODEL": str(MODEL / "mnist.tflite")}
    command = [sys.executable, EXAMPLES / "server.py", "--port=0"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Expected: a mnist_picture.tflite file. Set MODEL to one" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def server_module(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return load_example("server")


class BlockingModel:
    """Predicts when it is released."""

    def __init__(self):
        self.released = threading.Event()

    def predict(self, gray):
        assert self.released.wait(20)
        return {"digit": 1}


async def post(module, body, more=None):
    """Sends a request to the application of a module. Returns status, headers and JSON; status None without answer."""
    received = [{"type": "http.request", "body": body, "more_body": more is not None}, more]
    sent = []

    async def receive():
        return received.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/digit", "query_string": b"", "headers": []}
    await module.app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, json.loads(sent[1]["body"])


def metrics_of(module):
    return read_metrics(asyncio.run(module.metrics()).body.decode())


@contextlib.contextmanager
def one_thread(module, model):
    module.THREADS = 1
    module.app.state.model = model
    with ThreadPoolExecutor(1) as module.app.state.threads:
        yield


def test_a_full_queue_refuses_requests(server_module, monkeypatch):
    monkeypatch.setattr(server_module, "MAX_WAITING", 2)
    model = BlockingModel()

    async def overload():
        waiting = [asyncio.create_task(post(server_module, as_png((28, 28)))) for _ in range(3)]
        await asyncio.sleep(0)
        refused = await post(server_module, as_png((28, 28)))
        metrics = read_metrics((await server_module.metrics()).body.decode())
        model.released.set()
        return refused, metrics, await asyncio.gather(*waiting)

    with one_thread(server_module, model):
        (status, headers, answer), metrics, waited = asyncio.run(overload())
    assert (status, headers["retry-after"], answer) == (503, "1", {"detail": "Too many requests are waiting."})
    assert metrics["digit_waiting_requests",] == 2
    assert metrics["digit_rejected_requests_total", "MAX_WAITING"] == 1
    assert metrics["digit_requests_total", "503"] == 1
    assert [(status, answer) for status, _, answer in waited] == [(200, {"digit": 1})] * 3
    assert server_module.waiting() == 0


@pytest.mark.parametrize(
    "limit, value, shape",
    [("MAX_REQUESTS", 0, (28, 28)), ("MAX_TOTAL_BYTES", 10, (28, 28)), ("MAX_WAITING_LARGE", -1, (1000, 1000))],
)
def test_every_limit_on_requests_is_answered_and_counted(server_module, monkeypatch, limit, value, shape):
    monkeypatch.setattr(server_module, limit, value)
    with one_thread(server_module, BlockingModel()):
        status, headers, _ = asyncio.run(post(server_module, as_png(shape)))
    assert (status, headers["retry-after"]) == (503, "1")
    assert metrics_of(server_module)["digit_rejected_requests_total", limit] == 1
    assert server_module.app.state.requests == server_module.app.state.bytes == server_module.app.state.large == 0


def test_a_failing_model_and_a_lost_client_are_answered_and_counted(server_module):
    class FailingModel:
        def predict(self, gray):
            raise RuntimeError("node 5 failed")

    with one_thread(server_module, FailingModel()):
        failed = asyncio.run(post(server_module, as_png((28, 28))))
        lost = asyncio.run(post(server_module, b"ab", {"type": "http.disconnect"}))
    assert (failed[0], failed[2]) == (500, {"detail": "The model failed on this image."})
    assert lost[0] == 499
    metrics = metrics_of(server_module)
    assert metrics["digit_requests_total", "500"] == metrics["digit_requests_total", "499"] == 1
    assert metrics["digit_images_predicted_total",] == 0


@pytest.fixture
def model_module(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return load_example("server_model")


def test_the_model_names_other_classes(model_module, pictures, tmp_path):
    assert model_module.Model(MODEL / "mnist_picture.tflite", 1).class_names is None
    names = list("abcdefghij")
    shutil.copy(MODEL / "mnist_picture.tflite", tmp_path)
    (tmp_path / "labels.txt").write_text("\n".join(names) + "\n")
    model = model_module.Model(tmp_path / "mnist_picture.tflite", 1)
    answer = model.predict(model_module.decode((pictures / "5.png").read_bytes(), 10**6))
    assert (answer["digit"], answer["class_name"]) == (5, "f")
    blank = model.predict(model_module.decode((pictures / "blank.png").read_bytes(), 10**6))
    assert (blank["digit"], blank["class_name"], blank["probabilities"]) == (None, None, [0.1] * 10)


def encode(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_images_of_every_mode_become_the_same_gray_pixels(model_module):
    columns = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
    gray = Image.fromarray(columns)
    color = gray.convert("RGB")
    files = {
        "gray PNG": encode(gray, "PNG"),
        "color PNG": encode(color, "PNG"),
        "16 bits": encode(Image.fromarray(columns.astype(np.uint16) * 257), "PNG"),
        "palette": encode(gray.convert("P"), "PNG"),
        "opaque": encode(color.convert("RGBA"), "PNG"),
        "BMP": encode(color, "BMP"),
        "gray JPEG": encode(gray, "JPEG"),
        "color JPEG": encode(color, "JPEG"),
        "CMYK JPEG": encode(color.convert("CMYK"), "JPEG"),
        "WebP": encode(color, "WEBP"),
    }
    for name, file in files.items():
        decoded = model_module.decode(file, 10**6)
        assert (decoded.dtype, decoded.shape) == (np.uint8, (40, 60)), name
        assert np.abs(decoded.astype(int) - columns).max() < 8, name


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_paper_gets_the_other_color_than_the_ink(model_module, ink):
    alpha = Image.new("L", (40, 40))
    alpha.paste(255, (15, 5, 20, 35))
    image = Image.merge("LA", (Image.new("L", (40, 40), ink), alpha))
    decoded = model_module.decode(encode(image, "PNG"), 10**6)
    assert decoded[20, 17] == ink
    assert decoded[0, 0] == 255 - ink


def test_an_image_is_turned_upright(model_module):
    image = Image.new("L", (60, 40))
    image.paste(255, (0, 0, 10, 10))
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG", "WEBP"):
        decoded = model_module.decode(encode(image.convert("RGB"), kind, exif=exif), 10**6)
        assert decoded.shape == (60, 40)
        assert decoded[5, 35] > 200 and decoded[5, 5] < 50


def test_a_large_image_is_scaled_down(model_module):
    columns = np.tile(np.linspace(0, 255, 2000).astype(np.uint8), (1000, 1))
    for kind in ("PNG", "JPEG"):
        file = encode(Image.fromarray(columns).convert("RGB"), kind)
        assert model_module.decode(file, 10**7) is None
        small = model_module.decode(asyncio.run(model_module.prepare(file, 30)), 10**6)
        assert 80 <= small.shape[0] <= 160 and 160 <= small.shape[1] <= 320
        assert small[50, 2] < 10 and 115 < small[50, small.shape[1] // 2] < 140 and small[50, -2] > 245
