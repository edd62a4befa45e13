"""Evaluates a trained model: test accuracy, loss, calibration error, precision, recall, confusion matrix.

MODEL is the folder of a run or an export, a SavedModel, a .keras, .h5, .tflite or .onnx file, also of other people, or
the name of a shipped model:

    python scripts/evaluate.py runs/NAME
    python scripts/evaluate.py exported/cnn/mnist.tflite --require_accuracy=99
    python scripts/evaluate.py exported/cnn_robust --pictures=my_handwriting --plot=errors.png
    python scripts/evaluate.py exported/cnn_robust --pictures=my_numbers --all_digits
"""

from absl import flags
from script_flags import define_data_flags, define_input_range_flag, digits_from_flags

from mnist_keras import cli

flags.DEFINE_float(
    "require_accuracy",
    None,
    "minimum test accuracy in percent; exit with status 1 below it",
    lower_bound=0,
    upper_bound=100,
)
text = (
    "evaluate on the images in this folder; a file's name starts with its digit, or its folder's name is its digit; "
    "none stands for images of no digit; of other classes, a file's name starts with the class's name and _"
)
flags.DEFINE_string("pictures", None, text)
flags.DEFINE_bool("all_digits", False, "read whole numbers on --pictures; a file's name starts with the number")
flags.DEFINE_bool("tta", False, "test-time augmentation: average over 18 transformed copies of each image")
flags.DEFINE_bool("calibration", False, "also print the best temperature and the selective accuracy")
flags.DEFINE_bool("robustness", False, "also print the accuracy under twelve corruptions of the test images")
flags.DEFINE_string("plot", None, "PNG file for a figure of --robustness, or of the misclassified --pictures")
flags.DEFINE_string("json", None, "also write the results to this JSON file")
define_data_flags()
define_input_range_flag()
FLAGS = flags.FLAGS


def main(arguments):
    for name in ("robustness", "tta"):
        if FLAGS[name].value and FLAGS.pictures:
            raise flags.IllegalFlagValueError(f"flag --{name}: it applies to the test images, not to --pictures")
    if FLAGS.all_digits and (not FLAGS.pictures or FLAGS.calibration or FLAGS.require_accuracy):
        raise flags.IllegalFlagValueError(
            "flag --all_digits: it needs --pictures, and goes with --plot and --json alone"
        )
    if FLAGS.plot and not (FLAGS.robustness or FLAGS.pictures):
        raise flags.IllegalFlagValueError("flag --plot: it needs --robustness or --pictures")
    from mnist_keras.errors import InputError
    from mnist_keras.evaluation.metrics import compute_metrics
    from mnist_keras.files import write_json
    from mnist_keras.inference.predictor import load_predictor

    with cli.silence_native_logs():
        predictor = load_predictor(arguments[0], input_range=FLAGS.input_range)
    if FLAGS.all_digits:
        evaluate_numbers(predictor)
        return
    extra = {}
    if FLAGS.pictures:
        from mnist_keras.evaluation.labeled_images import run_field_test

        with cli.silence_native_logs():
            test = run_field_test(predictor, FLAGS.pictures)
        probabilities, labels, dataset = test.probabilities, test.labels, FLAGS.pictures
        extra["field_test"] = test.to_dict()
        if FLAGS.plot:
            plot_errors(test)
    else:
        from mnist_keras.evaluation.orientation import warn_unless_upright

        digits = digits_from_flags()
        warn_unless_upright(digits)
        predictor.check_not_trained_on(digits.name)
        predictor.check_classes(digits.class_names)
        predict = choose_predict(predictor)
        probabilities, labels = predict(digits.test_images), digits.test_labels
        dataset = digits.name
    report = compute_metrics(probabilities, labels, predictor.class_names)
    copies = ", 18 transformed copies of each image" if FLAGS.tta else ""
    print(f"{predictor.path} on {dataset}{copies}\n\n{report}")
    if FLAGS.pictures:
        print(f"\n{test}")
    if FLAGS.calibration:
        extra["calibration"] = evaluate_calibration(probabilities, labels)
    if dataset == "mnist":
        extra["correct_after_label_fixes"] = count_after_label_fixes(report)
    if FLAGS.robustness:
        extra["corruption_accuracy"] = evaluate_corruptions(predictor, predict, digits)
    if FLAGS.json:
        write_json(FLAGS.json, {"model": str(predictor.path), "dataset": dataset, **report.to_dict(), **extra})
    if FLAGS.require_accuracy is not None and 100 * report.accuracy < FLAGS.require_accuracy:
        raise InputError(
            f"the test accuracy is too low. Expected: at least {FLAGS.require_accuracy:g} %. "
            f"Received: {100 * report.accuracy:.2f} %. Train a better model or lower --require_accuracy."
        )


def evaluate_numbers(predictor):
    import pathlib

    from mnist_keras.evaluation.labeled_numbers import run_number_field_test
    from mnist_keras.files import write_json
    from mnist_keras.reports.prediction_figures import numbers_figure
    from mnist_keras.reports.style import save_figure

    with cli.silence_native_logs():
        test = run_number_field_test(predictor, FLAGS.pictures)
    print(f"{predictor.path} on {FLAGS.pictures}\n\n{test}")
    if FLAGS.plot:
        save_figure(
            numbers_figure([number for number, _ in test.wrong], "Misclassified numbers"), pathlib.Path(FLAGS.plot)
        )
    if FLAGS.json:
        write_json(FLAGS.json, {"model": str(predictor.path), "pictures": FLAGS.pictures, **test.to_dict()})


def plot_errors(test):
    import pathlib

    from mnist_keras.reports.prediction_figures import errors_figure, rejection_figure
    from mnist_keras.reports.style import save_figure

    path = pathlib.Path(FLAGS.plot)
    save_figure(errors_figure(test.predictions, test.labels), path)
    if test.no_digits:
        save_figure(rejection_figure(test), path.with_name(f"{path.stem}_no_digit{path.suffix}"))


def choose_predict(predictor):
    if not FLAGS.tta:
        return predictor.predict
    from mnist_keras.evaluation.tta import with_tta

    return with_tta(predictor.predict)


def count_after_label_fixes(report):
    from mnist_keras.evaluation.metrics import LABEL_FIXES, correct_after_label_fixes

    correct = correct_after_label_fixes(report.correct, report.misclassified)
    print(f"\ncorrect after {len(LABEL_FIXES)} label fixes of the test set: {correct}/{report.examples}")
    return correct


def evaluate_calibration(probabilities, labels):
    from mnist_keras.evaluation.calibration import fit_temperature, selective_accuracy

    temperature = fit_temperature(probabilities, labels)
    rows = selective_accuracy(probabilities, labels)
    print(f"\nbest temperature   {temperature:.3f}  (above 1: overconfident, below 1: underconfident)\n")
    print("minimum confidence  coverage  selective accuracy  accuracy below")
    for row in rows:
        selected, rejected = map(percent, (row.accuracy, row.rejected_accuracy))
        print(f"{row.threshold:>18.0%}  {row.coverage:>8.2%}  {selected:>18}  {rejected:>14}")
    return {"best_temperature": temperature, "selective_accuracy": [row._asdict() for row in rows]}


def percent(accuracy):
    return "-" if accuracy is None else f"{accuracy:.2%}"


def evaluate_corruptions(predictor, predict, digits):
    import pathlib

    from mnist_keras.evaluation.corruptions import corruption_accuracy
    from mnist_keras.reports.evaluation_figures import robustness_figure
    from mnist_keras.reports.style import save_figure

    accuracies = corruption_accuracy(predict, digits.test_images, digits.test_labels)
    print("\ncorruption  test accuracy")
    for name, accuracy in accuracies.items():
        print(f"{name:<10}  {accuracy:>13.2%}")
    if FLAGS.plot:
        title = f"{predictor.path.parent.name} on corrupted {digits.name}"
        save_figure(robustness_figure(accuracies, digits.test_images, title), pathlib.Path(FLAGS.plot))
    return accuracies


if __name__ == "__main__":
    cli.run(main, arguments="MODEL")
