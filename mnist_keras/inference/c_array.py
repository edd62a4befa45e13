"""Reads TFLite files, also from a C source that the format `c_array` wrote. Must not import TensorFlow."""

import pathlib
import re

from mnist_keras.errors import InputError

_ARRAY = re.compile(r"unsigned char \w+\[\] = \{([^}]*)\};")


def read_tflite(path: pathlib.Path) -> bytes:
    """Returns the content of a TFLite file, or of the one in a C source.

    Raises:
        InputError: see `read_c_array`.
    """
    return read_c_array(path) if path.suffix == ".c" else path.read_bytes()


def read_c_array(path: pathlib.Path) -> bytes:
    """Returns the bytes of the array in a C source.

    Raises:
        InputError: the file has no such array.
    """
    found = _ARRAY.search(path.read_text(encoding="ascii", errors="replace"))
    try:
        numbers = found[1].replace("\n", " ").rstrip(", ").split(",") if found else []
        content = bytes(int(number, 16) for number in numbers)
    except ValueError:
        content = b""
    if not content:
        raise InputError(
            f"{path} is no C source with a model. Expected: an array of bytes in hexadecimal, as the format c_array "
            "writes it. Export it again."
        )
    return content
