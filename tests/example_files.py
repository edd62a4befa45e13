"""What tests of the examples share: a folder of images, and the import of an example."""

import importlib.util
import json
import pathlib

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
MODEL = ROOT / "exported" / "cnn_augmented"


def write_pictures(folder: pathlib.Path) -> pathlib.Path:
    """Writes images named by their digit, dark ink on light; a blank image; a file that is not an image."""
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


def load_example(name):
    """Imports an example into this process."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
