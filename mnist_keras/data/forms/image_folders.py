"""Datasets of image files in a folder per class, also in a zip file."""

import contextlib
import pathlib
import urllib.parse
import warnings
from collections.abc import Mapping

import numpy as np

from mnist_keras.data.digits import MAX_CLASSES, Digits
from mnist_keras.data.forms.image_preparation import light_borders, prepare_images, turn_light_on_dark
from mnist_keras.data.forms.layouts import VALIDATION_AS_TEST, Labeled, label_dtype, to_digits
from mnist_keras.data.forms.zip_folders import ZipEntry
from mnist_keras.errors import InputError, InputWarning
from mnist_keras.inference.preprocessing.image_files import SUFFIXES, load_image

# A folder on disk or in a zip file.
Folder = pathlib.Path | ZipEntry

_PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing", "t10k"),
    "validation": ("val", "valid", "validation"),
}
# 28x28 pixels each fill 1 GiB.
_MAX_IMAGES = (1 << 30) // 784


def find_parts(folder: Folder) -> dict[str, Folder]:
    """Returns the folder of each set of an image folder: "train", and "test" and "validation" if they are there.

    The result is empty if no folder in it, or in its folder train, holds an image.
    """
    by_name = {path.name.lower(): path for path in _subfolders(folder)}
    found = {
        part: by_name[name]
        for part, names in _PARTS.items()
        for name in names
        if name in by_name and _has_classes(by_name[name])
    }
    if "train" in found:
        return found
    return {"train": folder} if _has_classes(folder) else {}


def read_image_folder(parts: Mapping[str, Folder], name: str, preparation: str = "none") -> Digits:
    """Reads images whose folder is their class, as in train/7/a.png and test/7/b.png, or 7/a.png without a test set.

    The classes are sorted by name, or by number if all names are whole numbers. A folder's name may have characters
    that folders cannot have as in web addresses: T-shirt%2Ftop.

    Args:
        parts: from `find_parts`.
        name: the dataset's name.
        preparation: see `prepare_images`; every image is prepared by it.

    Raises:
        InputError: an image cannot be read or has another size than 28x28 and `preparation` is "none"; a class has no
            image; the test set has a class of its own; there are fewer than 2 or more than 1,000 classes.
    """
    test_part = next((part for part in ("test", "validation") if part in parts), None)
    if "validation" in parts:
        use = "used as the test set" if test_part == "validation" else "left out: --validation splits off its own"
        warnings.warn(f"the images in {parts['validation']} are {use}.", InputWarning, stacklevel=2)
    class_names = _class_names(parts["train"])
    train = _read_part(parts["train"], class_names, preparation, may_lack_classes=False)
    sets = (
        [train, _read_part(parts[test_part], class_names, preparation, may_lack_classes=True)] if test_part else [train]
    )
    notes = [VALIDATION_AS_TEST] if test_part == "validation" else []
    if preparation != "none":
        notes.append(f"images prepared by {preparation}")
    if preparation == "resize":
        sets, is_inverted = turn_light_on_dark(sets, name)
        notes += ["inverted"] if is_inverted else []
    elif preparation == "none" and light_borders(train.images) > 0.5:
        warnings.warn(
            f"the images of {name} are dark on light, as their borders show, and stay so; MNIST is light on dark. Pass "
            "--image_preparation=resize to invert them.",
            InputWarning,
            stacklevel=2,
        )
    return to_digits(name, sets[0], sets[1] if test_part else None, class_names, "; ".join(notes))


def _subfolders(folder: Folder) -> list[Folder]:
    # "__MACOSX" and ".git" are no classes.
    folders: list[Folder] = [
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    ]
    return sorted(folders, key=lambda path: path.name)


def _images(folder: Folder) -> list[Folder]:
    files: list[Folder] = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(files, key=lambda path: path.name)


def _load(path: Folder) -> np.ndarray:
    return load_image(str(path), path.read_bytes()) if isinstance(path, ZipEntry) else load_image(path)


def _has_classes(folder: Folder) -> bool:
    # A folder that cannot be listed holds no images.
    with contextlib.suppress(OSError):
        return any(_images(path) for path in _subfolders(folder))
    return False


def _class_name(folder: Folder) -> str:
    return urllib.parse.unquote(folder.name)


def _class_names(folder: Folder) -> list[str]:
    names = [_class_name(path) for path in _subfolders(folder)]
    if not 2 <= len(names) <= MAX_CLASSES:
        raise InputError(
            f"{folder} must hold a folder of images for each of 2 to {MAX_CLASSES:,} classes. Received: {len(names):,} "
            f"({', '.join(names[:5])}{', ...' if len(names) > 5 else ''}). Add or merge classes."
        )
    are_numbers = all(name.isascii() and name.isdigit() for name in names)
    return sorted(names, key=lambda name: (int(name), name)) if are_numbers else sorted(names)


def _read_part(folder: Folder, class_names: list[str], preparation: str, may_lack_classes: bool) -> Labeled:
    folders = {_class_name(path): path for path in _subfolders(folder)}
    unknown = sorted(set(folders) - set(class_names))
    if unknown:
        raise InputError(
            f"{folder} has classes without training images. Expected: {', '.join(class_names[:8])}"
            f"{', ...' if len(class_names) > 8 else ''}. Received: {', '.join(unknown[:8])}. Rename or remove them."
        )
    files: list[Folder] = []
    labels: list[int] = []
    others = 0
    for label, name in enumerate(class_names):
        images = _images(folders[name]) if name in folders else []
        if not images and not may_lack_classes:
            others_here = ", ".join(sorted(path.name for path in folders[name].iterdir())[:4])
            raise InputError(
                f"{folders[name]} has no images. Expected: files that end in {', '.join(SUFFIXES[:4])}, ... "
                f"Received: {others_here or 'an empty folder'}. "
                "Add images, or remove this folder."
            )
        if images:
            others += sum(not path.name.startswith(".") for path in folders[name].iterdir()) - len(images)
        files += images
        labels += [label] * len(images)
    if len(files) > _MAX_IMAGES:
        raise InputError(
            f"{folder} holds {len(files):,} images. Expected: at most {_MAX_IMAGES:,}. Received: more than 1 GiB. "
            "Save them as IDX files, which are read from disk."
        )
    if others:
        warnings.warn(f"{others:,} other files among the images in {folder} are left out.", InputWarning, stacklevel=3)
    prepared = prepare_images(((str(path), _load(path)) for path in files), preparation)
    blank = [path for path, is_kept in zip(files, prepared.is_kept, strict=True) if not is_kept]
    if blank:
        warnings.warn(
            f"{len(blank):,} images without ink are left out, such as {blank[0]}.", InputWarning, stacklevel=3
        )
    return Labeled(prepared.images, np.array(labels, label_dtype(len(class_names)))[prepared.is_kept])
