"""The order of the trials of a hyperparameter search, by their validation images."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnist_keras.errors import InputError

# The objective of a trial that failed: more than any number of images, and finite, because ASHA computes means.
_FAILED = 1e9


def objective(result: Mapping[str, Any]) -> float:
    """Returns the number that a search minimizes: misclassified validation images; the loss breaks ties.

    The loss alone does not compare recipes: label smoothing changes the loss of the same predictions.

    Args:
        result: with misclassified, loss, and error if there was one, which is worse than any result.
    """
    if result.get("error"):
        return _FAILED
    # Less than 1 for any loss.
    return result["misclassified"] + result["loss"] / (1 + result["loss"])


def best_trial(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Returns the row of the best trial among those that were trained to their end.

    Args:
        rows: of `run_search`.

    Raises:
        InputError: there is none.
    """
    complete = [row for row in rows if not (row["error"] or row["stopped_early"])]
    if not complete:
        errors = "; ".join(dict.fromkeys(row["error"] for row in rows))
        raise InputError(
            f"No trial was trained to its end. Expected: at least one. Received: {errors or 'no trials'}. Choose "
            "another search space."
        )
    return min(complete, key=objective)
