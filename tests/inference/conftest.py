"""Fixtures of tests that load models without a card."""

import pytest

from mnist_keras.inference import predictor


@pytest.fixture
def without_subprocess(monkeypatch):
    """A subprocess would import TensorFlow for seconds per file."""
    monkeypatch.setattr(predictor, "check_in_subprocess", lambda path: None)
