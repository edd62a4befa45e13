"""Measures 8-bit and float TFLite files for digits in an older runtime, tflite-runtime.

    python3.9 -m venv old && old/bin/pip install 'numpy<1.24' tflite-runtime==2.7.0
    old/bin/python tests/older_runtime.py exported/*/mnist*.tflite

Needs neither this package nor TensorFlow. Prints the accuracy on the first 1,000 test images of MNIST, whose folder is
in MNIST_KERAS_DATA_DIR. Files for images of other sizes are left out.
"""

import gzip
import os
import pathlib
import sys

import numpy as np
from tflite_runtime.interpreter import Interpreter

COUNT = 1000


def quantize(pixels, source):
    """Returns float pixels in 0..1 as the numbers that the file takes."""
    if source["dtype"] == np.float32:
        return pixels
    scale, zero = source["quantization"]
    limits = np.iinfo(source["dtype"])
    return np.clip(np.round(pixels / scale + zero), limits.min, limits.max).astype(source["dtype"])


def main():
    """Prints one line per file."""
    folder = pathlib.Path(os.environ["MNIST_KERAS_DATA_DIR"])
    images = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    images = np.frombuffer(images, np.uint8).reshape(-1, 1, 28, 28, 1)[:COUNT]
    labels = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)[:COUNT]
    for path in sys.argv[1:]:
        try:
            interpreter = Interpreter(path, num_threads=1)
            interpreter.allocate_tensors()
        except ValueError as error:
            print(f"{path}: {error}")
            continue
        source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        if list(source["shape"]) != [1, 28, 28, 1]:
            continue
        correct = 0
        for image, label in zip(images, labels):  # noqa: B905, Python 3.9 has no strict
            interpreter.set_tensor(source["index"], quantize(image.astype(np.float32) / 255, source))
            interpreter.invoke()
            correct += interpreter.get_tensor(target["index"]).argmax() == label
        print(f"{path}: {100 * correct / COUNT:.1f} %")


if __name__ == "__main__":
    main()
