"""Predictions of millions of images by several workers."""
