"""Pages made by code, from which the network that finds digits learns. This package must not import TensorFlow."""
