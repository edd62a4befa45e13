"""Explains the predictions of a Keras model."""
