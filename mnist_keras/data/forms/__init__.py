"""Readers of the forms that datasets come in. This module must not import TensorFlow."""
