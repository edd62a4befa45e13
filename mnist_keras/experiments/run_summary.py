"""The results of a run as text for the terminal. Must not import TensorFlow."""

import os
from collections.abc import Mapping
from typing import Any

from mnist_keras.data.digits import kind_of_test_set
from mnist_keras.experiments.run_folder import read_run
from mnist_keras.reports.text import format_duration


def summarize_run(folder: str | os.PathLike) -> str:
    """Returns recipe, dataset, time, accuracy, what changed since the initial model, digest and files of a run.

    Raises:
        InputError: the folder holds no run.
    """
    config, report = read_run(folder)
    recipe, dataset, seed = config["recipe"]["name"], config["dataset"]["name"], config["seed"]
    memory = f", peak memory {report['peak_memory'] / 1e9:.2f} GB" if report.get("peak_memory") else ""
    kind = kind_of_test_set(dataset)
    correct = f"{report['correct']}/{report['examples']}"
    return "\n".join(
        [
            f"{recipe}, seed {seed}, on {dataset}: trained in {format_duration(report['seconds'])}{memory}",
            f"{kind} accuracy  {report['accuracy']:.2%}  ({correct} correct, loss {report['loss']:.4f})",
            *(f"before, after  {_describe_change(row)}" for row in report.get("before_and_after", ())),
            f"digest         {config['digest']}  (SHA-256 of weights, optimizer and history)",
            f"run            {folder}  (report.html, model.keras, history.csv, report.json, figures/)",
        ]
    )


def _describe_change(row: Mapping[str, Any]) -> str:
    examples = f"of {row['examples']:,} test images of {row['dataset']}"
    if "correct_before" not in row:
        return f"{row['correct']:,} correct {examples}"
    changes = f"{row['corrected']:,} corrected, {row['newly_misclassified']:,} newly misclassified"
    return f"{row['correct_before']:,} -> {row['correct']:,} correct {examples} ({changes})"
