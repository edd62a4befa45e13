"""Drives the phone page in a real Chromium, for tests, time measurements and the README's screenshot."""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
import threading

import numpy as np

from mnist_keras.export.web_demo import PAGE, build_site, page_server

ROOT = pathlib.Path(__file__).parents[2]
EXPORT = ROOT / "exported" / "cnn_robust"
# Chromium must send no requests of its own. As root, as in a container, it needs --no-sandbox.
_FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
# The golden digits of the export: label, and uint8 (28, 28).
GOLDEN = [
    (vector["label"], np.round(255 * np.array(vector["pixels"])).astype(np.uint8).reshape(28, 28))
    for vector in json.loads((EXPORT / "golden.json").read_text())["vectors"]
]

# Strokes of digits, as fractions of the canvas' side.
STROKES = {
    1: [[(0.42, 0.3), (0.52, 0.2), (0.52, 0.8)]],
    2: [[(0.3, 0.32), (0.4, 0.2), (0.6, 0.2), (0.68, 0.34), (0.6, 0.48), (0.3, 0.78), (0.72, 0.78)]],
    4: [[(0.45, 0.2), (0.28, 0.55), (0.72, 0.55)], [(0.62, 0.38), (0.6, 0.85)]],
    7: [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)], [(0.38, 0.52), (0.62, 0.52)]],
}
# Strokes that are no digit.
CROSS = [[(0.25, 0.2), (0.75, 0.8)], [(0.75, 0.2), (0.25, 0.8)]]
HASH = [
    [(0.35, 0.2), (0.35, 0.8)],
    [(0.62, 0.2), (0.62, 0.8)],
    [(0.2, 0.4), (0.8, 0.4)],
    [(0.2, 0.62), (0.8, 0.62)],
]


def missing():
    """Returns what is not installed of Chromium and the page's libraries, in words; None if both are."""
    if not _chromium():
        return f"no Chromium: none of {', '.join(_NAMES)} on the path"
    if not (PAGE / "node_modules" / "idb").is_dir():
        return "the page's libraries are missing: npm ci --prefix examples/phone"
    return None


@contextlib.contextmanager
def served(export=EXPORT):
    """Yields a running server of the page."""
    with tempfile.TemporaryDirectory() as folder:
        build_site(export, folder)
        with page_server(folder, "127.0.0.1", 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server
            server.shutdown()


@contextlib.contextmanager
def chromium():
    """Yields Playwright's browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=_FLAGS)
        yield browser
        browser.close()


def address_of(server):
    return f"http://127.0.0.1:{server.server_port}/"


def wait_until(page, *states):
    """Waits for one of the page's states: ready, offline, failed."""
    page.wait_for_function(f"{list(states)}.includes(document.documentElement.dataset.state)", timeout=60_000)


def draw(page, digit, left=0.0, top=0.0, size=1.0):
    """Draws a digit with the mouse and waits for its prediction.

    It fills the square at `left` and `top` of the side `size`, fractions of the drawing area's side.
    """
    draw_strokes(page, [[(left + size * x, top + size * y) for x, y in stroke] for stroke in STROKES[digit]])


def draw_strokes(page, strokes):
    """Draws strokes with the mouse and waits for the prediction."""
    box = page.locator("#pad").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=5)
        page.mouse.up()
    wait_for_prediction(page)


def wait_for_prediction(page):
    """Waits until the page shows the prediction of the complete drawing."""
    page.wait_for_function("document.documentElement.dataset.prediction === 'done'")


def upload(page, file):
    """Chooses an image file, a path or Playwright's dict of name, type and content, and waits for its prediction."""
    page.get_by_label("Image", exact=True).set_input_files(file)
    wait_for_prediction(page)


def _chromium():
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
