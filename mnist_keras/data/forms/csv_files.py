"""Images as rows of a CSV file: a label and 784 pixels, in the layout of Kaggle's competitions."""

import csv
import gzip
import io
import itertools
import pathlib
import zipfile
from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np

from mnist_keras.data.archives import check_size
from mnist_keras.data.digits import MAX_CLASSES
from mnist_keras.data.forms.layouts import Labeled, label_dtype
from mnist_keras.errors import InputError
from mnist_keras.files import check_regular_file

PIXELS = 28 * 28
# 785 numbers of 25 characters each have 20 kB.
_MAX_LINE_BYTES = 1 << 16
_ROWS_PER_CHUNK = 4096
_LABEL_COLUMNS = ("label", "labels", "class", "target", "y", "digit", "character")


class CsvFile(NamedTuple):
    """A CSV file: plain, gzipped, or a member of a zip file."""

    path: pathlib.Path
    member: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.member}" if self.member else str(self.path)


class _Table(NamedTuple):
    """The values of a CSV file. Two arrays, because a million rows in 16 bits take two gigabytes."""

    #: uint8 (rows, columns). Values above 255 are wrong in the first and the last column.
    values: np.ndarray
    #: uint16 (rows, 2): the first and the last column.
    ends: np.ndarray


class UnlabeledCsv(InputError):
    """A CSV file has pixels and no labels."""


def read_csv(file: CsvFile | pathlib.Path) -> Labeled:
    """Reads images and labels from a CSV file with or without a header; the label is the first or the last column.

    Without a header, the column that holds class numbers is the label's: pixels of the corners of an image hardly vary.

    Returns:
        Images uint8 (rows, 784), labels uint8 or uint16 (rows,).

    Raises:
        UnlabeledCsv: the rows have 784 numbers.
        InputError: the file is damaged, a row has another number of columns, or a value is out of range.
    """
    file = CsvFile(file) if isinstance(file, pathlib.Path) else file
    check_regular_file(file.path)
    try:
        with _open(file) as stream:
            header, table = _read_table(file, stream)
    except InputError:
        raise
    except Exception as error:  # Decompressors raise whatever a damaged file leads them into.
        raise InputError(
            f"{file} cannot be read. Expected: a CSV file, plain, gzipped or in a zip file. "
            f"Received: {error or type(error).__name__}. Download it again."
        ) from error
    place = _label_column(file, header, table)
    labels = table.ends[:, place] if place in (0, -1) else table.values[:, place]
    pixels_at_ends = np.delete(table.ends, place, axis=1) if place in (0, -1) else table.ends
    _check_pixels(file, pixels_at_ends)
    if labels.max() >= MAX_CLASSES:
        raise InputError(
            f"{file} has labels above {MAX_CLASSES - 1}. Expected: class numbers from 0. Received: {labels.max()}. "
            "Check which column holds the label, and name it 'label' in a header."
        )
    return Labeled(np.delete(table.values, place, axis=1), labels.astype(label_dtype(int(labels.max()) + 1)))


def _check_pixels(file: CsvFile, pixels: np.ndarray) -> None:
    if pixels.max() > 255:
        raise InputError(
            f"{file} has pixels above 255. Expected: whole numbers from 0 to 255 beside the label. Received: "
            f"{int(pixels.max())}. Check which column holds the label, and name it 'label' in a header."
        )


def _open(file: CsvFile) -> IO[bytes]:
    """Opens the file for reading. The size of a zip file's member is compared with the limit before it is read."""
    if file.member:
        archive = zipfile.ZipFile(file.path)
        check_size(str(file), archive.getinfo(file.member).file_size)
        return archive.open(file.member)
    stream = file.path.open("rb")
    is_gzip = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if is_gzip else stream  # type: ignore[return-value]


def _lines(file: CsvFile, stream: IO[bytes]) -> Iterator[str]:
    """Yields the lines that are not empty. A line or a decompressed file that is too long raises."""
    is_plain = isinstance(stream, io.BufferedReader)
    size, number = 0, 0
    while line := stream.readline(_MAX_LINE_BYTES):
        number, size = number + 1, size + len(line)
        if len(line) == _MAX_LINE_BYTES:
            raise InputError(
                f"{file} has a line of {_MAX_LINE_BYTES:,} bytes or more. Expected: a label and {PIXELS} numbers. "
                f"Received: line {number}, {line[:20]!r}... Write one image per line."
            )
        if not is_plain:
            check_size(str(file), size)
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError(
                f"{file} is not text in UTF-8. Expected: numbers with commas between them, as in '5,0,0,...'. "
                f"Received: line {number}, {line[:20]!r}. Save it as CSV in UTF-8."
            ) from None
        if text.strip():
            yield text


def _read_table(file: CsvFile, stream: IO[bytes]) -> tuple[list[str] | None, _Table]:
    """Returns the names in the header, None without one, and the values."""
    lines = _lines(file, stream)
    first = next(lines, "")
    names = [name.strip() for name in next(csv.reader([first]), [])]
    header = None if all(_is_number(name) for name in names) else names
    columns = len(names)
    if columns not in (PIXELS, PIXELS + 1):
        raise InputError(
            f"{file} must have {PIXELS + 1} columns: label,pixel0,...,pixel{PIXELS - 1}. Received: {columns} columns, "
            f"beginning with {first[:40].strip()!r}. Write one image of 28x28 pixels per line, with commas."
        )
    chunks, rows, pending = [], 0, [] if header else [first]
    while True:
        pending += itertools.islice(lines, _ROWS_PER_CHUNK - len(pending))
        if not pending:
            break
        chunks.append(_parse(file, pending, columns, rows + bool(header)))
        rows, pending = rows + len(pending), []
        check_size(str(file), rows * columns)
    if not chunks:
        raise InputError(f"{file} has no images. Expected: one per line. Received: a header alone. Add images.")
    return header, _Table(*(np.concatenate(arrays) for arrays in zip(*chunks, strict=True)))


def _parse(file: CsvFile, lines: list[str], columns: int, before: int) -> _Table:
    try:
        table = np.loadtxt(lines, np.float32, delimiter=",", comments=None, quotechar='"', ndmin=2)
    except ValueError as error:
        place, wrong = next(filter(lambda row: _wrong_part(row[1], columns), enumerate(lines)), (0, lines[0]))
        received = _wrong_part(wrong, columns) or str(error)
        raise InputError(
            f"{file} has a wrong line. Expected: {columns} numbers with commas between them, labels too. Received: "
            f"{received} in line {before + place + 1}, {wrong[:40].strip()!r}. Correct or remove it."
        ) from error
    if table.shape[1] != columns:
        raise InputError(
            f"{file} has lines of different lengths. Expected: {columns} columns in each. Received: {table.shape[1]} "
            f"from line {before + 1} on. Check the header and the separators."
        )
    # NaN fails each comparison.
    wrong_values = table[~((table >= 0) & (table < 1 << 16) & (table % 1 == 0))]
    if wrong_values.size:
        raise InputError(
            f"{file} has values that are no whole numbers from 0. Expected: class numbers, and pixels from 0 to 255. "
            f"Received: {wrong_values[0]:g}. Multiply pixels from 0 to 1 by 255, and number the classes from 0."
        )
    _check_pixels(file, table[:, 1:-1])
    ends = table[:, [0, -1]].astype(np.uint16)
    return _Table(table.astype(np.uint16).astype(np.uint8), ends)


def _wrong_part(line: str, columns: int) -> str:
    """Returns in words what is wrong with a line; "" if it has this number of columns, all of them numbers."""
    values = line.split(",")
    if len(values) != columns:
        return f"{len(values)} columns"
    wrong = next((value.strip() for value in values if not _is_number(value)), None)
    return "" if wrong is None else f"{wrong[:20]!r}"


def _is_number(text: str) -> bool:
    try:
        float(text.strip().strip('"'))
    except ValueError:
        return False
    return True


def _label_column(file: CsvFile, header: list[str] | None, table: _Table) -> int:
    """Returns the place of the label's column by the header; otherwise 0 or -1, by the values."""
    columns, ends = table.values.shape[1], table.ends
    if header:
        places = [place for place, name in enumerate(header) if name.lower() in _LABEL_COLUMNS]
        if len(places) == 1 and columns == PIXELS + 1:
            return -1 if places[0] == PIXELS else places[0]
    if columns == PIXELS:
        raise UnlabeledCsv(
            f"{file} has {PIXELS} columns and no labels, like the test.csv of Kaggle. Expected: a column 'label' and "
            f"{PIXELS} pixels. Received: {', '.join(header[:2]) if header else 'numbers'}, ... Pass the labeled file, "
            "such as train.csv."
        )
    fits = []
    for place in (0, -1):
        values = np.unique(ends[:, place]).astype(int)
        # Class numbers are without gaps, from 0 or 1.
        fits.append(len(values) > 1 and values[0] <= 1 and values[-1] - values[0] + 1 == len(values) <= MAX_CLASSES)
    varies = [bool((ends[:, place] != ends[0, place]).any()) for place in (0, -1)]
    for first, last in (fits, varies):
        if first != last:
            return 0 if first else -1
    raise InputError(
        f"{file} does not say which column holds the label. Expected: class numbers in the first or the last column. "
        f"Received: {ends[0, 0]} and {ends[0, -1]} in the first row, and no 'label' in a header. Add the "
        "header label,pixel0,pixel1,..."
    )
