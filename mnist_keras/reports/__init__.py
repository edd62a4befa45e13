"""Figures and HTML pages of a run, a study, an evaluation."""
