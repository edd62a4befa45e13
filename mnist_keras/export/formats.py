"""What a model can be exported as. Imports no TensorFlow."""

import dataclasses
import importlib.util
import os
import pathlib
from collections.abc import Sequence

from mnist_keras.errors import InputError
from mnist_keras.files import read_json


@dataclasses.dataclass(frozen=True)
class Format:
    """One file of an export, and how far its answers may be from the model's."""

    # In the export's folder.
    file: str
    # Largest difference between two probabilities.
    largest_difference: float
    # Smallest share of images on which both name the same digit.
    agreeing: float
    # Element type of the input.
    input_dtype: str
    # One line for --help and the card.
    about: str
    # Modules that writing and checking it needs, from the extra `onnx`.
    modules: tuple[str, ...] = ()


# Float32 sums in another order; weights of 16 bits, which tip an image between two digits now and then, or pixels that
# are rounded the other way; 8 bits.
_EXACT, _HALF, _EIGHT = (1e-5, 1.0), (0.02, 0.999), (1.0, 0.98)
_ONNX = ("onnx", "tf2onnx", "onnxruntime")

FORMATS = {
    "saved_model": Format("saved_model", *_EXACT, "uint8", "TensorFlow, any number of digits at once"),
    "float32": Format("mnist.tflite", *_EXACT, "float32", "LiteRT, the contract of Google's codelab apps"),
    "float16": Format("mnist_float16.tflite", *_HALF, "float32", "LiteRT, weights of 16 bits: half the size"),
    "dynamic": Format("mnist_dynamic.tflite", *_EIGHT, "float32", "LiteRT, weights of 8 bits: a quarter of the size"),
    "int8": Format("mnist_int8.tflite", *_EIGHT, "float32", "LiteRT, 8 bits throughout"),
    "int8_io": Format("mnist_int8_io.tflite", *_EIGHT, "int8", "LiteRT, 8 bits throughout and at both ends"),
    "uint8_io": Format(
        "mnist_uint8_io.tflite", *_EIGHT, "uint8", "LiteRT, 8 bits throughout, raw pixels go straight in"
    ),
    "picture": Format("mnist_picture.tflite", *_HALF, "uint8", "LiteRT, a whole grey picture of any size"),
    "canvas": Format("mnist_canvas.tflite", *_HALF, "float32", "LiteRT in a browser, the pixels of a canvas"),
    "onnx": Format("mnist.onnx", *_EXACT, "float32", "onnxruntime, any number of digits at once", _ONNX),
    "onnx_picture": Format("mnist_picture.onnx", *_HALF, "uint8", "onnxruntime, a whole grey picture", _ONNX),
}
# Those that bring a picture to MNIST's geometry themselves.
PICTURE_FORMATS = ("picture", "canvas", "onnx_picture")
# Most that a picture for `canvas` may have: LiteRT.js takes tensors of one size alone.
CANVAS_PIXELS = 320 * 320
DEFAULT_FORMATS = ("saved_model", "float32")


def expand_formats(names: Sequence[str]) -> tuple[str, ...]:
    """Names of formats, each once; "all" stands for every one whose modules are installed.

    Raises:
        InputError: no such format, or one whose modules are not installed.
    """
    wanted = [name.strip() for name in names]
    unknown = [name for name in wanted if name not in (*FORMATS, "all")]
    if unknown or not wanted:
        raise InputError(f"There is no format {unknown[0] if unknown else ''!r}. Expected: {', '.join(FORMATS)}, all.")
    missing = {name: _missing_module(kind) for name, kind in FORMATS.items()}
    for name in wanted:
        if missing.get(name):
            raise InputError(f"The format {name} needs {missing[name]}: pip install -e '.[onnx]'")
    if "all" in wanted:
        return tuple(name for name in FORMATS if not missing[name])
    return tuple(dict.fromkeys(wanted))


def _missing_module(kind: Format) -> str | None:
    return next((module for module in kind.modules if importlib.util.find_spec(module) is None), None)


def default_export_folder(root: str | os.PathLike, recipe: str, dataset: str) -> pathlib.Path:
    """`root`/RECIPE; or `root`/RECIPE-DATASET where an export trained on MNIST would have to give way."""
    folder = pathlib.Path(root) / recipe
    keeps = dataset != "mnist" and _dataset_of(folder) == "mnist"
    return folder.with_name(f"{recipe}-{dataset}") if keeps else folder


def check_replaceable(folder: pathlib.Path, dataset: str) -> None:
    """Raises InputError if an export of a model trained on `dataset` may not replace what stands there."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    standing = _dataset_of(folder)
    if standing is None:
        raise InputError(f"{folder} exists and is no export (it has no card.json). Choose another folder.")
    if standing == "mnist" and dataset != "mnist":
        raise InputError(
            f"{folder} holds an export trained on MNIST; one trained on {dataset!r} does not replace it. "
            "Choose another folder, or move that export away."
        )


def _dataset_of(folder: pathlib.Path) -> str | None:
    try:
        return read_json(folder / "card.json")["dataset"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
