"""Builders of the functional `keras.Model` of every recipe."""

from mnist_keras.models.builder import BUILDERS, build_model

__all__ = ["BUILDERS", "build_model"]
