"""Trained models for other people's apps."""
