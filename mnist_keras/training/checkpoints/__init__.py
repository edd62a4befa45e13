"""Checkpoints from which a training run resumes exactly."""
