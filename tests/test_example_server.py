"""The server of the examples: predictions, limits, messages, slow clients."""

import asyncio
import contextlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import tensorflow as tf
from example_files import EXAMPLES, MODEL, load_example, write_pictures
from fastapi import HTTPException
from letter_images import NAMES
from PIL import Image


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, EXAMPLES / "server.py", "--port", address.split(":")[1]]
    environment = os.environ | {"MODEL": str(MODEL / "saved_model"), "MAX_BYTES": "200000", "MAX_SECONDS": "2"}
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
    for body in (content[:200], content[:-30], b"\x89PNG\r\n\x1a\n", b"GIF89a"):
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


@pytest.fixture
def server_module(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return load_example("server")


def test_a_full_queue_refuses_requests(server_module):
    image = io.BytesIO()
    Image.new("L", (28, 28)).save(image, "PNG")

    class Request:
        headers = {}

        async def stream(self):
            yield image.getvalue()

    async def ask_twice():
        server_module.app.state.waiting = asyncio.Queue(1)
        first = asyncio.create_task(server_module.digit(Request()))
        await asyncio.sleep(0)
        with pytest.raises(HTTPException) as refused:
            await server_module.digit(Request())
        first.cancel()
        return refused.value

    refused = asyncio.run(ask_twice())
    assert refused.status_code == 503
    assert refused.headers == {"Retry-After": "1"}


def test_the_server_names_other_classes(server_module, letters_export, export, monkeypatch):
    monkeypatch.setattr(server_module, "MODEL", str(export / "saved_model"))
    assert server_module.read_names() is None
    monkeypatch.setattr(server_module, "MODEL", str(letters_export / "saved_model"))
    names = server_module.read_names()
    assert names == list(NAMES)
    page, letter = io.BytesIO(), io.BytesIO()
    image = Image.new("L", (60, 60))
    image.save(page, "PNG")
    image.paste(255, (26, 10, 33, 50))
    image.save(letter, "PNG")
    encoded = tf.saved_model.load(server_module.MODEL).signatures["encoded"]
    blank, answer = server_module.predict(encoded, [page.getvalue(), letter.getvalue()], names)
    assert (blank["digit"], blank["class_name"]) == (None, None)
    assert answer["class_name"] == NAMES[answer["digit"]]
    assert len(answer["probabilities"]) == 26


def test_waiting_requests_are_batched(server_module):
    batches = []

    def encoded(files):
        batches.append(len(files))
        return {
            "classes": tf.range(len(files)),
            "probabilities": tf.zeros((len(files), 10)),
            "is_digit": tf.ones(len(files)),
        }

    async def wait():
        waiting = asyncio.Queue()
        futures = [asyncio.get_running_loop().create_future() for _ in range(40)]
        for future in futures:
            waiting.put_nowait((b"", future))
        worker = asyncio.create_task(server_module.work(encoded, waiting))
        answers = await asyncio.gather(*futures)
        worker.cancel()
        return [answer["digit"] for answer in answers]

    assert asyncio.run(wait()) == [*range(8)] * 5
    assert batches == [8] * 5
