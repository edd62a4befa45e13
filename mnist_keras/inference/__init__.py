"""Loaded models behind one call, and preprocessing of any image to 28x28 pixels."""
