"""Whether outputs of a model are probabilities, logits or a probability per class."""

import numpy as np
import pytest

from mnist_keras.inference.output_kind import OutputKind, find_output_kind, to_probabilities

_UNIFORM = np.full((10, 10), 0.1, np.float32)
_ONE_HOT = np.eye(10, dtype=np.float32)


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [
        (_UNIFORM, OutputKind.PROBABILITIES),
        # An 8-bit file rounds to steps of 1/256.
        (_ONE_HOT * 0.95, OutputKind.PROBABILITIES),
        (_ONE_HOT + 0.5 * (1 - _ONE_HOT), OutputKind.SIGMOIDS),
        # A ReLU leaves no negative logit.
        (_ONE_HOT * 9, OutputKind.LOGITS),
        (_ONE_HOT - 0.1, OutputKind.LOGITS),
        (_UNIFORM * np.nan, OutputKind.LOGITS),
    ],
)
def test_outputs_show_what_they_are(outputs, kind):
    assert find_output_kind(outputs) is kind


def test_every_kind_becomes_probabilities():
    logits = np.log(np.array([[0.7, 0.2, 0.1]], np.float32)) + 5
    assert to_probabilities(logits, OutputKind.LOGITS) == pytest.approx(np.array([[0.7, 0.2, 0.1]]), abs=1e-6)
    sigmoids = np.array([[0.8, 0.8, 0.0], [0, 0, 0]], np.float32)
    expected = np.array([[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]])
    assert to_probabilities(sigmoids, OutputKind.SIGMOIDS) == pytest.approx(expected)
