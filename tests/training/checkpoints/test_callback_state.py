import json

import keras
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_keras.training.checkpoints.state import changed_attributes, decode, encode, serializable_attributes

SCALARS = (
    st.sampled_from([None, keras.ops.less]) | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
ARRAYS = arrays.arrays(
    st.sampled_from([np.float32, np.int64]), arrays.array_shapes(min_dims=0), elements=st.integers(0, 9)
)
PLAIN = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
)


@given(PLAIN)
def test_plain_data_is_restored(value):
    stored = {}
    encoded = json.loads(json.dumps(encode(value, stored)))
    received = decode(encoded, stored)
    np.testing.assert_equal(received, value)
    # Zero-dimensional arrays come back as scalars.
    assert type(received) is type(value) or np.ndim(value) == 0


class Counting(keras.callbacks.Callback):
    transient = ("clock",)

    def __init__(self):
        super().__init__()
        self.count, self.rows, self.clock, self.opened, self.name = 0, [], 1.5, open, "kept by its creator"


def test_changed_attributes_omit_clocks_and_objects():
    callback = Counting()
    first = serializable_attributes(callback)
    callback.count, callback.clock, callback.opened = 5, 2.5, print
    callback.rows.append({"best": np.float32(0.5), "weights": [np.ones(2)]})
    callback.late = (1, "two")
    kept = changed_attributes(callback, first)
    assert kept.keys() == {"count", "rows", "late"}
    callback.rows.clear()
    assert len(kept["rows"]) == 1
