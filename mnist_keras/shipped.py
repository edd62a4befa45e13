"""Files that come with the project: beside the package in a clone, inside it once it is installed from a wheel."""

import pathlib

_PACKAGE = pathlib.Path(__file__).parent


def shipped(folder: str) -> pathlib.Path:
    """The folder of that name in the project: `exported`, `scripts` or `examples/phone`."""
    inside = _PACKAGE / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder
