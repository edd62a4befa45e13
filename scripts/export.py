"""Exports a run's model as a SavedModel and a TFLite file, each checked against the model.

python scripts/export.py runs/NAME
"""

import pathlib

from absl import flags
from script_flags import define_data_flags, digits_from_flags

from mnist_keras import command_line

flags.DEFINE_string("output", None, "folder of the export (default: exported/RECIPE)")
define_data_flags()
FLAGS = flags.FLAGS


def main(arguments):
    with command_line.quiet_libraries():
        from mnist_keras.exporting.export import export_run
        from mnist_keras.exporting.places import default_folder
        from mnist_keras.run_folder import read_run

    config, _ = read_run(arguments[0])
    output = FLAGS.output or default_folder("exported", config["recipe"]["name"], config["dataset"]["name"])
    digits = digits_from_flags()
    with command_line.quiet_libraries():
        card = export_run(arguments[0], output, digits)
    print(f"{'file':<14} {'bytes':>10}  {'classes agreeing':>16}  largest difference")
    for name, file in card["files"].items():
        if "parity" not in file:
            continue
        parity = file["parity"]
        agreeing = f"{parity['classes_agreeing']}/{parity['examples']}"
        print(
            f"{name:<14} {_size(pathlib.Path(output) / name):>10,}  {agreeing:>16}  {parity['largest_difference']:.1e}"
        )
    print(f"\nexported to {output}")


def _size(path: pathlib.Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    command_line.run(main, arguments="RUN")
