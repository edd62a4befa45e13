"""The page of `examples/phone` with a model and LiteRT.js beside it: a folder that any web server can serve."""

import functools
import http.server
import os
import pathlib
import shutil
from collections.abc import Sequence

from mnist_keras.atomic import atomic_folder
from mnist_keras.errors import InputError
from mnist_keras.export.formats import FORMATS
from mnist_keras.files import project_folder, read_json, sha256

PAGE = project_folder("examples/phone")
_SUFFIXES = (".html", ".css", ".js", ".svg", ".png", ".webmanifest")
# Of LiteRT.js: what a browser without special headers loads. The other variants weigh as much again.
_LITERT = {
    "core/dist": ("index.js",),
    "core/wasm": (
        "litert_wasm_internal.js",
        "litert_wasm_internal.wasm",
        "litert_wasm_compat_internal.js",
        "litert_wasm_compat_internal.wasm",
    ),
    "wasm-utils/dist": ("index.js",),
}


def build_site(export: str | os.PathLike, folder: str | os.PathLike, page: pathlib.Path = PAGE) -> None:
    """Writes the page, the export's `mnist_canvas.tflite` and card, and LiteRT.js into a folder, all or nothing.

    Args:
        export: from `export_run`, with the format `canvas`.
        folder: must not exist yet, or be empty.
        page: of the page's source. LiteRT.js is looked for in its `node_modules`, then in those of the folder one
            is in.

    Raises:
        InputError: the export has no such file or a damaged one; LiteRT.js is not installed; `folder` is in use.
    """
    model, card = _model_of(pathlib.Path(export))
    files = [pathlib.Path(place, name) for place, names in _LITERT.items() for name in names]
    packages = _find_litert(page, files)
    with atomic_folder(pathlib.Path(folder)) as new:
        for file in page.iterdir():
            if file.suffix in _SUFFIXES:
                shutil.copy(file, new)
        (new / "model").mkdir()
        for file in (model, card):
            shutil.copy(file, new / "model")
        for file in files:
            target = new / "litert" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(packages / file, target)


def _find_litert(page: pathlib.Path, files: Sequence[pathlib.Path]) -> pathlib.Path:
    places = [folder / "node_modules" / "@litertjs" for folder in (page, pathlib.Path())]
    missing = [[place / file for file in files if not (place / file).is_file()] for place in places]
    for place, lacks in zip(places, missing, strict=True):
        if not lacks:
            return place
    version = read_json(page / "package.json")["dependencies"]["@litertjs/core"]
    raise InputError(
        f"LiteRT.js is not installed: there is no {missing[0][0]}. Run, in a clone of the project: "
        f"npm ci --prefix {page}, or here: npm install @litertjs/core@{version}"
    )


def page_server(folder: str | os.PathLike, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """A server of that folder, bound and not yet serving.

    Args:
        host: name or address to bind.
        port: 0 for any that is free.

    Raises:
        InputError: the address cannot be had.
    """
    handler = functools.partial(_Handler, directory=os.fspath(folder))
    try:
        return _Server((host, port), handler)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"{host}:{port} cannot be served: {error}. Choose another --port (0: any that is free)."
        ) from error


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Says nothing: browsers break off what they no longer want."""


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".tflite": "application/octet-stream",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def log_message(self, *_):
        """Says nothing: a page asks for a dozen files."""


def _model_of(export: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    model, card = export / FORMATS["canvas"].file, export / "card.json"
    if not model.is_file():
        raise InputError(
            f"{export} has no {model.name}. Expected: an export's folder with that file. Make one: "
            "python scripts/export.py RUN --formats=saved_model,float32,canvas"
        )
    try:
        recorded = read_json(card)["files"][model.name]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{card} is missing or damaged. Export the model again.") from error
    if sha256(model) != recorded:
        raise InputError(f"{model} is not the one that card.json beside it describes. Export the model again.")
    return model, card
