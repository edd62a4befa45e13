"""Scores a trained model on the whole test set.

MODEL is a run's folder, an export's folder, a SavedModel, a .keras, .tflite or .onnx file:

    python scripts/evaluate.py runs/NAME
    python scripts/evaluate.py exported/cnn/mnist.tflite --require_accuracy=99
    python scripts/evaluate.py exported/cnn_robust --pictures=my_handwriting
"""

from absl import flags
from script_flags import define_data_flags, digits_from_flags

from mnist_keras import cli

flags.DEFINE_float("require_accuracy", None, "fail below this accuracy, percent", lower_bound=0, upper_bound=100)
text = (
    "score on the pictures in this folder instead; each one's name begins with its digit, or its folder is called by it"
)
flags.DEFINE_string("pictures", None, text)
flags.DEFINE_bool("views", False, "average over 18 slightly moved views of each image (test-time augmentation)")
flags.DEFINE_bool("calibration", False, "also tell whether its probabilities can be believed")
flags.DEFINE_bool("robustness", False, "also score under twelve corruptions of the test images")
flags.DEFINE_string("plot", None, "PNG file for what --robustness finds")
flags.DEFINE_string("json", None, "also write the report to this file")
define_data_flags()
FLAGS = flags.FLAGS


def main(arguments):
    if FLAGS.robustness and FLAGS.pictures:
        raise flags.IllegalFlagValueError("flag --robustness: corruptions are of the test images, not of --pictures")
    if FLAGS.views and FLAGS.pictures:
        raise flags.IllegalFlagValueError("flag --views: it is for the test images, not for --pictures")
    if FLAGS.plot and not FLAGS.robustness:
        raise flags.IllegalFlagValueError("flag --plot: it shows what --robustness finds; give both")
    from mnist_keras.errors import InputError
    from mnist_keras.evaluation.metrics import compute_metrics
    from mnist_keras.files import write_json
    from mnist_keras.inference.predictor import load_predictor

    with cli.silence_native_logs():
        predictor = load_predictor(arguments[0])
    if FLAGS.pictures:
        from mnist_keras.inference.images import predict_labelled

        with cli.silence_native_logs():
            probabilities, labels = predict_labelled(predictor, FLAGS.pictures)
        dataset = FLAGS.pictures
    else:
        digits = digits_from_flags()
        predictor.check_not_trained_on(digits.name)
        predict = choose_predict(predictor)
        probabilities, labels = predict(digits.test_images), digits.test_labels
        dataset = digits.name
    report = compute_metrics(probabilities, labels)
    print(f"{predictor.path} on {dataset}{', 18 views of each image' if FLAGS.views else ''}\n\n{report}")
    extra = {"calibration": score_confidence(probabilities, labels)} if FLAGS.calibration else {}
    extra |= {"correct_after_label_fixes": count_corrected(report)} if dataset == "mnist" else {}
    extra |= {"corrupted": score_corrupted(predictor, predict, digits)} if FLAGS.robustness else {}
    if FLAGS.json:
        write_json(FLAGS.json, {"model": str(predictor.path), "dataset": dataset, **report.to_dict(), **extra})
    if FLAGS.require_accuracy is not None and 100 * report.accuracy < FLAGS.require_accuracy:
        raise InputError(
            f"the accuracy is below the bar. Expected: at least {FLAGS.require_accuracy:g} %. "
            f"Received: {100 * report.accuracy:.2f} %."
        )


def choose_predict(predictor):
    if not FLAGS.views:
        return predictor.predict
    from mnist_keras.evaluation.tta import with_tta

    return with_tta(predictor.predict)


def count_corrected(report):
    from mnist_keras.evaluation.metrics import LABEL_FIXES, correct_after_label_fixes

    correct = correct_after_label_fixes(report.correct, report.misclassified)
    print(f"\nwith {len(LABEL_FIXES)} wrong labels of the test set corrected: {correct}/{report.examples}")
    return correct


def score_confidence(probabilities, labels):
    from mnist_keras.evaluation.calibration import fit_temperature, selective_accuracy

    temperature = fit_temperature(probabilities, labels)
    rows = selective_accuracy(probabilities, labels)
    print(f"\nbest temperature   {temperature:.3f} (above 1: too sure of itself)\n")
    print("confidence from  answered  right of these  right of the others")
    for row in rows:
        right, others = ("-" if share is None else f"{share:.2%}" for share in row[2:])
        print(f"{row.threshold:>15.0%}  {row.answered:>8.2%}  {right:>14}  {others:>19}")
    return {"best_temperature": temperature, "answers": [row._asdict() for row in rows]}


def score_corrupted(predictor, predict, digits):
    import pathlib

    from mnist_keras.evaluation.corruptions import corruption_accuracy
    from mnist_keras.reports.evaluation_figures import robustness_figure
    from mnist_keras.reports.style import save_figure

    accuracies = corruption_accuracy(predict, digits.test_images, digits.test_labels)
    print("\ncorruption  accuracy")
    for name, accuracy in accuracies.items():
        print(f"{name:<10}  {accuracy:>8.2%}")
    if FLAGS.plot:
        title = f"{predictor.path.parent.name} on corrupted {digits.name}"
        save_figure(robustness_figure(accuracies, digits.test_images, title), pathlib.Path(FLAGS.plot))
    return accuracies


if __name__ == "__main__":
    cli.run(main, arguments="MODEL")
