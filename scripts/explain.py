"""Explains predictions: which pixels speak for a class, similar training images, the smallest change to another class.

MODEL is the folder of a run, the folder of an export with model.keras, a .keras file of this package, or the name of a
shipped model. IMAGE is an image file, a folder, or - for standard input:

    python scripts/explain.py cnn_robust docs/seven.png --plot=explanation.png
    python scripts/explain.py cnn_robust --map=map.png

--map draws the test set of --dataset by the outputs of the network's penultimate layer, in two dimensions.
"""

import json
import pathlib

from absl import flags
from script_flags import define_data_flags, digits_from_flags

from mnist_keras import cli
from mnist_keras.distribution.keras_config import check_keras_config
from mnist_keras.errors import InputError
from mnist_keras.explanations.keras_source import find_keras_model, load_keras_source

flags.DEFINE_string("plot", None, "PNG file for a figure of the explanations")
flags.DEFINE_string("map", None, "PNG file for a map of the test set by PCA and t-SNE, misclassified images ringed")
flags.DEFINE_bool("json", False, "print JSON, with the values of all pixels, instead of a table")
text = "number of training images, chosen at random, among which the most similar ones are searched; 0: all"
flags.DEFINE_integer("train_images", 10_000, text, lower_bound=0)
text = "with --map: number of test images, chosen at random; 0: all"
flags.DEFINE_integer("map_images", 2000, text, lower_bound=0)
define_data_flags()
FLAGS = flags.FLAGS


def main(arguments):
    name, *images = arguments
    if not (images or FLAGS.map):
        raise flags.Error("expected MODEL IMAGE..., or MODEL and --map. Received: no image")
    if FLAGS.plot and not images:
        raise flags.IllegalFlagValueError("flag --plot: it needs an IMAGE; --map draws the test set")
    check_keras_config()
    # Checks come before the import of TensorFlow, which takes seconds.
    file = find_keras_model(name)
    with cli.silence_native_logs():
        source = load_keras_source(file)
    digits = digits_from_flags()
    source.predictor.check_classes(digits.class_names)
    if FLAGS.map:
        draw_map(source, digits)
    if images:
        explain_images(source, digits, images)


def draw_map(source, digits):
    source.predictor.check_not_trained_on(digits.name)
    with cli.silence_native_logs():
        from mnist_keras.explanations.features import feature_map
        from mnist_keras.reports.explanation_figures import feature_map_figure
        from mnist_keras.reports.style import save_figure

        features = feature_map(source.model, digits, FLAGS.map_images)
    count = len(features.labels)
    wrong = int((features.labels != features.predictions).sum())
    of_all = f" of {len(digits.test_labels):,}" if count < len(digits.test_labels) else ""
    title = f"Features of {count:,}{of_all} test images of {digits.name} in {source.model.name}"
    save_figure(feature_map_figure(features, title, digits.class_names), pathlib.Path(FLAGS.map))
    if not FLAGS.json:
        print(f"{FLAGS.map}: {count:,}{of_all} test images of {digits.name}, {wrong} misclassified")


def explain_images(source, digits, images):
    with cli.silence_native_logs():
        from mnist_keras.explanations.explanation import explain_prediction
        from mnist_keras.explanations.features import TrainingFeatures
        from mnist_keras.inference.images import list_images
        from mnist_keras.inference.preprocessing.image_files import load_image
        from mnist_keras.inference.preprocessing.normalize import preprocess_image

        training = TrainingFeatures(source.model, digits, FLAGS.train_images)
    files, explanations, errors = [], [], []
    for argument in images:
        try:
            for file in list_images([argument]):
                with cli.silence_native_logs():
                    digit = preprocess_image(load_image(file))
                    if not digit.has_ink:
                        raise InputError(f"{file} shows no ink. Expected: a digit. Choose another image.")
                    explanation = explain_prediction(source.model, digit.digit, training, digits.class_names)
                files.append(file)
                explanations.append(explanation)
        except InputError as error:
            errors.append(str(error))
    if FLAGS.json:
        rows = [{"file": file, **each.to_dict()} for file, each in zip(files, explanations, strict=True)]
        print(json.dumps(rows))
    else:
        for file, explanation in zip(files, explanations, strict=True):
            print_explanation(file, explanation, f"{len(training):,} training images of {digits.name}")
    if FLAGS.plot and explanations:
        from mnist_keras.reports.explanation_figures import explanations_figure
        from mnist_keras.reports.style import save_figure

        save_figure(explanations_figure(explanations, files), pathlib.Path(FLAGS.plot))
    if errors:
        raise InputError("\n".join(errors))


def print_explanation(file, explanation, searched):
    from mnist_keras.reports.text import format_probability

    names, changed = explanation.class_names, explanation.adversarial
    first, second = (
        f"{names[index]} ({format_probability(explanation.probabilities[index])})"
        for index in (explanation.prediction, explanation.second_guess)
    )
    total = explanation.integrated_gradients.sum()
    change = "none found"
    if changed:
        change = f"L2 norm {changed.l2_norm:.2f}, at most {changed.max_norm:.2f} per pixel (white: 1)"
    labels = ", ".join(names[label] for label in explanation.neighbors.labels)
    print(file)
    print(f"  prediction            {first}, second guess {second}")
    print(
        f"  integrated gradients  sum {total:.3f}, difference of logits {explanation.logit_difference:.3f} "
        f"({explanation.completeness_error:+.2%})"
    )
    print(f"  most similar          labels {labels}, among {searched}")
    print(f"  change to {names[explanation.second_guess]:<10}  {change}")


if __name__ == "__main__":
    cli.run(main, arguments="MODEL [IMAGE...]")
