"""The examples run as their docstrings say, on images of the golden digits of a shipped model."""

import asyncio
import contextlib
import csv
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from fastapi import HTTPException
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
MODEL = ROOT / "exported" / "cnn_augmented"
OURS = {"keras", "mnist_keras"}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of images, dark ink on light, named by their digit; a blank image; a file that is not an image."""
    folder = tmp_path_factory.mktemp("pictures")
    for vector in json.loads((MODEL / "golden.json").read_text())["vectors"]:
        digit = Image.fromarray(np.round(np.reshape(vector["pixels"], (28, 28)) * 200).astype(np.uint8))
        page = np.full((300, 400), 235, np.uint8)
        page[90:202, 170:282] -= np.asarray(digit.resize((112, 112), Image.Resampling.BICUBIC))
        for kind in ("png", "pgm"):
            Image.fromarray(page).save(folder / f"{vector['label']}.{kind}")
    for kind in ("png", "pgm"):
        Image.new("L", (50, 40), 200).save(folder / f"blank.{kind}")
        (folder / f"bad.{kind}").write_text("not an image")
    return folder


def run(script, *arguments, without=OURS):
    """Runs an example in a process that cannot import the modules `without`."""
    code = f"import runpy, sys; sys.modules |= dict.fromkeys({sorted(without)}); sys.argv = sys.argv[1:]\n"
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(EXAMPLES / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check(result, pictures, kind):
    """Checks that every digit is predicted, and that the blank image and the file that is not an image are reported."""
    assert result.returncode == 1, result.stderr
    predictions = dict(line.rsplit(": ", 1) for line in result.stdout.splitlines())
    assert predictions.pop(str(pictures / f"blank.{kind}")) == "no ink"
    assert {int(pathlib.Path(path).stem): int(text[0]) for path, text in predictions.items()} == {
        digit: digit for digit in range(10)
    }
    assert all(re.fullmatch(r"\d \([5-9].+%\)|\d \(100.0%\)", text) for text in predictions.values())
    assert f"bad.{kind}: cannot be read: " in result.stderr
    assert "none: cannot be" in result.stderr
    assert "Traceback" not in result.stderr


def files(pictures, kind):
    return [*sorted(pictures.glob(f"*.{kind}")), pictures / "none"]


def test_plain_tensorflow(pictures):
    check(run("plain_tensorflow.py", MODEL / "saved_model", *files(pictures, "png")), pictures, "png")


def test_litert_and_numpy(pictures):
    without = OURS | {"tensorflow", "PIL", "onnxruntime"}
    result = run("litert_numpy.py", MODEL / "mnist_picture.tflite", *files(pictures, "pgm"), without=without)
    check(result, pictures, "pgm")


@pytest.mark.slow
def test_litert_and_numpy_without_other_packages(pictures, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "ai-edge-litert", "numpy"], check=True)
    installed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert not re.search("^(tensorflow|keras|mnist|pillow)", installed, re.MULTILINE | re.IGNORECASE)
    command = [python, EXAMPLES / "litert_numpy.py", MODEL / "mnist_picture.tflite", *files(pictures, "pgm")]
    check(subprocess.run(command, capture_output=True, text=True, check=False), pictures, "pgm")


def test_onnx_runtime(pictures):
    result = run(
        "onnx_runtime.py", MODEL / "mnist_picture.onnx", *files(pictures, "png"), without=OURS | {"tensorflow"}
    )
    check(result, pictures, "png")


@pytest.mark.skipif(not shutil.which("make") or not shutil.which("cc"), reason="needs make and a C compiler")
def test_c_predicts_like_python(pictures, tmp_path):
    folder = shutil.copytree(EXAMPLES / "c", tmp_path / "c")
    (folder / "read_digits").unlink(missing_ok=True)
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    # The gold linker takes one second instead of five.
    flags = ["LDFLAGS=-fuse-ld=gold"] if shutil.which("ld.gold") else []
    environment = os.environ | {"PATH": path}
    built = subprocess.run(["make", "-C", folder, *flags], env=environment, capture_output=True, text=True)
    assert built.returncode == 0 and "warning" not in built.stderr, built.stderr
    program = folder / "read_digits"
    command = [program, MODEL / "saved_model", *files(pictures, "png")]
    check(subprocess.run(command, capture_output=True, text=True, check=False), pictures, "png")
    assert subprocess.run([program], capture_output=True, check=False).returncode == 2
    nowhere = subprocess.run([program, "nowhere", "x.png"], capture_output=True, text=True, check=False)
    assert nowhere.returncode == 1 and "nowhere: cannot be loaded" in nowhere.stderr


def test_the_batch_job(pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "pictures")
    (tmp_path / "pictures" / "gone.png").symlink_to("nowhere")
    output = tmp_path / "digits.csv"
    result = run("batch_job.py", MODEL / "saved_model", tmp_path / "pictures", output)
    assert result.returncode == 1, result.stderr
    assert "12 of 13" in result.stderr
    with output.open() as file:
        rows = {pathlib.Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert len(rows) == 13
    assert rows["blank.png"]["note"] == "no ink"
    assert rows["gone.png"]["note"] == "could not be opened"
    assert "PNG" in rows["bad.png"]["note"]
    for digit in range(10):
        assert rows[f"{digit}.png"]["digit"] == str(digit)
        assert float(rows[f"{digit}.png"]["probability"]) > 0.5


def load_example(name):
    """Imports an example into this process."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_batch_job_refuses_an_empty_folder(tmp_path):
    with pytest.raises(SystemExit, match="contains no images"):
        load_example("batch_job").main(str(MODEL / "saved_model"), str(tmp_path), str(tmp_path / "digits.csv"))


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


def test_waiting_requests_are_batched(server_module):
    batches = []

    def encoded(files):
        batches.append(len(files))
        return {"classes": tf.range(len(files)), "probabilities": tf.zeros((len(files), 10))}

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
