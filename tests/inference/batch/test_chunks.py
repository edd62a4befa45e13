"""Folders, parquet files and tar files as chunks of images."""

import os
import shutil

import pytest

pytest.importorskip("pyarrow")

import fsspec
import pyarrow as pa
import pyarrow.parquet

from mnist_keras.errors import InputError
from mnist_keras.inference.batch.chunks import list_chunks, printable


def write_parquet(path, rows, group, columns=("path", "bytes")):
    names = pa.array([f"{path.stem}-{row}" for row in range(rows)])
    table = pa.table(dict(zip(columns, (names, pa.array([b"x"] * rows)), strict=True)))
    pa.parquet.write_table(table, path, row_group_size=group)
    return str(path)


def test_a_folder_is_divided_in_sorted_order(images):
    chunks = list_chunks([str(images)], 12)
    assert [len(chunk.files) for chunk in chunks] == [12, 12, 6]
    files = [file for chunk in chunks for file in chunk.files]
    assert files == sorted(map(str, images.rglob("*.png")))
    sizes = [size for chunk in chunks for size in chunk.sizes]
    assert sizes == [os.path.getsize(file) for file in files]


def test_other_files_of_a_folder_are_no_images(images):
    (images / "notes.txt").write_text("notes")
    assert sum(len(chunk.files) for chunk in list_chunks([str(images)], 100)) == 30


def test_small_row_groups_are_predicted_together_and_large_ones_alone(tmp_path):
    small = write_parquet(tmp_path / "small.parquet", 10, 2)
    large = write_parquet(tmp_path / "large.parquet", 10, 7)
    groups = [(chunk.files[0], chunk.row_groups) for chunk in list_chunks([small, large], 4)]
    assert groups == [(small, (0, 1)), (small, (2, 3)), (small, (4,)), (large, (0,)), (large, (1,))]


def test_addresses_keep_their_scheme():
    storage = fsspec.filesystem("memory")
    for name in ("b.png", "a.jpg", "c.txt"):
        storage.pipe_file(f"/listed/{name}", b"image")
    (chunk,) = list_chunks(["memory://listed"], 10)
    assert chunk.files == ("memory:///listed/a.jpg", "memory:///listed/b.png")


def test_a_name_that_is_no_text_gets_escapes(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.png"
    with open(path, "wb") as file:
        file.write(b"image")
    (chunk,) = list_chunks([str(tmp_path)], 10)
    assert os.fsencode(chunk.files[0]) == path
    assert printable(chunk.files[0]) == f"{tmp_path}/\\xff.png"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: [str(folder / "nothing")], "There is no such file or folder"),
        (lambda folder: [str(folder)], "contains no images. Expected: files ending in .png"),
        (lambda folder: ["unknown://bucket"], "cannot be opened: Protocol not known: unknown. Expected: a path, or"),
        (
            lambda folder: [write_parquet(folder / "other.parquet", 3, 3, ("name", "bytes"))],
            r"has other columns. Expected: path \(string\), bytes \(binary\).*Received: name \(string\), bytes",
        ),
    ],
)
def test_an_input_that_cannot_be_listed_is_refused(tmp_path, make, message):
    with pytest.raises(InputError, match=message):
        list_chunks(make(tmp_path), 10)


def test_a_folder_inside_another_one_is_refused(images):
    with pytest.raises(InputError, match="Received: 10 repeated paths. Name no folder twice"):
        list_chunks([str(images), str(images / "1")], 10)


def test_parquet_files_with_the_same_names_are_refused(tmp_path):
    write_parquet(tmp_path / "a.parquet", 3, 3)
    shutil.copy(tmp_path / "a.parquet", tmp_path / "b.parquet")
    with pytest.raises(
        InputError, match=r"The input has a-\d 2 times. Expected: each image once. Received: 3 repeated"
    ):
        list_chunks([str(tmp_path)], 10)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"cut.parquet cannot be read as a parquet file"):
        list_chunks([str(tmp_path)], 10)
