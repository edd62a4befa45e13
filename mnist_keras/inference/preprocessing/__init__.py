"""Preprocessing of any image to a 28x28 digit in MNIST's geometry."""
