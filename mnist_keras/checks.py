"""What a value must be, and the message where it is not."""

import math
from typing import Any

from mnist_keras.errors import InputError


def require(ok: bool, expected: str, name: str, value: Any) -> None:
    """Raises InputError, unless `ok`: `name` must be `expected`, and `value` was received."""
    if not ok:
        raise InputError(f"{name} must be {expected}. Received: {name}={value!r}")


def is_number(value: Any) -> bool:
    """Whether it is finite, and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
