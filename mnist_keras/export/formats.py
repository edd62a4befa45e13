"""The formats of an export, and the rule which folder an export may replace. Must not import TensorFlow."""

import dataclasses
import importlib.util
import os
import pathlib
import warnings
from collections.abc import Sequence

from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.files import FORMAT_FILES, read_json


@dataclasses.dataclass(frozen=True)
class Format:
    """One file of an export and its tolerance against the Keras model."""

    # Name in the export's folder.
    file: str
    # Maximum difference between a probability of the file and of the model.
    max_difference: float
    # Minimum fraction of images for which both predict the same class.
    min_agreement: float
    # Dtype of the input.
    input_dtype: str
    # One line for --help and for card.json. A new wording changes the bytes of exported files.
    about: str
    # Modules of the extra `onnx` that the format needs.
    modules: tuple[str, ...] = ()
    # Maximum number of images that are compared with the model. None: all test images.
    max_images: int | None = None


# Tolerances (max_difference, min_agreement). Float32 differs by the order of sums. Float16 weights, or pixels that are
# rounded differently, can change the class of an image with two almost equal probabilities.
_FLOAT32, _FLOAT16, _INT8 = (1e-5, 1.0), (0.02, 0.999), (1.0, 0.98)
_ONNX = ("onnx", "tf2onnx", "onnxruntime")

FORMATS = {
    "saved_model": Format(FORMAT_FILES["saved_model"], *_FLOAT32, "uint8", "TensorFlow, any number of digits at once"),
    "float32": Format(FORMAT_FILES["float32"], *_FLOAT32, "float32", "LiteRT, the contract of Google's codelab apps"),
    "float16": Format(FORMAT_FILES["float16"], *_FLOAT16, "float32", "LiteRT, weights of 16 bits: half the size"),
    "dynamic": Format(FORMAT_FILES["dynamic"], *_INT8, "float32", "LiteRT, weights of 8 bits: a quarter of the size"),
    "int8": Format(FORMAT_FILES["int8"], *_INT8, "float32", "LiteRT, 8 bits throughout"),
    "int8_io": Format(FORMAT_FILES["int8_io"], *_INT8, "int8", "LiteRT, 8 bits throughout and at both ends"),
    "uint8_io": Format(
        FORMAT_FILES["uint8_io"], *_INT8, "uint8", "LiteRT, 8 bits throughout, raw pixels go straight in"
    ),
    "picture": Format(FORMAT_FILES["picture"], *_FLOAT16, "uint8", "LiteRT, a whole grey picture of any size"),
    "canvas": Format(FORMAT_FILES["canvas"], *_FLOAT16, "float32", "LiteRT in a browser, the pixels of a canvas"),
    "onnx": Format(FORMAT_FILES["onnx"], *_FLOAT32, "float32", "onnxruntime, any number of digits at once", _ONNX),
    "onnx_picture": Format(
        FORMAT_FILES["onnx_picture"], *_FLOAT16, "uint8", "onnxruntime, a whole grey picture", _ONNX
    ),
    "numbers": Format(
        FORMAT_FILES["numbers"], *_FLOAT16, "uint8", "LiteRT, all digits of a grey picture", max_images=1000
    ),
    "canvas_numbers": Format(
        FORMAT_FILES["canvas_numbers"],
        *_FLOAT16,
        "float32",
        "LiteRT in a browser, all digits on a canvas",
        max_images=1000,
    ),
    "onnx_numbers": Format(
        FORMAT_FILES["onnx_numbers"], *_FLOAT16, "uint8", "onnxruntime, all digits of a grey picture", _ONNX, 1000
    ),
    "keras": Format(FORMAT_FILES["keras"], *_FLOAT32, "float32", "Keras without this package, to train further"),
    "mediapipe": Format(
        FORMAT_FILES["mediapipe"], *_FLOAT16, "uint8", "MediaPipe, a whole color image of any size", max_images=1000
    ),
    "c_array": Format(
        FORMAT_FILES["c_array"], *_INT8, "int8", "a C array for TensorFlow Lite Micro, 8 bits throughout"
    ),
}
# Formats that take a whole image and normalize it to a 28x28 digit themselves, and those that find all its digits.
PICTURE_FORMATS = ("picture", "canvas", "onnx_picture", "mediapipe")
NUMBER_FORMATS = ("numbers", "canvas_numbers", "onnx_numbers")
# Maximum number of pixels of an image for `canvas`. LiteRT.js needs an input tensor of fixed size.
CANVAS_PIXELS = 320 * 320
# Height and width of the image for `mediapipe`.
MEDIAPIPE_SIDE = 224
DEFAULT_FORMATS = ("saved_model", "float32")


def expand_formats(names: Sequence[str], class_names: Sequence[str] = DIGIT_NAMES) -> tuple[str, ...]:
    """Returns the names of the requested formats without duplicates.

    Args:
        names: names of `FORMATS`, or "all" for every format whose modules are installed. Of other classes than the ten
            digits, "all" leaves out the formats that read whole numbers, with an `InputWarning`.
        class_names: of the model.

    Raises:
        InputError: a name is unknown, `names` is empty, the modules of a named format are not installed, or a named
            format reads whole numbers and the model has other classes.
    """
    requested = [name.strip() for name in names]
    unknown = [name for name in requested if name not in (*FORMATS, "all")]
    if unknown or not requested:
        raise InputError(
            f"Unknown export format. Expected: {', '.join(FORMATS)}, or all. Received: formats={','.join(names)!r}"
        )
    missing = {name: _missing_module(kind) for name, kind in FORMATS.items()}
    for name in requested:
        if missing.get(name):
            raise InputError(
                f"The format {name} needs the module {missing[name]}, which is not installed. "
                "Run: pip install -e '.[onnx]'"
            )
    reads_digits = is_of_digits(class_names)
    if not reads_digits:
        _check_no_number_formats(requested)
    if "all" not in requested:
        return tuple(dict.fromkeys(requested))
    if not reads_digits:
        warnings.warn(
            f"the formats {', '.join(NUMBER_FORMATS)} are left out: they read whole numbers, and the model has other "
            "classes than the ten digits.",
            InputWarning,
            stacklevel=2,
        )
    return tuple(name for name in FORMATS if not missing[name] and (reads_digits or name not in NUMBER_FORMATS))


def _check_no_number_formats(requested: Sequence[str]) -> None:
    named = [name for name in requested if name in NUMBER_FORMATS]
    if named:
        raise InputError(
            f"A format for numbers needs a model of the ten digits, 0 to 9. Received: formats={','.join(named)} and "
            f"other classes. Choose {', '.join(PICTURE_FORMATS)} for pictures of one of them."
        )


def describe_task(class_names: Sequence[str]) -> str:
    """Returns in words what a model of these classes does. The words are part of the exported files."""
    if is_of_digits(class_names):
        return "classifies handwritten digits"
    return f"classifies images of {len(class_names)} classes"


def _missing_module(kind: Format) -> str | None:
    return next((module for module in kind.modules if importlib.util.find_spec(module) is None), None)


def default_export_folder(root: str | os.PathLike, recipe: str, dataset: str) -> pathlib.Path:
    """Returns the folder that an export goes to by default: `root`/RECIPE.

    It is `root`/RECIPE-DATASET if `root`/RECIPE holds an export trained on MNIST and `dataset` is another dataset.
    """
    folder = pathlib.Path(root) / recipe
    keeps_mnist = dataset != "mnist" and _trained_on(folder) == "mnist"
    return folder.with_name(f"{recipe}-{dataset}") if keeps_mnist else folder


def check_replaceable(folder: pathlib.Path, dataset: str) -> None:
    """Raises InputError if an export of a model trained on `dataset` must not replace the content of `folder`.

    A missing or empty folder passes. An export passes too, unless it was trained on MNIST and `dataset` is another
    dataset.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    existing = _trained_on(folder)
    if existing is None:
        raise InputError(
            f"{folder} already exists and is not an export. Expected: a folder with a card.json, an empty folder or "
            "none. Choose another folder."
        )
    if existing == "mnist" and dataset != "mnist":
        raise InputError(
            f"{folder} holds an export trained on MNIST. Only another model trained on MNIST can replace it. "
            f"Received: dataset={dataset!r}. Choose another folder, or move that export."
        )


def _trained_on(folder: pathlib.Path) -> str | None:
    """Returns the dataset named in an export's card.json; None if there is no valid card."""
    try:
        return read_json(folder / "card.json")["dataset"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
