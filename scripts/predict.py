"""Predicts the digits on image files: photos, scans, drawings of any size, dark on light or light on dark.

MODEL is the folder of a run or an export, a SavedModel, a .keras, .tflite or .onnx file, or the name of a shipped
model. IMAGE is a file, a folder with subfolders, or - for standard input. An unreadable image is reported at the end;
the others are still predicted:

    python scripts/predict.py cnn_robust photo.jpg images/
    python scripts/predict.py cnn_robust number.png --all_digits --plot=predictions.png
"""

import json
import pathlib

from absl import flags
from script_flags import define_input_range_flag

from mnist_keras import cli

flags.DEFINE_bool("all_digits", False, "predict all digits on each image, line by line; digits must not touch")
flags.DEFINE_bool("json", False, "print JSON instead of a table")
flags.DEFINE_string("save_inputs", None, "folder for the preprocessed 28x28 digits, the input of the network")
flags.DEFINE_string("plot", None, "PNG file for a figure of images, preprocessed digits and probabilities")
define_input_range_flag()
FLAGS = flags.FLAGS


def main(arguments):
    with cli.silence_native_logs():
        from mnist_keras.errors import InputError
        from mnist_keras.inference.images import list_images, predict_file
        from mnist_keras.inference.predictor import load_predictor

        predictor = load_predictor(arguments[0], input_range=FLAGS.input_range)
    files, predictions, errors = [], [], []
    for argument in arguments[1:]:
        try:
            files += list_images([argument])
        except InputError as error:
            errors.append(str(error))
    for file in files:
        try:
            with cli.silence_native_logs():
                found = predict_file(predictor, file, FLAGS.all_digits)
            predictions += found
            if not found:
                errors.append(f"{file}: no digit was found.")
        except InputError as error:
            errors.append(str(error))
    if FLAGS.json:
        print(json.dumps([prediction.to_dict() for prediction in predictions], indent=2))
    elif predictions:
        print_table(predictions)
    if FLAGS.save_inputs:
        save_inputs(predictions, pathlib.Path(FLAGS.save_inputs))
    if FLAGS.plot and predictions:
        from mnist_keras.reports.prediction_figures import predictions_figure
        from mnist_keras.reports.style import save_figure

        save_figure(predictions_figure(predictions), pathlib.Path(FLAGS.plot))
    if errors:
        raise InputError("\n".join(errors))


def print_table(predictions):
    width = max(len("file"), *(len(prediction.file) for prediction in predictions))
    print(f"{'file':<{width}}  digit  probability  second guess  warnings")
    for prediction in predictions:
        digit, probability, second = "-", "", ""
        if prediction.digit is not None:
            digit, probability = prediction.digit, f"{prediction.probabilities.max():.2%}"
            second = f"{prediction.second_guess} ({prediction.probabilities[prediction.second_guess]:.2%})"
        warnings = ", ".join(prediction.warnings)
        print(f"{prediction.file:<{width}}  {digit:>5}  {probability:>11}  {second:>12}  {warnings}".rstrip())


def save_inputs(predictions, folder):
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number, prediction in enumerate(predictions, 1):
        name = f"{number:04}-{pathlib.Path(prediction.file).stem}.png"
        Image.fromarray(prediction.normalized.digit).save(folder / name)


if __name__ == "__main__":
    cli.run(main, arguments="MODEL IMAGE...")
