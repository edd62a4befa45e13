"""Writes the folder of a run: model, config, history, metrics, figures and an HTML page."""

import datetime
import os
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

from mnist_keras.atomic import atomic_folder
from mnist_keras.data import Digits
from mnist_keras.distribution.machine import describe_environment
from mnist_keras.evaluation.metrics import EvaluationReport, compute_metrics
from mnist_keras.experiments.before_after import compare_before_and_after
from mnist_keras.files import MODEL_FILE, write_json, write_rows
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.reports.run_report import RunResults, run_figures, run_page
from mnist_keras.reports.style import save_figure
from mnist_keras.training.train import TrainingResult


def save_run(
    folder: str | os.PathLike,
    training: TrainingResult,
    digits: Digits,
    flags: Mapping[str, Any] | None = None,
    run_id: str | None = None,
) -> EvaluationReport:
    """Writes the folder of a run atomically, and evaluates the saved model after loading it again.

    The folder contains config.json, history.csv, model.keras, report.json, figures/, report.html, and steps.csv if the
    steps were recorded.

    Args:
        folder: a folder that does not exist or is empty.
        training: from `train`.
        digits: the dataset of the training.
        flags: the command line's flags, recorded in the config.
        run_id: that of the run's checkpoints, recorded in the config; None: a new one.

    Returns:
        The metrics of the loaded model on the test set.

    Raises:
        InputError: the folder is not empty.
    """
    with atomic_folder(pathlib.Path(folder)) as new:
        training.model.save(new / MODEL_FILE)
        probabilities = load_predictor(new / MODEL_FILE).predict(digits.test_images)
        report = compute_metrics(probabilities, digits.test_labels, digits.class_names)
        comparisons = compare_before_and_after(training, digits, probabilities)
        config = _describe_run(training, flags or {}, run_id)
        result = _describe_result(training, digits, report)
        if comparisons:
            result["before_and_after"] = [comparison.to_dict() for comparison in comparisons]
        write_json(new / "config.json", config)
        write_json(new / "report.json", result)
        write_rows(new / "history.csv", training.history)
        if training.steps:
            write_rows(new / "steps.csv", training.steps)
        results = RunResults(
            training.model,
            training.recipe,
            digits,
            training.history,
            training.steps,
            probabilities,
            report,
            comparisons[0].before if comparisons else None,
        )
        figures = run_figures(results)
        (new / "figures").mkdir()
        for name, figure in figures.items():
            save_figure(figure, new / "figures" / f"{name}.png")
        (new / "report.html").write_text(run_page(config, result, training.history, figures), encoding="utf-8")
    return report


def _describe_run(training: TrainingResult, flags: Mapping[str, Any], run_id: str | None) -> dict[str, Any]:
    """Returns the content of config.json: settings, flags, date, environment, digest and ID of the run."""
    return {
        **training.settings,
        "flags": dict(flags),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        **describe_environment(),
        "digest": training.digest,
        "run_id": run_id or uuid.uuid4().hex,
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
