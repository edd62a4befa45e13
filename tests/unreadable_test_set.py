"""A dataset whose test set raises when it is read, copied or sent to another process."""

import dataclasses

from tiny_digits import make_digits

from mnist_keras.data import Digits


class Unreadable:
    def __getattribute__(self, name):
        raise AssertionError(f"the test set was read: {name}")

    def __len__(self):
        raise AssertionError("the test set was read")

    def __reduce_ex__(self, protocol):
        raise AssertionError("the test set was sent")


def with_unreadable_test_set() -> Digits:
    digits = dataclasses.replace(make_digits())
    object.__setattr__(digits, "test_images", Unreadable())
    object.__setattr__(digits, "test_labels", Unreadable())
    return digits
