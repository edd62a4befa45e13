"""`scripts/train.py --mix`: a second dataset in the training set, before and after in report and terminal, errors."""

import json
import re

import pytest


def test_a_mixed_run_reports_both_test_sets(script, trained_run, data_flags, tmp_path):
    common = (f"--init_from={trained_run}", "--mix=sample:2", "--epochs=1", "--run_name=run", "--export_dir=")
    trained = script("train", *common, *data_flags)
    assert trained.returncode == 0, trained.stderr
    assert "with sample: 6,000 training and 30 test images" in trained.stdout
    changes = re.findall(
        r"(?m)^before, after +([\d,]+) -> [\d,]+ correct of ([\d,]+) test images of (\S+) \(", trained.stdout
    )
    config, report = (
        json.loads((tmp_path / "runs" / "run" / f"{name}.json").read_text()) for name in ("config", "report")
    )
    rows = report["before_and_after"]
    assert [(int(before.replace(",", "")), int(images.replace(",", "")), name) for before, images, name in changes] == [
        (row["correct_before"], row["examples"], row["dataset"]) for row in rows
    ]
    assert [(row["dataset"], row["examples"]) for row in rows] == [(config["dataset"]["name"], 30), ("sample", 1000)]
    assert config["dataset"]["note"] == "mixed with sample, 2 of its images per image"
    assert config["flags"]["mix"] == "sample:2"
    again = script("train", *common, *data_flags)
    assert "is complete and is not trained again" in again.stdout
    without = script("train", f"--init_from={trained_run}", "--epochs=1", "--run_name=run", *data_flags)
    assert without.returncode == 1
    assert "already holds a run with other settings" in without.stderr


def test_with_a_validation_set_no_test_image_is_read(script, data_flags, tmp_path):
    flags = ("--model=linear", "--epochs=1", "--mix=sample:1", "--validation=20", "--run_name=run", "--export_dir=")
    trained = script("train", *flags, *data_flags)
    assert trained.returncode == 0, trained.stderr
    report = json.loads((tmp_path / "runs" / "run" / "report.json").read_text())
    assert [row["dataset"] for row in report["before_and_after"]][1] == "sample-validation-1000"
    assert [row["examples"] for row in report["before_and_after"]] == [20, 1000]


@pytest.mark.parametrize(
    "value", ["mnist", "mnist:", "mnist:0", "mnist:none", "nothing:1", ":1", "mnist:1:2", "tfds::1"]
)
def test_an_invalid_mix_is_a_wrong_flag(script, value):
    refused = script("train", f"--mix={value}")
    assert refused.returncode == 2
    assert (
        f"expected DATASET:RATIO as in mnist:1, a dataset of --dataset and a number from 0.1 to 10. Received: {value!r}"
        in (refused.stderr)
    )
    assert "Traceback" not in refused.stderr
