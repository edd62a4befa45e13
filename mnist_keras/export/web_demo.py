"""Builds and serves the web demo: the page of `examples/phone`, a model and the page's libraries in one folder."""

import functools
import http.server
import os
import pathlib
import shutil
from collections.abc import Sequence

from mnist_keras.atomic import atomic_folder
from mnist_keras.data.digits import is_of_digits
from mnist_keras.errors import InputError
from mnist_keras.export.formats import FORMATS
from mnist_keras.files import project_folder, read_json, sha256
from mnist_keras.inference.class_names import names_from_settings

PAGE = project_folder("examples/phone")
_SUFFIXES = (".html", ".css", ".js", ".svg", ".png", ".webmanifest")
# The files of npm packages that a browser loads, and their licenses; the folder of each below node_modules and in the
# site. Of LiteRT.js, those for a server without special headers: the other variants would double the size.
_LIBRARY_FILES = {
    ("@litertjs/core/dist", "litert/core/dist"): ("index.js",),
    ("@litertjs/core/wasm", "litert/core/wasm"): (
        "litert_wasm_internal.js",
        "litert_wasm_internal.wasm",
        "litert_wasm_compat_internal.js",
        "litert_wasm_compat_internal.wasm",
    ),
    ("@litertjs/wasm-utils/dist", "litert/wasm-utils/dist"): ("index.js",),
    ("client-zip", "client-zip"): ("index.js", "LICENSE.txt"),
    ("idb", "idb"): ("build/index.js", "LICENSE"),
}


def build_site(export: str | os.PathLike, folder: str | os.PathLike, page: pathlib.Path = PAGE) -> None:
    """Writes the page, the model and the page's libraries into a folder for any web server, or writes nothing.

    Args:
        export: an export's folder with the format `canvas_numbers`, or `canvas` if its classes are not the ten digits.
            That file and `card.json` are copied.
        folder: missing or empty.
        page: folder of the page's source. The libraries are taken from its `node_modules`, otherwise from
            `node_modules` of the working directory.

    Raises:
        InputError: the model is missing or damaged; the libraries are not installed; `folder` exists and is not empty.
    """
    model, card = _model_and_card(pathlib.Path(export))
    files = {
        pathlib.Path(source, name): pathlib.Path(target, name)
        for (source, target), names in _LIBRARY_FILES.items()
        for name in names
    }
    packages = _find_packages(page, list(files))
    with atomic_folder(pathlib.Path(folder)) as new:
        for file in page.iterdir():
            if file.suffix in _SUFFIXES:
                shutil.copy(file, new)
        (new / "model").mkdir()
        for file in (model, card):
            shutil.copy(file, new / "model")
        for source, target in files.items():
            (new / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(packages / source, new / target)


def _find_packages(page: pathlib.Path, files: Sequence[pathlib.Path]) -> pathlib.Path:
    """Returns the folder of npm packages that holds all `files`."""
    candidates = [folder / "node_modules" for folder in (page, pathlib.Path())]
    for candidate in candidates:
        if all((candidate / file).is_file() for file in files):
            return candidate
    missing = next(candidates[0] / file for file in files if not (candidates[0] / file).is_file())
    versions = read_json(page / "package.json")["dependencies"]
    packages = " ".join(f"{name}@{version}" for name, version in versions.items())
    raise InputError(
        f"The page's libraries are not installed: {missing} is missing. Run, in a clone of the project: "
        f"npm ci --prefix {page}. Otherwise run, in the working directory: npm install {packages}"
    )


def page_server(folder: str | os.PathLike, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """Returns a web server of a folder. It is bound to its address but does not serve yet.

    Args:
        folder: from `build_site`.
        host: host name or address to bind.
        port: 0 to 65535. 0 chooses a free port.

    Raises:
        InputError: the address is in use or invalid.
    """
    handler = functools.partial(_Handler, directory=os.fspath(folder))
    try:
        return _Server((host, port), handler)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"The server cannot use the address {host}:{port}: {error}. Choose another --port; 0 chooses a free one."
        ) from error


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Ignores errors, because browsers close connections early."""


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".tflite": "application/octet-stream",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def log_message(self, *_):
        """Logs nothing."""


def _is_of_digits(card: pathlib.Path) -> bool:
    try:
        return is_of_digits(names_from_settings(read_json(card)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return True


def _model_and_card(export: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Returns the paths of the model and its card, after a check of the model's SHA-256."""
    card = export / "card.json"
    kind = "canvas_numbers" if _is_of_digits(card) else "canvas"
    model = export / FORMATS[kind].file
    if not model.is_file():
        raise InputError(
            f"{export} has no {model.name}. Expected: an export's folder with that file. Export it: "
            f"python scripts/export.py RUN --formats=saved_model,float32,{kind}"
        )
    try:
        recorded = read_json(card)["files"][model.name]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{card} is missing or damaged. Export the model again.") from error
    if sha256(model) != recorded:
        raise InputError(
            f"{model} is not the file that card.json describes: their SHA-256 differ. It is damaged or was replaced. "
            "Export the model again."
        )
    return model, card
