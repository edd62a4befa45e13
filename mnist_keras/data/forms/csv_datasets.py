"""Finds the CSV files of a training set and a test set: in a folder, in a zip file, or one file alone."""

import pathlib
import warnings
import zipfile

from mnist_keras.data.digits import Digits
from mnist_keras.data.forms.csv_files import CsvFile, UnlabeledCsv, read_csv
from mnist_keras.data.forms.idx import FASHION_NAMES
from mnist_keras.data.forms.layouts import to_digits
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.files import check_regular_file

SUFFIXES = (".csv", ".csv.gz", ".zip")
# More files than this in a zip file are no dataset of CSV files.
_MAX_MEMBERS = 10_000


def find_csv_files(path: pathlib.Path) -> list[CsvFile]:
    """Returns the CSV files of a folder, with those in its zip files, or of one file."""
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    files = []
    for candidate in paths:
        if candidate.is_file() and candidate.name.lower().endswith(SUFFIXES[:2]):
            files.append(CsvFile(candidate))
        elif candidate.is_file() and candidate.suffix.lower() == ".zip":
            files += [CsvFile(candidate, member) for member in _csv_members(candidate)]
    return files


def _csv_members(path: pathlib.Path) -> list[str]:
    check_regular_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:_MAX_MEMBERS]
    except Exception as error:  # As in `read_csv`.
        raise InputError(
            f"{path} is a damaged zip file. Expected: a zip file of train.csv or of images. "
            f"Received: {error or type(error).__name__}. Download it again."
        ) from error
    return [name for name in names if name.lower().endswith(".csv") and not name.startswith("__MACOSX/")]


def read_csv_dataset(path: pathlib.Path, files: list[CsvFile], name: str) -> Digits:
    """Reads the training set and, if there is one, the test set of a folder or file.

    Args:
        path: the folder or file.
        files: its CSV files. The name of the training set's has "train" in it, that of the test set's "test"; one file
            alone may have any name.
        name: the dataset's name.

    Raises:
        InputError: it is not clear which file is the training set, or a file cannot be read.
    """
    # Kaggle puts a sample of answers beside the images.
    files = [file for file in files if "submission" not in _stem(file)]
    train, test = _one_of(path, files, "train"), _one_of(path, files, "test")
    if train is None and len(files) == 1:
        train, test = files[0], None
    if train is None:
        received = ", ".join(_stem(file) for file in files[:8]) or "none"
        raise InputError(
            f"{path} must hold train.csv and, if there is one, test.csv (plain, .gz or in a .zip), or one CSV file. "
            f"Received: {received}. Rename the files, or pass one of them by --data_dir."
        )
    train_set, test_set = read_csv(train), None
    if test:
        try:
            test_set = read_csv(test)
        except UnlabeledCsv:
            warnings.warn(f"{test} has no labels, like that of Kaggle: it is left out.", InputWarning, stacklevel=2)
    is_fashion = "fashion" in f"{path.resolve().name} {_stem(train)}".lower() and train_set.labels.max() < 10
    return to_digits(name, train_set, test_set, FASHION_NAMES if is_fashion else None)


def _stem(file: CsvFile) -> str:
    return pathlib.PurePosixPath(file.member or file.path.name).name.lower()


def _one_of(path: pathlib.Path, files: list[CsvFile], part: str) -> CsvFile | None:
    exact = [file for file in files if _stem(file).split(".")[0] == part]
    found = exact or [file for file in files if part in _stem(file)]
    if len(found) > 1:
        raise InputError(
            f"{path} holds several CSV files of a {part} set. Expected: one. Received: "
            f"{', '.join(_stem(file) for file in found[:8])}. Pass a folder with one of them."
        )
    return found[0] if found else None
