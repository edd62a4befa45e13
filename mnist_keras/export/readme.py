"""Renders README.md of an export, the page for app developers and the model card of Hugging Face, from its card."""

from collections.abc import Mapping
from typing import Any

import jinja2

from mnist_keras.data import base_dataset
from mnist_keras.data.digits import is_of_digits
from mnist_keras.export.formats import CANVAS_PIXELS, NUMBER_FORMATS, PICTURE_FORMATS, describe_task
from mnist_keras.inference.class_names import names_from_settings
from mnist_keras.reports.text import markdown_table

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("mnist_keras.export", package_path=""),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
)
# The library that Hugging Face names for a file, in order of preference, and further tags.
_LIBRARIES = {".tflite": "litert", ".keras": "keras", ".onnx": "onnx"}
_TAGS = {**_LIBRARIES, "saved_model": "tensorflow", ".c": "tinyml"}
_HEADINGS = ("file", "description", "bytes", "test accuracy", "agreement", "maximum difference", "latency")


def describe_export(card: Mapping[str, Any]) -> str:
    """Returns the Markdown page of an export: input and output, test accuracy, limits, code to load each file.

    The YAML front matter is the metadata by which Hugging Face finds and shows a model.

    Args:
        card: content of `card.json`, from `export_run`.
    """
    files, class_names = card["files"], names_from_settings(card)
    float_files = [file for file, contract in files.items() if file.endswith(".tflite") and _takes_floats(contract)]
    dataset = base_dataset(card["dataset"]["name"])
    subject = ["mnist", "handwritten-digits", "digit-recognition"] if is_of_digits(class_names) else []
    return _TEMPLATES.get_template("README.md.jinja").render(
        card=card,
        # That of the code and of the shipped weights. Weights of other data may have another one.
        license="apache-2.0" if dataset in ("mnist", "sample") else "unknown",
        is_of_mnist=dataset == "mnist",
        library=next(iter(_present(_LIBRARIES, files)), None),
        tags=[*subject, *_present(_TAGS, files)],
        test_set=card["figures"].get("test_set", card["dataset"]["name"]),
        task=describe_task(class_names),
        is_of_digits=is_of_digits(class_names),
        class_names=class_names,
        classes=len(class_names),
        figures=card["figures"],
        table=markdown_table(_HEADINGS, [_row(file, contract) for file, contract in files.items()]),
        # The LiteRT code shows the first file with a float32 input; None leaves that code out.
        float_tflite=next(iter(float_files), None),
        canvas_pixels=CANVAS_PIXELS,
        interface=_interface,
        runtime=_runtime,
        tflite_files={file: contract for file, contract in files.items() if "oldest_runtime" in contract},
        pictures=", ".join(
            f"`{file}`" for file, contract in files.items() if contract["format"] in (*PICTURE_FORMATS, *NUMBER_FORMATS)
        ),
        thousands="{:,}".format,
    )


def _present(names: Mapping[str, str], files: Mapping[str, Any]) -> list[str]:
    """Returns the names whose key ends the name of a file."""
    return [name for ending, name in names.items() if any(file.endswith(ending) for file in files)]


def _takes_floats(contract: Mapping[str, Any]) -> bool:
    return (contract["input"]["name"], contract["input"]["dtype"]) == ("pixels", "float32")


def _interface(contract: Mapping[str, Any]) -> str:
    """Returns a line such as "`pixels` float32 [1, 28, 28, 1] from 0 to 1 -> `probabilities` float32 [1, 10]"."""
    source = contract["input"]
    minimum, maximum = source["range"]
    inputs = [f"`{source['name']}` {_tensor(source)} from {minimum} to {maximum}"]
    inputs += [f"`{name}` {_tensor(tensor)}" for name, tensor in contract.get("other_inputs", {}).items()]
    outputs = [f"`{name}` {_tensor(tensor)}" for name, tensor in contract["outputs"].items()]
    return f"{', '.join(inputs)} -> {', '.join(outputs)}"


def _runtime(contract: Mapping[str, Any]) -> str:
    """Returns a line such as "tflite-runtime 2.7 or newer, LiteRT"."""
    oldest = contract["oldest_runtime"]
    text = f"tflite-runtime or TensorFlow {oldest} or newer, LiteRT" if oldest else "the newest LiteRT"
    if contract["format"] == "c_array":
        text = "TensorFlow Lite Micro"
    elif "arena_bytes" in contract:
        text += ", TensorFlow Lite Micro"
    return text + (f" (arena: {contract['arena_bytes']:,} bytes)" if "arena_bytes" in contract else "")


def _tensor(tensor: Mapping[str, Any]) -> str:
    shape = ", ".join("any" if size is None else str(size) for size in tensor["shape"])
    scale = f", value {tensor['scale']:.6g} x (number - {tensor['zero_point']})" if "scale" in tensor else ""
    return f"{tensor['dtype']} [{shape}]{scale}"


def _row(file: str, contract: Mapping[str, Any]) -> list[str]:
    parity = contract["parity"]
    return [
        f"`{file}`",
        contract["about"],
        f"{parity['bytes']:,}",
        f"{parity['correct'] / parity['examples']:.2%}",
        f"{parity['classes_agreeing']:,} of {parity['examples']:,}",
        f"{parity['largest_difference']:.1e}",
        f"{parity['microseconds']:.0f} us",
    ]
