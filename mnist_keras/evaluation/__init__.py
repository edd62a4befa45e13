"""Metrics of predicted probabilities: accuracy, calibration, corruptions, test-time augmentation, comparisons."""
