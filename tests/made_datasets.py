"""Tiny datasets of any number of classes, and files of them in the forms that datasets come in."""

import numpy as np
from PIL import Image

from mnist_keras.data.archives import write_idx

HEADER = ",".join(["label", *(f"pixel{number}" for number in range(784))])


def made(classes=3, per_class=4, first=0, seed=0):
    """Returns images (n, 28, 28) and labels (n,), class by class in turn. Corners are black, no image is symmetric."""
    labels = np.tile(np.arange(first, first + classes), per_class)
    images = np.random.default_rng(seed).integers(1, 256, (len(labels), 28, 28), np.uint8)
    images[:, [0, 0, -1, -1], [0, -1, 0, -1]] = 0
    return images, labels


def write_csv(path, images, labels=None, header=True, last=False):
    columns = images.reshape(len(images), -1)
    names = HEADER.split(",")
    if labels is None:
        names = names[1:]
    else:
        label = np.asarray(labels)[:, np.newaxis]
        columns = np.concatenate([columns, label] if last else [label, columns], axis=1)
        names = [*names[1:], names[0]] if last else names
    np.savetxt(path, columns, "%d", ",", header=",".join(names) if header else "", comments="")
    return path


def write_images(folder, images, names, suffix=".png"):
    """Writes each image into the folder of its class' name."""
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        (folder / str(name)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(name) / f"{number:03}{suffix}")
    return folder


def write_emnist(folder, split, train, test, ending=""):
    """Writes images of upright characters as NIST does: transposed."""
    folder.mkdir(exist_ok=True)
    for part, (images, labels) in (("train", train), ("test", test)):
        write_idx(folder / f"emnist-{split}-{part}-images-idx3-ubyte{ending}", images.swapaxes(1, 2))
        write_idx(folder / f"emnist-{split}-{part}-labels-idx1-ubyte{ending}", labels)
    return folder


def write_int_idx(path, table):
    shape = np.array(table.shape, ">u4").tobytes()
    path.write_bytes(bytes([0, 0, 12, table.ndim]) + shape + table.astype(">i4").tobytes())
