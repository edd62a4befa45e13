"""The bytes of the images of a chunk, from files, parquet files and tar files."""

import io
import pathlib
import tarfile

import pytest

pytest.importorskip("pyarrow")

import fsspec
import pyarrow as pa
import pyarrow.parquet

from mnist_keras.errors import InputError
from mnist_keras.inference.batch import reading
from mnist_keras.inference.batch.chunks import list_chunks

CONTENTS = {f"{number:02}.png": bytes([number]) * (10 + 700 * number) for number in range(20)}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(reading, "_PAUSES", (0.0, 0.0))


def read(address):
    return [image for chunk in list_chunks([str(address)], 7) for image in reading.read_chunk(chunk)]


def write_tar(path, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in CONTENTS.items():
            for suffix, data in ((".png", content), (".json", b"{}")):
                member = tarfile.TarInfo(name.replace(".png", suffix))
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return path


def test_files_come_in_order(tmp_path):
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    assert read(tmp_path) == [(str(tmp_path / name), content) for name, content in CONTENTS.items()]


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz")])
def test_images_of_a_tar_file_come_in_order(tmp_path, name, mode):
    path = write_tar(tmp_path / name, mode)
    assert read(path) == [(f"{path}/{name}", content) for name, content in CONTENTS.items()]


def test_images_of_a_parquet_file_come_in_order(tmp_path):
    table = pa.table({"path": list(CONTENTS), "label": [0] * 20, "bytes": list(CONTENTS.values())})
    pa.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    assert read(tmp_path) == list(CONTENTS.items())


def test_a_row_without_bytes_is_an_error(tmp_path):
    table = pa.table({"path": ["a", "b"], "bytes": pa.array([None, b"image"], pa.binary())})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    (first, error), second = read(tmp_path)
    assert (first, second) == ("a", ("b", b"image"))
    assert "a has no bytes in" in str(error)


@pytest.mark.parametrize("damage", ["cut inside an image", "cut between two images", "header overwritten"])
def test_a_damaged_tar_file_gives_the_images_before_the_damage(tmp_path, damage):
    path = write_tar(tmp_path / "a.tar")
    content = bytearray(path.read_bytes())
    with tarfile.open(path) as archive:
        tenth = archive.getmember("10.png")
    if damage == "header overwritten":
        content[tenth.offset : tenth.offset + 100] = b"x" * 100
    else:
        del content[tenth.offset_data + 50 if damage == "cut inside an image" else tenth.offset :]
    path.write_bytes(content)
    *images, (name, error) = read(path)
    assert images == [(f"{path}/{name}", CONTENTS[name]) for name in sorted(CONTENTS)[:10]]
    assert name == str(path)
    assert isinstance(error, InputError) and "cannot be read after its first 10 images" in str(error)


def test_a_deleted_file_and_a_folder_are_errors_of_their_own(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"image")
    (chunk,) = list_chunks([str(tmp_path)], 10)
    (tmp_path / "a.png").unlink()
    (tmp_path / "b.png").unlink()
    (tmp_path / "b.png").mkdir()
    (_, first), (_, second), third = reading.read_chunk(chunk)
    assert "There is no such file" in str(first)
    assert "b.png cannot be read" in str(second)
    assert third == (str(tmp_path / "c.png"), b"image")


def test_a_storage_that_fails_once_is_read_again(monkeypatch):
    storage = fsspec.filesystem("memory")
    storage.pipe_file("/unreliable/a.png", b"image")
    (chunk,) = list_chunks(["memory://unreliable"], 10)
    real, failures = storage.cat_file, [OSError("the connection was reset")]

    def fail_once(self, path, **options):
        if failures:
            raise failures.pop()
        return real(path, **options)

    monkeypatch.setattr(type(storage), "cat_file", fail_once)
    assert [content for _, content in reading.read_chunk(chunk)] == [b"image"]
    assert not failures


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_MAX_BYTES", 1000)
    for name in ("01.png", "02.png"):
        (tmp_path / name).write_bytes(CONTENTS[name])
    (_, first), (_, second) = read(tmp_path)
    assert first == CONTENTS["01.png"]
    assert "has 1,410 bytes. Expected: at most 1,000." in str(second)
    path = write_tar(tmp_path / "a.tar")
    assert sum(isinstance(content, InputError) for _, content in read(pathlib.Path(path))) == 18


def test_a_tar_file_is_read_on_where_the_storage_failed(tmp_path, monkeypatch):
    path = write_tar(tmp_path / "a.tar")
    real, failures = tarfile.TarFile.extractfile, [OSError("the connection was reset")]

    def fail_once(self, member):
        if member.name == "05.png" and failures:
            raise failures.pop()
        return real(self, member)

    monkeypatch.setattr(tarfile.TarFile, "extractfile", fail_once)
    assert read(path) == [(f"{path}/{name}", content) for name, content in CONTENTS.items()]
    assert not failures
