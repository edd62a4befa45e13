"""The prediction of an image as a row of a parquet file."""

from typing import Any

import pyarrow as pa

from mnist_keras.errors import InputError
from mnist_keras.inference.batch.chunks import printable
from mnist_keras.inference.images import predict_file, predict_number
from mnist_keras.inference.predictor import Predictor

SCHEMA = pa.schema(
    [
        # Of the image, or of the tar or parquet file that cannot be read.
        ("path", pa.string()),
        # All digits, with a line feed between lines; with one digit per image, the name of its class. Empty without
        # ink; null with an error.
        ("digits", pa.string()),
        # Per digit: top, left, bottom and right in pixels of the image; bottom and right are exclusive.
        ("boxes", pa.list_(pa.list_(pa.int32()))),
        # Per digit: the probability of each class.
        ("probabilities", pa.list_(pa.list_(pa.float32()))),
        # Per digit: the probability that it is a digit.
        ("is_digit", pa.list_(pa.float32())),
        ("warnings", pa.list_(pa.string())),
        # Why there is no prediction; null if there is one.
        ("error", pa.string()),
    ]
)


def predict_row(predictor: Predictor, path: str, content: bytes | InputError, all_digits: bool) -> dict[str, Any]:
    """Returns the row of an image, with the names of `SCHEMA`. An image that cannot be read has only `error`.

    Args:
        predictor: from `load_predictor`.
        path: its name.
        content: the bytes of its file, or why there are none.
        all_digits: predict all digits, as `predict_number` does.
    """
    row = {"path": printable(path), "digits": None, "error": None}
    row |= {name: [] for name in SCHEMA.names if name not in row}
    try:
        if isinstance(content, InputError):
            raise content
        if all_digits:
            number = predict_number(predictor, path, content)
            digits, text, warnings = number.digits, number.text, number.warnings
        else:
            (prediction,) = predict_file(predictor, path, content=content)
            digits = (prediction,) if prediction.normalized.has_ink else ()
            text, warnings = prediction.class_name or "", prediction.warnings
    except InputError as error:
        return row | {"error": str(error)}
    except Exception as error:  # One image must not end a job of millions.
        return row | {"error": f"{path} cannot be predicted: {type(error).__name__}: {error}"}
    return row | {
        "digits": text,
        "boxes": [list(digit.normalized.box) for digit in digits],
        "probabilities": [digit.probabilities for digit in digits],
        "is_digit": [digit.normalized.is_digit for digit in digits],
        "warnings": list(warnings),
    }
