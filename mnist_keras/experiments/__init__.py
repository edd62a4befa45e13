"""Runs and studies on disk: a folder per run, training into it, a table over several recipes and seeds."""
