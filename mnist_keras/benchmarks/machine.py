"""What the machine can do at most: products of square matrices, in TensorFlow."""

from collections.abc import Callable

from mnist_keras.benchmarks.turns import Side

SIDE = 2048
# In one turn.
PRODUCTS = 4
# Multiplications and additions in one of them.
OPERATIONS = 2 * SIDE**3


def machine_sides(threads: int) -> list[Side]:
    """A side for each precision."""
    return [Side(dtype, multiply, dict(dtype=dtype, threads=threads)) for dtype in ("float32", "bfloat16")]


def multiply(dtype: str, threads: int) -> Callable[[], None]:
    import tensorflow as tf

    from mnist_keras.strategy import set_up_device

    set_up_device(threads=threads)
    one, other = (tf.cast(tf.random.normal((SIDE, SIDE)), dtype) for _ in range(2))

    def run():
        for _ in range(PRODUCTS):
            tf.matmul(one, other)

    return run
