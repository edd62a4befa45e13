"""Predicts images in a second process, which an image may crash."""

import concurrent.futures
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from mnist_keras.errors import InputError
from mnist_keras.inference.batch.reading import Image
from mnist_keras.inference.batch.rows import predict_row
from mnist_keras.inference.predictor import Predictor

# The predictor of the second process.
_predictor: Predictor | None = None


def predict_rows_isolated(predictor: Predictor, images: Iterable[Image], all_digits: bool) -> Iterator[dict[str, Any]]:
    """Yields the row of each image, as `predict_row` does. An image that ends the second process gets an error.

    Args:
        predictor: from `load_predictor`.
        images: from `read_chunk`.
        all_digits: predict all digits, as `predict_number` does.
    """
    pool: concurrent.futures.ProcessPoolExecutor | None = None
    for path, content in images:
        if pool is None:
            # A fork would inherit LiteRT without its threads.
            context = multiprocessing.get_context("spawn")
            pool = concurrent.futures.ProcessPoolExecutor(1, context, _set_predictor, (predictor,))
        try:
            yield pool.submit(_predict, path, content, all_digits).result()
        except BrokenProcessPool:
            pool = None
            yield predict_row(predictor, path, InputError(f"{path} ends the process that predicts it."), all_digits)
    if pool is not None:
        pool.shutdown()


def _set_predictor(predictor: Predictor) -> None:
    global _predictor
    _predictor = predictor


def _predict(path: str, content: bytes | InputError, all_digits: bool) -> dict[str, Any]:
    assert _predictor is not None
    return predict_row(_predictor, path, content, all_digits)
