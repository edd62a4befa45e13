"""A trained model, its figures and its config, into a run's folder."""

import datetime
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from mnist_keras.atomic import atomic_folder
from mnist_keras.data import Digits
from mnist_keras.distribution.machine import describe_environment
from mnist_keras.evaluation.metrics import EvaluationReport, compute_metrics
from mnist_keras.experiments.run_folder import MODEL_FILE
from mnist_keras.files import write_json, write_rows
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.reports.run_report import RunResults, run_figures, run_page
from mnist_keras.reports.style import save_figure
from mnist_keras.training.train import TrainingResult


def save_run(
    folder: str | os.PathLike, training: TrainingResult, digits: Digits, flags: Mapping[str, Any] | None = None
) -> EvaluationReport:
    """Writes a run's folder, whole or not at all, and scores the model as it was written.

    The folder holds config.json, history.csv (steps.csv where steps were kept), model.keras, report.json,
    figures/, and report.html, which shows it all.

    Args:
        folder: does not exist yet.
        training: from `train`.
        digits: what it was trained on.
        flags: what the user asked for, kept in the config.

    Returns:
        The score of the saved and reloaded model on the test set.

    Raises:
        InputError: the folder exists.
    """
    with atomic_folder(pathlib.Path(folder)) as new:
        training.model.save(new / MODEL_FILE)
        probabilities = load_predictor(new / MODEL_FILE).predict(digits.test_images)
        report = compute_metrics(probabilities, digits.test_labels)
        config, result = _describe_run(training, flags or {}), _describe_result(training, digits, report)
        write_json(new / "config.json", config)
        write_json(new / "report.json", result)
        write_rows(new / "history.csv", training.history)
        if training.steps:
            write_rows(new / "steps.csv", training.steps)
        results = RunResults(
            training.model, training.recipe, digits, training.history, training.steps, probabilities, report
        )
        figures = run_figures(results)
        (new / "figures").mkdir()
        for name, figure in figures.items():
            save_figure(figure, new / "figures" / f"{name}.png")
        (new / "report.html").write_text(run_page(config, result, training.history, figures), encoding="utf-8")
    return report


def _describe_run(training: TrainingResult, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a run: what it was told, on what data, by what code, where, and what came of it."""
    return {
        **training.settings,
        "flags": dict(flags),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        **describe_environment(),
        "digest": training.digest,
    }


def _describe_result(training: TrainingResult, digits: Digits, report: EvaluationReport) -> dict[str, Any]:
    trainable = sum(variable.value.shape.num_elements() for variable in training.model.trainable_variables)
    return {
        "recipe": training.recipe.name,
        "dataset": digits.name,
        "parameters": trainable,
        "seconds": training.seconds,
        "peak_memory": training.peak_memory,
        **report.to_dict(),
    }
