"""KMNIST and Kuzushiji-49: four npz files, and a class map from labels to characters."""

import csv
import pathlib

import numpy as np

from mnist_keras.data.archives import npz_keys, read_arrays
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms.idx import KMNIST_NAMES, folder_content
from mnist_keras.data.forms.layouts import Labeled, to_digits
from mnist_keras.errors import InputError

# Class names by the first part of the files' names (Clanuwat et al. 2018).
CLASS_NAMES = {
    "kmnist": KMNIST_NAMES,
    "k49": tuple("あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわゐゑをんゝ"),
}
_MAX_MAP_BYTES = 100_000


def find_datasets(folder: pathlib.Path) -> list[str]:
    """Returns the keys of `CLASS_NAMES` of which a folder holds training images."""
    return [known for known in CLASS_NAMES if (folder / f"{known}-train-imgs.npz").is_file()]


def read_kuzushiji(folder: pathlib.Path, name: str, known: str) -> Digits:
    """Reads KMNIST or Kuzushiji-49 from the npz files of a folder.

    Args:
        folder: holds KNOWN-train-imgs.npz and so on; its KNOWN_classmap.csv, if there is one, has the names.
        name: the dataset's name.
        known: a key of `CLASS_NAMES`.

    Raises:
        InputError: a file is missing or damaged.
    """
    files = [folder / f"{known}-{part}-{kind}.npz" for part in ("train", "test") for kind in ("imgs", "labels")]
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise InputError(
            f"{folder} must hold {', '.join(path.name for path in files)}. Missing: {', '.join(missing)}. "
            f"Received: {folder_content(folder)}. Add the missing files or pass another folder."
        )
    arrays: list[np.ndarray] = []
    for path in files:
        keys = npz_keys(path)
        if len(keys) != 1:
            raise InputError(
                f"{path} must hold one array, arr_0. Received: {', '.join(keys)[:200] or 'none'}. Download it again."
            )
        arrays += read_arrays(path, keys).values()
    class_map = folder / f"{known}_classmap.csv"
    names = _read_class_map(class_map) if class_map.is_file() else CLASS_NAMES[known]
    return to_digits(name, Labeled(*arrays[:2]), Labeled(*arrays[2:]), names)


def _read_class_map(path: pathlib.Path) -> tuple[str, ...]:
    """Reads lines such as "0,U+3042,あ" below a header."""
    with path.open("rb") as file:
        text = file.read(_MAX_MAP_BYTES + 1).decode("utf-8-sig", errors="replace")
    names: list[str] = []
    for row in list(csv.reader(text.splitlines()))[1:]:
        if len(row) != 3 or row[0].strip() != str(len(names)) or not row[2].strip().isprintable() or "\ufffd" in row[2]:
            raise InputError(
                f"{path} has a wrong line. Expected: label, code point and character in UTF-8, as in '0,U+3042,あ', "
                f"without gaps. Received: {','.join(row)[:40]!r}. Download it again, or delete this file."
            )
        names.append(row[2].strip())
    return tuple(names)
