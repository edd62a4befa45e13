import functools
import signal
import subprocess
import urllib.request

import pytest

from mnist_keras.export.web_demo import PAGE


def test_an_export_without_the_pages_model_is_refused(script, tmp_path):
    failed = script("demo", tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"demo.py: {tmp_path} has no mnist_canvas_numbers.tflite.")


def test_the_page_is_written_or_served_until_ctrl_c(command, script, canvas_export, tmp_path):
    if not (PAGE / "node_modules" / "idb").is_dir():
        pytest.skip("the page's libraries are missing: npm ci --prefix examples/phone")
    written = script("demo", canvas_export, f"--output={tmp_path / 'site'}")
    assert written.returncode == 0 and (tmp_path / "site" / "index.html").is_file()
    # Background processes of a shell ignore SIGINT.
    restore_sigint = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    line = command("demo", canvas_export, "--port=0")
    serving = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, preexec_fn=restore_sigint)
    address = serving.stdout.readline().strip()
    with urllib.request.urlopen(address + "model/mnist_canvas_numbers.tflite") as response:
        assert response.read() == (canvas_export / "mnist_canvas_numbers.tflite").read_bytes()
    serving.send_signal(signal.SIGINT)
    assert serving.wait(timeout=20) == 0
