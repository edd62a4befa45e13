"""Functions that write data of every form with one thing wrong into a folder."""

import zipfile

import numpy as np
from made_datasets import HEADER, made, write_emnist, write_images, write_int_idx

from mnist_keras.data.archives import write_idx

IMAGES, LABELS = made(10)
ROW = ",".join(["0"] * 784)


def npz(**changes):
    """Returns a function that writes an npz file with changed arrays; None leaves one out."""
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS, **changes}
    return lambda folder: np.savez(
        folder / "mine.npz", **{key: array for key, array in arrays.items() if array is not None}
    )


def both(images):
    return npz(x_train=images, x_test=images)


def csv(text, name="mine.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return lambda folder: (folder / name).write_bytes(content)


def zipped(*names):
    def write(folder):
        with zipfile.ZipFile(folder / "mine.zip", "w") as archive:
            for name in names:
                archive.writestr(name, f"{HEADER}\n1,{ROW}\n")

    return write


def images(*files):
    """Returns a function that writes 28x28 images with these names, empty folders, and texts."""

    def write(folder):
        for file in files:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.endswith("/"):
                path.mkdir()
            elif file.endswith(".png"):
                write_images(path.parent.parent, IMAGES[:1], [path.parent.name])
                (path.parent / "000.png").rename(path)
            else:
                path.write_text("no image")

    return write


def many_classes(folder):
    for number in range(1001):
        (folder / f"{number}").mkdir()
    write_images(folder, IMAGES[:1], ["0"])


def emnist(split="letters", first=1, mapping=None, swap=False, without=None, test=None):
    def write(folder):
        write_emnist(folder, split, made(10, 1, first), test or made(10, 1, first))
        if mapping is not None:
            (folder / f"emnist-{split}-mapping.txt").write_bytes(mapping)
        train = [folder / f"emnist-{split}-train-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
        if swap:
            contents = [path.read_bytes() for path in train]
            for path, content in zip(train, reversed(contents), strict=True):
                path.write_bytes(content)
        if without:
            (folder / f"emnist-{split}-{without}-ubyte").unlink()

    return write


def qmnist(table):
    def write(folder):
        for part in ("train", "test"):
            write_idx(folder / f"qmnist-{part}-images-idx3-ubyte", IMAGES)
            write_int_idx(folder / f"qmnist-{part}-labels-idx2-int", table)

    return write


def kmnist(class_map=None, **arrays):
    def write(folder):
        for part in ("train", "test"):
            np.savez(folder / f"kmnist-{part}-imgs.npz", IMAGES)
            np.savez(folder / f"kmnist-{part}-labels.npz", **(arrays or {"arr_0": LABELS}))
        if class_map:
            (folder / "kmnist_classmap.csv").write_bytes(class_map.encode())

    return write
