"""Compares the test accuracy of two recipes of a study by a paired bootstrap.

    python scripts/compare.py studies/mine cnn cnn_augmented

Uses all runs of the two recipes in the study's folder. Prints the mean accuracies, their difference with a 95 %
confidence interval, and the two-sided p-value. Seeds and test images are resampled 10,000 times; each resample has
the same images for both recipes.
"""

import pathlib

from mnist_keras import cli


def main(arguments):
    folder, one, other = arguments
    with cli.silence_native_logs():
        from mnist_keras.evaluation.comparison import compare_runs
        from mnist_keras.experiments.study import read_reports

    reports = {name: read_reports(pathlib.Path(folder), name) for name in (one, other)}
    result = compare_runs(reports[one], reports[other])
    for name, runs in reports.items():
        mean = 100 * sum(report["accuracy"] for report in runs) / len(runs)
        seeds = f"{len(runs)} seeds" if len(runs) > 1 else "one seed"
        print(f"{name:<14}  {mean:7.3f} %  mean of {seeds}, {runs[0]['examples']:,} images")
    interval = f"95 % confidence interval {result.low:+.3f} to {result.high:+.3f}"
    print(f"{'difference':<14}  {result.difference:+7.3f}    {interval}")
    print(f"{'p-value':<14}  {result.p_value:7.4f}    two-sided")


if __name__ == "__main__":
    cli.run(main, arguments="STUDY RECIPE OTHER")
