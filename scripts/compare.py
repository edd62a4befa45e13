"""Tells whether one recipe of a study is better than another, or only luckier.

    python scripts/compare.py studies/mine cnn cnn_augmented

All runs of the two recipes that the study holds count. Seeds and test images are drawn anew 10,000 times, an image
for both recipes at once (a paired bootstrap).
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
    print(f"{'difference':<14}  {result.difference:+7.3f}    95 % between {result.low:+.3f} and {result.high:+.3f}")
    print(f"{'p':<14}  {result.p_value:7.4f}    (two-sided)")


if __name__ == "__main__":
    cli.run(main, arguments="STUDY RECIPE OTHER")
