"""Evaluation of predicted probabilities: accuracy, calibration, corruptions, test-time augmentation, comparison."""
