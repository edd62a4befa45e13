"""Exports a model as SavedModel, TFLite or ONNX files and checks each file against the model.

MODEL is the folder of a run, or a .keras or .h5 file, also of other people:

    python scripts/export.py runs/NAME --formats=saved_model,float32,uint8_io
    python scripts/export.py theirs.h5 --formats=all

A fresh process loads each file. The table compares its predictions on the test set with those of the model. The files
of other people's models have the input and output of all exports; one line says what was assumed about the model.
"""

from absl import flags
from script_flags import (
    define_data_flags,
    define_export_flags,
    define_input_range_flag,
    digits_from_flags,
    formats_from_flags,
)

from mnist_keras import cli
from mnist_keras.distribution.keras_config import check_keras_config

flags.DEFINE_string("output", None, "folder of the export (default: exported/RECIPE, or exported/FILE)")
define_export_flags()
define_data_flags()
define_input_range_flag()
FLAGS = flags.FLAGS


def main(arguments):
    check_keras_config()
    # Unknown names are refused before TensorFlow is imported, which takes seconds.
    formats_from_flags()
    with cli.silence_native_logs():
        from mnist_keras.export.export import IncompleteExport, write_export
        from mnist_keras.export.formats import default_export_folder
        from mnist_keras.export.source import read_source

    digits = digits_from_flags()
    with cli.silence_native_logs():
        source = read_source(arguments[0], digits, FLAGS.input_range)
    output = FLAGS.output or default_export_folder("exported", source.name, source.dataset)
    formats = formats_from_flags(source.class_names)
    failed = None
    try:
        with cli.silence_native_logs():
            card = write_export(source, output, digits, formats)
    except IncompleteExport as error:
        card, failed = error.card, error
    print(f"{'file':<22} {'bytes':>10}  {'same class':>11}  {'max difference':>14}  {'correct':>11}  {'us':>6}")
    for name, file in card["files"].items():
        parity = file["parity"]
        same, correct = (f"{parity[key]}/{parity['examples']}" for key in ("classes_agreeing", "correct"))
        difference, time = f"{parity['largest_difference']:.1e}", f"{parity['microseconds']:.0f}"
        print(f"{name:<22} {parity['bytes']:>10,}  {same:>11}  {difference:>14}  {correct:>11}  {time:>6}")
    print(f"\nexported to {output}")
    print("same class: test images on which file and model predict the same class")
    print("max difference: of the probabilities, between file and model; us: median microseconds per digit")
    if failed:
        raise failed


if __name__ == "__main__":
    cli.run(main, arguments="MODEL")
