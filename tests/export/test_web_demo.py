"""The web demo's folder and server, without a browser. The tests in tests/phone use a browser."""

import json
import re
import shutil
import socket
import threading
import urllib.error
import urllib.request

import pytest

from mnist_keras.errors import InputError
from mnist_keras.export.web_demo import PAGE, build_site, page_server
from mnist_keras.files import sha256

LITERT = [
    "core/dist/index.js",
    *(f"core/wasm/litert_wasm_{kind}.{end}" for kind in ("internal", "compat_internal") for end in ("js", "wasm")),
    "wasm-utils/dist/index.js",
]
# Below node_modules, and in the site.
LIBRARIES = {f"@litertjs/{file}": f"litert/{file}" for file in LITERT}
LIBRARIES |= {
    name: name for name in ("client-zip/index.js", "client-zip/LICENSE.txt", "idb/build/index.js", "idb/LICENSE")
}


@pytest.fixture
def page(tmp_path):
    """The page's source, with placeholders for the files of its libraries."""
    page = tmp_path / "page"
    shutil.copytree(PAGE, page, ignore=shutil.ignore_patterns("node_modules"))
    for file in LIBRARIES:
        path = page / "node_modules" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    return page


def linked_files(page):
    """Yields the addresses of the files that the page and its modules load."""
    index = (page / "index.html").read_text()
    yield from re.findall(r'(?:href|src)="([^"]+)"', index)
    yield from re.findall(r'": "\./([^"]+)"', index)
    yield from (icon["src"] for icon in json.loads((page / "manifest.webmanifest").read_text())["icons"])
    for module in page.glob("*.js"):
        yield from re.findall(r'from "\./([^"]+)"', module.read_text())


def test_a_site_contains_every_file_that_the_page_loads(page, canvas_export, tmp_path):
    site = tmp_path / "site"
    build_site(canvas_export, site, page)
    names = list(linked_files(page))
    assert len(names) > 10
    assert [name for name in names if not (site / name).is_file()] == []
    for file, target in LIBRARIES.items():
        assert (site / target).read_text() == file
    for file in ("mnist_canvas_numbers.tflite", "card.json"):
        assert (site / "model" / file).read_bytes() == (canvas_export / file).read_bytes()
    assert not list(site.rglob("package*.json"))


def test_a_missing_or_damaged_model_raises_input_error(page, canvas_export, tmp_path):
    site = tmp_path / "site"
    (canvas_export / "mnist_canvas_numbers.tflite").write_bytes(b"another model")
    with pytest.raises(InputError, match="is not the file that card.json describes"):
        build_site(canvas_export, site, page)
    (canvas_export / "card.json").write_text("{")
    with pytest.raises(InputError, match=r"card.json is missing or damaged\. Export the model again"):
        build_site(canvas_export, site, page)
    (canvas_export / "mnist_canvas_numbers.tflite").unlink()
    with pytest.raises(InputError, match="has no mnist_canvas_numbers.tflite.*float32,canvas_numbers"):
        build_site(canvas_export, site, page)
    assert not site.exists()


@pytest.mark.parametrize("package", ["@litertjs", "idb"])
def test_a_missing_library_raises_input_error_with_the_commands(page, canvas_export, tmp_path, package):
    shutil.rmtree(page / "node_modules" / package)
    message = (
        r"libraries are not installed: .*npm ci --prefix .*npm install @litertjs/core@[\d.]+ client-zip@[\d.]+ idb@"
    )
    with pytest.raises(InputError, match=message):
        build_site(canvas_export, tmp_path / "site", page)
    assert not (tmp_path / "site").exists()


def test_a_folder_that_is_not_empty_stays_unchanged(page, canvas_export, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        build_site(canvas_export, site, page)
    assert [file.name for file in site.iterdir()] == ["thesis.txt"]


def test_files_are_served_with_their_media_types(page, canvas_export, tmp_path):
    build_site(canvas_export, tmp_path / "site", page)
    with page_server(tmp_path / "site", "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        types = {
            "": "text/html",
            "main.js": "text/javascript",
            "style.css": "text/css",
            "manifest.webmanifest": "application/manifest+json",
            "litert/core/wasm/litert_wasm_internal.wasm": "application/wasm",
        }
        for name, kind in types.items():
            with urllib.request.urlopen(address + name) as response:
                assert response.headers.get_content_type() == kind
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address + "../exported/card.json")
        server.shutdown()


def test_an_address_in_use_raises_input_error(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match=r"cannot use the address .*Choose another --port"):
            page_server(tmp_path, "127.0.0.1", taken.getsockname()[1])


def test_the_model_of_other_classes_predicts_one_image(page, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    model = export / "mnist_canvas.tflite"
    model.write_bytes(b"a model")
    card = {"dataset": {"class_names": ["a", "b"]}, "files": {model.name: {"sha256": sha256(model)}}}
    (export / "card.json").write_text(json.dumps(card))
    build_site(export, tmp_path / "site", page)
    assert {path.name for path in (tmp_path / "site" / "model").iterdir()} == {"card.json", "mnist_canvas.tflite"}
