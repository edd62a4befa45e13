"""Predicts the digits on image files: photos, scans, drawings of any size, dark on light or light on dark.

MODEL is the folder of a run or an export, a SavedModel, a .keras, .h5, .tflite or .onnx file, also of other people, or
the name of a shipped model. IMAGE is a file, a folder, or - for standard input. An unreadable image is reported at the
end; the others are still predicted:

    python scripts/predict.py cnn_robust photo.jpg images/ --plot=predictions.png
    python scripts/predict.py cnn_robust number.png --all_digits
"""

import json
import pathlib

from absl import flags
from script_flags import define_input_range_flag

from mnist_keras import cli
from mnist_keras.data.digits import is_of_digits

flags.DEFINE_bool("all_digits", False, "predict all digits on each image, line by line; at most 32")
flags.DEFINE_bool("json", False, "print JSON instead of a table")
flags.DEFINE_string("save_inputs", None, "folder for the preprocessed 28x28 digits, the input of the network")
flags.DEFINE_string(
    "plot", None, "PNG file for a figure: each image with boxes, the removed ink, the network's input, probabilities"
)
define_input_range_flag()
FLAGS = flags.FLAGS


def main(arguments):
    with cli.silence_native_logs():
        from mnist_keras.errors import InputError
        from mnist_keras.inference.images import list_images, predict_file, predict_number
        from mnist_keras.inference.predictor import load_predictor

        predictor = load_predictor(arguments[0], input_range=FLAGS.input_range)
    files, results, errors = [], [], []
    for argument in arguments[1:]:
        try:
            files += list_images([argument])
        except InputError as error:
            errors.append(str(error))
    for file in files:
        try:
            with cli.silence_native_logs():
                results += [predict_number(predictor, file)] if FLAGS.all_digits else predict_file(predictor, file)
        except InputError as error:
            errors.append(str(error))
    if FLAGS.json:
        print(json.dumps([result.to_dict() for result in results], indent=2))
    elif results:
        (print_numbers if FLAGS.all_digits else print_table)(results)
    if FLAGS.save_inputs:
        digits = [digit for number in results for digit in number.digits] if FLAGS.all_digits else results
        save_inputs(digits, pathlib.Path(FLAGS.save_inputs))
    if FLAGS.plot and results:
        from mnist_keras.reports.prediction_figures import numbers_figure, predictions_figure
        from mnist_keras.reports.style import save_figure

        figure = numbers_figure(results) if FLAGS.all_digits else predictions_figure(results)
        save_figure(figure, pathlib.Path(FLAGS.plot))
    if errors:
        raise InputError("\n".join(errors))


def print_numbers(numbers):
    width = max(len("file"), *(len(number.file) for number in numbers))
    print(f"{'file':<{width}}  digits  lowest probability  warnings")
    for number in numbers:
        lowest = min((digit.probabilities.max() for digit in number.digits), default=0)
        first, *others = number.text.split("\n")
        warnings = ", ".join(number.warnings)
        print(f"{number.file:<{width}}  {first or '-':<6}  {lowest:>18.2%}  {warnings}".rstrip())
        for line in others:
            print(f"{'':<{width}}  {line}")


def print_table(predictions):
    width = max(len("file"), *(len(prediction.file) for prediction in predictions))
    title = "digit" if is_of_digits(predictions[0].class_names) else "class"
    # Of the column of names, and of that of second guesses.
    name_width = max(5, *(len(prediction.class_name or "") for prediction in predictions))
    second_width = max(12, *(len(second_guess(prediction)) for prediction in predictions))
    print(f"{'file':<{width}}  {title:>{name_width}}  probability  {'second guess':>{second_width}}  warnings")
    for prediction in predictions:
        probability = "" if prediction.class_name is None else f"{prediction.probabilities.max():.2%}"
        cells = f"{prediction.class_name or '-':>{name_width}}  {probability:>11}"
        warnings = ", ".join(prediction.warnings)
        print(f"{prediction.file:<{width}}  {cells}  {second_guess(prediction):>{second_width}}  {warnings}".rstrip())


def second_guess(prediction):
    if prediction.second_guess is None:
        return ""
    return f"{prediction.second_guess_name} ({prediction.probabilities[prediction.second_guess]:.2%})"


def save_inputs(predictions, folder):
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number, prediction in enumerate(predictions, 1):
        name = f"{number:04}-{pathlib.Path(prediction.file).stem}.png"
        Image.fromarray(prediction.normalized.digit).save(folder / name)


if __name__ == "__main__":
    cli.run(main, arguments="MODEL IMAGE...")
