"""Datasets in the four IDX files of MNIST, which Fashion-MNIST and KMNIST share by name."""

import pathlib
from collections.abc import Iterable

from mnist_keras.data.archives import read_idx
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms.layouts import Labeled, to_digits
from mnist_keras.errors import InputError
from mnist_keras.files import sha256

# Names of the MNIST archives. Some copies have a dot in place of the second hyphen.
IDX_FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
FASHION_NAMES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
KMNIST_NAMES = tuple("おきすつなはまやれを")
# SHA-256 of train-labels-idx1-ubyte.gz, as TensorFlow Datasets lists them.
_TRAIN_LABELS = {
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845": FASHION_NAMES,
    "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17": KMNIST_NAMES,
}
# Words in the name of a folder.
_FOLDERS = {"fashion": FASHION_NAMES, "kmnist": KMNIST_NAMES, "kuzushiji": KMNIST_NAMES}
# Larger files are not hashed to find out whose they are.
_MAX_LABELS_BYTES = 100_000


def find_file(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """Returns the path of an IDX file, plain or .gz; None if there is none."""
    for spelling in (name, name.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            path = folder / (spelling + ending)
            if path.is_file():
                return path
    return None


def find_files(folder: pathlib.Path, names: Iterable[str]) -> list[pathlib.Path]:
    """Returns the paths of IDX files.

    Raises:
        InputError: a file is missing.
    """
    paths = {name: find_file(folder, name) for name in names}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise InputError(
            f"{folder} must hold {', '.join(paths)} (plain or .gz). Missing: {', '.join(missing)}. "
            f"Received: {folder_content(folder)}. Add the missing files or pass another folder."
        )
    return [path for path in paths.values() if path is not None]


def folder_content(folder: pathlib.Path) -> str:
    """Returns the names of the first files of a folder for an error message."""
    names = sorted(path.name for path in folder.iterdir())
    return (", ".join(names[:8]) + (", ..." if len(names) > 8 else "")) or "an empty folder"


def read_mnist_files(folder: pathlib.Path, name: str, class_names: tuple[str, ...] | None = None) -> Digits:
    """Reads the IDX files of MNIST, or of a dataset in its format; without the two of the test set, it is split off.

    Args:
        folder: the folder of the files.
        name: the dataset's name.
        class_names: None: those of Fashion-MNIST or KMNIST if the files are theirs, by checksum or by the name of the
            folder; otherwise as in `to_digits`.

    Raises:
        InputError: a file is missing or damaged.
    """
    has_test = any(find_file(folder, IDX_FILES[part]) for part in ("test_images", "test_labels"))
    names = list(IDX_FILES.values()) if has_test else list(IDX_FILES.values())[:2]
    paths = find_files(folder, names)
    arrays = [read_idx(path, axes=1 if "labels" in path.name else 3) for path in paths]
    test = Labeled(*arrays[2:]) if has_test else None
    if class_names is None and not (arrays[1].size and arrays[1].max() > 9):
        class_names = _recognize(folder, paths[1])
    return to_digits(name, Labeled(*arrays[:2]), test, class_names)


def _recognize(folder: pathlib.Path, train_labels: pathlib.Path) -> tuple[str, ...] | None:
    if train_labels.suffix == ".gz" and train_labels.stat().st_size < _MAX_LABELS_BYTES:
        known = _TRAIN_LABELS.get(sha256(train_labels))
        if known:
            return known
    return next((names for word, names in _FOLDERS.items() if word in folder.resolve().name.lower()), None)
