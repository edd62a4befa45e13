"""Reads a zip file like a folder, in memory: no file of it is written to disk."""

import contextlib
import pathlib
import zipfile
from collections.abc import Iterable, Iterator

from mnist_keras.errors import InputError
from mnist_keras.files import check_regular_file

# Deeper folders are left out. Each costs memory that a small zip file could ask for many times.
_MAX_DEPTH = 8
# A larger image file has more than 50 million pixels, or it is none.
_MAX_FILE_BYTES = 1 << 28
# Bit of a member's flags: its name is UTF-8.
_UTF8 = 0x800


class ZipEntry:
    """A file or a folder in a zip file, with those methods of `pathlib.Path` that image folders need."""

    def __init__(self, archive: zipfile.ZipFile, where: str):
        self._archive = archive
        self._where = where
        self._entries: dict[str, ZipEntry] = {}
        self._member: zipfile.ZipInfo | None = None

    def add(self, parts: Iterable[str], member: zipfile.ZipInfo) -> None:
        """Adds a member of the zip file at a path below this folder."""
        entry = self
        for part in parts:
            entry = entry._entries.setdefault(part, ZipEntry(self._archive, f"{entry}/{part}"))
        if not member.is_dir():
            entry._member = member

    def __str__(self) -> str:
        return self._where

    def __truediv__(self, name: str) -> "ZipEntry":
        return self._entries.get(name) or ZipEntry(self._archive, f"{self}/{name}")

    @property
    def name(self) -> str:
        return self._where.rsplit("/", 1)[-1]

    @property
    def suffix(self) -> str:
        return pathlib.PurePosixPath(self.name).suffix

    def iterdir(self) -> Iterator["ZipEntry"]:
        return iter(self._entries.values())

    def is_dir(self) -> bool:
        return self._member is None

    def is_file(self) -> bool:
        return not self.is_dir()

    def read_bytes(self) -> bytes:
        """Returns the content of a file. Its size and its checksum are those that the zip file says.

        Raises:
            InputError: it has more than 256 MiB.
        """
        assert self._member is not None
        if self._member.file_size > _MAX_FILE_BYTES:
            raise InputError(
                f"{self} has {self._member.file_size:,} bytes after it is decompressed. Expected: an image file of at "
                f"most {_MAX_FILE_BYTES:,}. Received: more. Scale it down, or remove it."
            )
        return self._archive.read(self._member)


@contextlib.contextmanager
def open_zip_folder(path: pathlib.Path) -> Iterator[ZipEntry]:
    """Yields the top folder of a zip file; the folder in it if it holds one folder alone, as zip programs write them.

    Raises:
        InputError: the file is damaged or needs a password, which may show when an entry is read.
    """
    check_regular_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            yield _top_folder(archive, path)
    except InputError:
        raise
    except Exception as error:  # A damaged zip file raises a dozen kinds of errors, up to a request for a password.
        raise InputError(
            f"{path} cannot be read as a zip file of images. Expected: a zip file that is complete, without a "
            f"password. Received: {error or type(error).__name__}. Download it again, or unpack it and pass its folder."
        ) from error


def _top_folder(archive: zipfile.ZipFile, path: pathlib.Path) -> ZipEntry:
    root = ZipEntry(archive, str(path))
    for member in archive.infolist():
        # "__MACOSX" and ".DS_Store" are no data, nor is what lies outside, as "../a.png".
        parts = [part for part in _name(member).split("/") if part]
        if 0 < len(parts) <= _MAX_DEPTH and not any(part.startswith((".", "__")) for part in parts):
            root.add(parts, member)
    entries = list(root.iterdir())
    while len(entries) == 1 and entries[0].is_dir():
        inner = list(entries[0].iterdir())
        if not any(entry.is_dir() for entry in inner):
            break
        root, entries = entries[0], inner
    return root


def _name(member: zipfile.ZipInfo) -> str:
    """Returns the member's name. macOS writes UTF-8 without saying so."""
    if not member.flag_bits & _UTF8:
        with contextlib.suppress(UnicodeError):
            return member.filename.encode("cp437").decode()
    return member.filename
