"""Flags of experiment tracking, and their conversion to a connected tool."""

import pathlib

from absl import flags

from mnist_keras.experiments.run_folder import is_tracked
from mnist_keras.experiments.tracking_tools import TOOLS, Tracker, connect_tracker
from mnist_keras.flag_help import flag_group

flags.disclaim_key_flags()


@flag_group("Tracking")
def define_tracking_flags() -> None:
    """Defines --tracking and --tracking_uri."""
    text = "record parameters, metrics per epoch, report and export by MLflow (mlflow) or Weights & Biases (wandb)"
    flags.DEFINE_enum("tracking", None, TOOLS, text)
    text = (
        "with --tracking=mlflow: a folder, or the address of a database or a server (default: MLFLOW_TRACKING_URI, "
        "otherwise mlflow.db in this folder)"
    )
    flags.DEFINE_string("tracking_uri", None, text)
    flags.register_multi_flags_validator(
        ["tracking", "tracking_uri"],
        lambda values: values["tracking"] == "mlflow" or values["tracking_uri"] is None,
        "--tracking_uri needs --tracking=mlflow; the server of wandb is that of WANDB_BASE_URL",
    )


def tracker_from_flags(run: pathlib.Path) -> Tracker | None:
    """Returns the connected tool that records a run; None without --tracking, and if it has recorded the run.

    Raises:
        InputError: the tool is not installed, or there is no connection.
    """
    tool = flags.FLAGS.tracking
    return None if tool is None or is_tracked(run, tool) else connect_tracker(tool, flags.FLAGS.tracking_uri)
