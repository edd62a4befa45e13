"""Recognizes the form of the dataset in a folder or a file, and reads it."""

import contextlib
import dataclasses
import pathlib
import warnings

from mnist_keras.data.archives import NPZ_ARRAYS
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms import emnist, kuzushiji, qmnist
from mnist_keras.data.forms.csv_datasets import SUFFIXES, find_csv_files, read_csv_dataset
from mnist_keras.data.forms.idx import (
    FASHION_NAMES,
    IDX_FILES,
    KMNIST_NAMES,
    find_file,
    folder_content,
    read_mnist_files,
)
from mnist_keras.data.forms.image_folders import Folder, find_parts, read_image_folder
from mnist_keras.data.forms.image_preparation import check_preparation
from mnist_keras.data.forms.npz import read_npz
from mnist_keras.data.forms.zip_folders import open_zip_folder
from mnist_keras.errors import InputError, InputWarning

# The first file of each well-known dataset, by the name that chooses it.
KNOWN = {
    **{f"emnist-{split}": f"emnist-{split}-train-images-idx3-ubyte" for split in emnist.CLASS_NAMES},
    "qmnist": "qmnist-train-images-idx3-ubyte",
    "kmnist": "kmnist-train-imgs.npz",
    "k49": "k49-train-imgs.npz",
    "fashion-mnist": IDX_FILES["train_images"],
}


def read_dataset(path: pathlib.Path, name: str, known: str | None = None, preparation: str = "none") -> Digits:
    """Reads the dataset in a folder or a file.

    Args:
        path: a folder of IDX files, of one npz file, of CSV files, or of images in a folder per class; or an npz or
            CSV file, or a zip file of CSV files or images. Well-known datasets are recognized by the names of their
            files.
        name: the name of the returned dataset.
        known: a key of `KNOWN`, chooses among several datasets in the folder; None: there must be one.
        preparation: how images in a folder per class are prepared, see `prepare_images`.

    Raises:
        InputError: there is no such folder or file, it holds no dataset or several ones, or a file is damaged.
    """
    check_preparation(preparation)
    if not path.exists():
        raise _not_readable(path, f"There is no such folder: {path}")
    if not path.is_dir() and not (path.is_file() and path.name.lower().endswith((".npz", *SUFFIXES))):
        raise _not_readable(path, f"{path} is no folder and no npz file")
    found = _known_datasets(path) if path.is_dir() else []
    if known is not None and known not in found:
        return _read_by_choice(path, name, known, found)
    if known is None and len(found) > 1:
        raise InputError(
            f"{path} holds several datasets. Expected: one, or a choice. Received: {', '.join(found)}. "
            f"Choose by --dataset={found[0]}, for example."
        )
    digits = _read_known(path, name, known or found[0]) if found else _read_arrays(path, name)
    if digits is None:
        with _opened(path) as folder:
            parts = find_parts(folder)
            if not parts:
                raise _not_recognized(path, folder)
            return _with_form(read_image_folder(parts, name, preparation), "images in a folder per class")
    if preparation != "none":
        message = f"image_preparation={preparation} changes nothing: {path} holds no folders of images."
        warnings.warn(message, InputWarning, stacklevel=2)
    return digits


def _with_form(digits: Digits, form: str) -> Digits:
    return dataclasses.replace(digits, form=form)


def _not_readable(path: pathlib.Path, problem: str) -> InputError:
    return InputError(
        f"{problem}. Expected: a folder of the four IDX files, of an npz file, of CSV files, or of images in a folder "
        f"per class; or an npz, CSV or zip file. Received: {path.name}. Pass one by --data_dir or MNIST_KERAS_DATA_DIR."
    )


def _known_datasets(folder: pathlib.Path) -> list[str]:
    """Returns the keys of `KNOWN` that the names of the files show. Those of Fashion-MNIST are MNIST's."""
    found = [f"emnist-{split}" for split in emnist.find_splits(folder)]
    return found + ["qmnist"] * qmnist.is_qmnist(folder) + kuzushiji.find_datasets(folder)


def _read_known(folder: pathlib.Path, name: str, known: str) -> Digits:
    if known == "qmnist":
        digits = qmnist.read_qmnist(folder, name)
    elif known in kuzushiji.CLASS_NAMES:
        digits = kuzushiji.read_kuzushiji(folder, name, known)
    else:
        digits = emnist.read_emnist(folder, name, known.removeprefix("emnist-"))
    return _with_form(digits, f"the published files of {known}")


def _read_by_choice(path: pathlib.Path, name: str, known: str, found: list[str]) -> Digits:
    """Reads Fashion-MNIST or KMNIST from files with the names of MNIST's, because the caller says what they are."""
    names = {"fashion-mnist": FASHION_NAMES, "kmnist": KMNIST_NAMES}.get(known)
    if names and path.is_dir() and find_file(path, IDX_FILES["train_images"]):
        return _with_form(read_mnist_files(path, name, names), f"the published files of {known}")
    received = ", ".join(found) or (folder_content(path) if path.is_dir() else path.name)
    raise InputError(
        f"{path} does not hold {known}. Expected: a folder with {KNOWN[known]} and the files beside it. "
        f"Received: {received}. Pass its folder by --data_dir."
    )


def _read_arrays(path: pathlib.Path, name: str) -> Digits | None:
    """Reads IDX, npz or CSV files; returns None if there are none."""
    if path.is_file():
        return _read_one_npz(path, name) if path.name.lower().endswith(".npz") else _read_tables(path, name)
    missing = _missing_idx_files(path)
    if not missing or missing == [IDX_FILES["test_images"], IDX_FILES["test_labels"]]:
        return _with_form(read_mnist_files(path, name), "a folder in MNIST's format")
    npz = [file for file in sorted(path.glob("*.npz")) if file.is_file()]
    if len(npz) == 1:
        return _read_one_npz(npz[0], name)
    if npz or len(missing) < len(IDX_FILES):
        raise _not_recognized(path, path)
    return _read_tables(path, name)


def _read_one_npz(path: pathlib.Path, name: str) -> Digits:
    return _with_form(read_npz(path, name), "an npz file")


def _read_tables(path: pathlib.Path, name: str) -> Digits | None:
    """Reads CSV files; returns None if there are none, or if they only describe the images beside them."""
    csv_files = find_csv_files(path)
    # A table beside folders of images describes them, unless its name says otherwise.
    has_data = any("train" in str(file).removeprefix(str(path)).lower() for file in csv_files) or not _has_images(path)
    return _with_form(read_csv_dataset(path, csv_files, name), "CSV files") if csv_files and has_data else None


def _has_images(path: pathlib.Path) -> bool:
    if path.is_file() and path.suffix.lower() != ".zip":
        return False
    with _opened(path) as folder:
        return bool(find_parts(folder))


def _opened(path: pathlib.Path) -> contextlib.AbstractContextManager[Folder]:
    return open_zip_folder(path) if path.is_file() else contextlib.nullcontext(path)


def _missing_idx_files(folder: pathlib.Path) -> list[str]:
    return [file for file in IDX_FILES.values() if find_file(folder, file) is None]


def _not_recognized(path: pathlib.Path, folder: Folder) -> InputError:
    if path.is_file():
        received = ", ".join(sorted(entry.name for entry in folder.iterdir())[:8])
        return InputError(
            f"{path} must hold train.csv, or a folder of images per class, as in 7/a.png. "
            f"Received: {received or 'an empty zip file'}. Add the missing files or pass another one."
        )
    return InputError(
        f"{path} must hold {', '.join(IDX_FILES.values())} (plain or .gz), or one .npz with "
        f"{', '.join(NPZ_ARRAYS.values())}, or train.csv and test.csv, or a folder of images per class, as in "
        f"train/7/a.png. Missing: {', '.join(_missing_idx_files(path))}. Received: {folder_content(path)}. "
        "Add the missing files or pass another folder."
    )
