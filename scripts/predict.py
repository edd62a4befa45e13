"""Reads digits on people's own pictures: photos, scans, drawings, of any size, dark on light or light on dark.

MODEL is a run's or an export's folder, a SavedModel, a .keras, .tflite or .onnx file, or the name of a model that
ships. PICTURE is a file or a folder of them. A picture that cannot be read does not keep the others from being read:

    python scripts/predict.py cnn_robust photo.jpg pictures/
    python scripts/predict.py cnn_robust number.png --many --plot=number-read.png
"""

import json
import pathlib

from absl import flags

from mnist_keras import cli

flags.DEFINE_bool("many", False, "read all digits on each picture, line by line; they must not touch")
flags.DEFINE_bool("json", False, "print JSON and no table")
flags.DEFINE_string("save_inputs", None, "folder for the 28x28 pictures that the network gets")
flags.DEFINE_string("plot", None, "PNG file: pictures, what the network saw, probabilities")
FLAGS = flags.FLAGS


def main(arguments):
    with cli.silence_native_logs():
        from mnist_keras.errors import InputError
        from mnist_keras.inference.images import list_images, predict_file
        from mnist_keras.inference.predictor import load_predictor

        predictor = load_predictor(arguments[0])
    files, readings, refused = [], [], []
    for argument in arguments[1:]:
        try:
            files += list_images([argument])
        except InputError as error:
            refused.append(str(error))
    for file in files:
        try:
            with cli.silence_native_logs():
                found = predict_file(predictor, file, FLAGS.many)
            readings += found
            if not found:
                refused.append(f"{file}: no digit was found on it.")
        except InputError as error:
            refused.append(str(error))
    if FLAGS.json:
        print(json.dumps([reading.to_dict() for reading in readings], indent=2))
    elif readings:
        print_table(readings)
    if FLAGS.save_inputs:
        save_inputs(readings, pathlib.Path(FLAGS.save_inputs))
    if FLAGS.plot and readings:
        from mnist_keras.reports.evaluation_figures import readings_table
        from mnist_keras.reports.style import save_figure

        save_figure(readings_table(readings), pathlib.Path(FLAGS.plot))
    if refused:
        raise InputError("\n".join(refused))


def print_table(readings):
    width = max(len("file"), *(len(reading.file) for reading in readings))
    print(f"{'file':<{width}}  digit  probability  second guess  notes")
    for reading in readings:
        digit, probability, second = "-", "", ""
        if reading.digit is not None:
            digit, probability = reading.digit, f"{reading.probabilities.max():.2%}"
            second = f"{reading.second_guess} ({reading.probabilities[reading.second_guess]:.2%})"
        notes = ", ".join(reading.warnings)
        print(f"{reading.file:<{width}}  {digit:>5}  {probability:>11}  {second:>12}  {notes}".rstrip())


def save_inputs(readings, folder):
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number, reading in enumerate(readings, 1):
        Image.fromarray(reading.normalized.digit).save(folder / f"{number:04}-{pathlib.Path(reading.file).stem}.png")


if __name__ == "__main__":
    cli.run(main, arguments="MODEL PICTURE...")
