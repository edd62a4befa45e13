"""The rules that tests/mutations.py breaks one at a time."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """A piece of code that implements a rule, and the piece that breaks it."""

    # Below mnist_keras/.
    file: str
    # A text that the file contains once.
    rule: str
    # The text that replaces it.
    broken: str
    # Files or folders of tests that should notice, separated by spaces.
    tests: str


_TRANSFORMS = "data/augmentation/transforms.py", "tests/data/augmentation/test_transforms.py"
_PIPELINE = "data/pipeline.py", "tests/data/test_pipeline.py"
_PREPROCESSING = "tests/inference/preprocessing"
_CANVAS = "inference/preprocessing/canvas.py", _PREPROCESSING
_INK = "inference/preprocessing/ink.py", _PREPROCESSING
_GLYPHS = "inference/preprocessing/glyphs_on_canvas.py", _PREPROCESSING
_GEOMETRY = "inference/preprocessing/mnist_geometry.py", _PREPROCESSING
_NORMALIZE = "inference/preprocessing/normalize_ops.py", _PREPROCESSING
_NUMBERS = "inference/preprocessing/numbers_ops.py", _PREPROCESSING
_BATCH = "tests/inference/batch/test_job.py"
_READING = "tests/inference/batch/test_reading.py"
_STORAGE = "training/checkpoints/storage.py", "tests/training/checkpoints"
_TRACKING = "experiments/tracking.py", "tests/experiments/test_tracking.py"
_METRICS = "evaluation/metrics.py", "tests/evaluation/test_metrics.py"
_SPLITS = "data/splits.py", "tests/data/test_split_validation.py"
_PARITY = "export/parity.py", "tests/export/test_parity.py"


def _of(place: tuple[str, str], rule: str, broken: str) -> Mutation:
    return Mutation(place[0], rule, broken, place[1])


MUTATIONS = [
    # Data
    _of(_PIPELINE, ", epoch, tf.constant(_ORDER", ", epoch * 0, tf.constant(_ORDER"),
    _of(_PIPELINE, "tf.int64), step, alg", "tf.int64), step_in_epoch, alg"),
    Mutation("data/archives.py", "if is_gzip:", "if False:", "tests/data"),
    Mutation(
        "data/archives.py",
        'check_size(f"{archive.filename}: {name}", size)',
        "None",
        "tests/data/test_hostile_files.py",
    ),
    _of(_PIPELINE, "_ROUNDS = 12", "_ROUNDS = 4"),
    _of(_PIPELINE, "step == batches - 1", "step == batches"),
    _of(_PIPELINE, "examples // (batch_size or examples)", "-(-examples // (batch_size or examples))"),
    _of(_TRANSFORMS, 'fill_mode="CONSTANT"', 'fill_mode="REFLECT"'),
    _of(_TRANSFORMS, "row_y = (-sine, cosine)", "row_y = (sine, cosine)"),
    _of(
        _TRANSFORMS,
        '"shift_y": _symmetric_range(0.0, augmentation.shift)',
        '"shift_y": _symmetric_range(0.0, 0.0)',
    ),
    _of(_TRANSFORMS, "tf.minimum(pixels * _per_image(brightness), 255.0)", "pixels * _per_image(brightness)"),
    Mutation(
        "data/augmentation/degradation.py",
        "amount / 2 - index, 0.0, 1.0) * (dilated - before)",
        "amount / 2, 0.0, 1.0) * (dilated - before)",
        "tests/data/augmentation/test_degradation.py",
    ),
    Mutation("data/archives.py", "if received != axes", "if False", "tests/data/test_archives.py"),
    _of(_SPLITS, "< sizes[by_remainder] - 1", "< sizes[by_remainder]"),
    _of(_SPLITS, "sizes.max() < 2 * sizes.min()", "sizes.min() > 0"),
    Mutation("data/digits.py", "if not is_of_digits(self.class_names):", "if True:", "tests/data/test_digits.py"),
    Mutation("data/forms/layouts.py", "if 0.5 < high <= 1:", "if high <= 1:", "tests/data/test_sources.py"),
    Mutation("data/forms/zip_folders.py", "> _MAX_FILE_BYTES:", "< 0:", "tests/data/forms/test_image_zips.py"),
    Mutation(
        "data/forms/image_folders.py",
        "urllib.parse.unquote(folder.name)",
        "folder.name",
        "tests/data/forms/test_image_zips.py",
    ),
    Mutation("data/forms/csv_files.py", "if not is_plain:", "if False:", "tests/data/forms/test_csv.py"),
    Mutation("data/forms/emnist.py", "swapaxes(1, 2)", "swapaxes(1, 1)", "tests/data/forms/test_known_datasets.py"),
    Mutation(
        "data/forms/image_preparation.py", "if fraction <= 0.5:", "if True:", "tests/data/forms/test_image_folders.py"
    ),
    Mutation(
        "data/forms/tfds_datasets.py", 'builder.name == "emnist"', "False", "tests/data/forms/test_tfds_datasets.py"
    ),
    # Inference
    _of(_GEOMETRY, "_BOX = 20.0", "_BOX = 21.0"),
    _of(_GEOMETRY, "offset = tf.math.ceil(", "offset = tf.math.floor("),
    _of(_GEOMETRY, "_NOISE_FACTOR = 5.0", "_NOISE_FACTOR = 0.0"),
    _of(_GEOMETRY, "_NO_GLYPH, _GLYPH = 0.1, 0.3", "_NO_GLYPH, _GLYPH = -1.0, -0.5"),
    _of(_GLYPHS, "_SPECK, _WINDOW = 3.0, 7", "_SPECK, _WINDOW = 0.0, 7"),
    _of(_CANVAS, "tf.where(ink < 128.0, 255.0, 0.0)", "tf.where(ink < 128.0, 0.0, 255.0)"),
    _of(_CANVAS, "tf.minimum(folded, 2.0 * size - folded)", "tf.minimum(folded, size - 1.0)"),
    _of(_CANVAS, "tf.where(step > 1.0, edge, tf.floor(edge))", "edge + 0.5"),
    _of(_NORMALIZE, "has_ink & _is_cut(box, canvas)", "has_ink & (canvas.step < 0.0)"),
    _of(_NORMALIZE, "_TIGHT = 0.33", "_TIGHT = -1.0"),
    _of(_NORMALIZE, "has_ink & tf.reduce_any(is_other)", "has_ink & tf.reduce_all(is_other)"),
    _of(_NORMALIZE, "* (found.is_digit + 0.25)", "* 1.0"),
    _of(_NORMALIZE, "tf.where(preprocessed.has_ink, is_digit, 0.0)", "is_digit * 0.0 + 1.0"),
    _of(_GLYPHS, "_MIN_STRONGEST = 0.3", "_MIN_STRONGEST = 0.0"),
    _of(_NUMBERS, "_MIN_DISTANCE = 0.36", "_MIN_DISTANCE = 1.5"),
    _of(_NORMALIZE, "_MIN_DISTANCE = 0.6", "_MIN_DISTANCE = 0.1"),
    _of(_GLYPHS, "_MIN_MASS = 1.5", "_MIN_MASS = 1e4"),
    _of(_NUMBERS, "lines_above * 1e4", "lines_above * 0.0"),
    _of(_NUMBERS, "_LARGE = 22.0", "_LARGE = 0.0"),
    _of(_NUMBERS, "_MIN_IS_DIGIT = 0.2", "_MIN_IS_DIGIT = 1e-6"),
    _of(_NUMBERS, "_SIGN_SCORE = 0.3", "_SIGN_SCORE = 2.0"),
    Mutation(
        "inference/preprocessing/image_ops.py",
        "MIN_WIDTH, MAX_WIDTH = 1.7, 4.4",
        "MIN_WIDTH, MAX_WIDTH = 0.0, 44.0",
        "tests/inference/preprocessing",
    ),
    _of(_INK, "0.5 * tilt + skewness + (", "0.5 * tilt + ("),
    _of(
        _INK,
        "_MIN_INK_TO_NOISE = 24.0, 12.0, 30.0",
        "_MIN_INK_TO_NOISE = 24.0, 12.0, 0.0",
    ),
    _of(_INK, "all_narrow * above(_SOLID * deepest, most - widest)", "1.0"),
    Mutation("inference/images.py", "((90, -1), (270, 1))", "((90, 1), (270, -1))", "tests/inference/test_images.py"),
    Mutation(
        "evaluation/labeled_images.py",
        "if label is None),\n    )",
        "if label is not None),\n    )",
        "tests/evaluation/test_labeled_images.py",
    ),
    Mutation(
        "inference/preprocessing/image_files.py",
        "if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE",
        "if False",
        "tests/inference/preprocessing/test_image_files.py",
    ),
    Mutation("inference/keras_model.py", "safe_mode=True", "safe_mode=False", "tests/inference/test_predictor.py"),
    Mutation(
        "inference/tflite.py",
        "np.clip(np.round(values / scale + zero), limits.min, limits.max)",
        "np.floor(values / scale + zero)",
        "tests/inference/test_tflite.py",
    ),
    Mutation(
        "inference/output_kind.py",
        "max(0.1, classes / 512)",
        "1e9",
        "tests/inference/test_output_kind.py",
    ),
    Mutation("inference/predictor.py", "if recorded and sha256(path) != recorded", "if False", "tests/inference"),
    Mutation(
        "evaluation/labeled_images.py",
        "np.where(no_ink[:, np.newaxis], misclassified, rows)",
        "rows",
        "tests/evaluation/test_labeled_images.py",
    ),
    Mutation(
        "inference/predictor.py",
        "np.where(np.abs(sums - 1) < 1e-4, probabilities, scaled)",
        "probabilities",
        "tests/inference/test_tflite.py",
    ),
    Mutation(
        "inference/class_names.py",
        "if found is None or len(found) == classes:",
        "if True:",
        "tests/inference/test_class_names.py",
    ),
    Mutation(
        "inference/images.py",
        'each != "no digit" or is_of_digits(self.class_names)',
        "True",
        "tests/inference/test_class_names.py",
    ),
    Mutation(
        "inference/sharing.py", "return self._free.pop()", "return self._free[0]", "tests/inference/test_threads.py"
    ),
    Mutation("inference/sharing.py", "if _process != os.getpid()", "if False", "tests/inference/test_threads.py"),
    Mutation(
        "inference/input_range.py",
        "white = max(correct, key=lambda white: (correct[white], white == model.white))",
        "white = model.white",
        "tests/inference/test_input_range.py",
    ),
    Mutation("inference/loading.py", "if result.returncode < 0", "if False", "tests/inference/test_tflite.py"),
    Mutation("inference/batch/job.py", "if number not in finished", "if True", _BATCH),
    Mutation("inference/batch/job.py", '"files": len(sizes),', '"files": 0,', _BATCH),
    Mutation("inference/batch/rows.py", 'return row | {"error": str(error)}', "raise", _BATCH),
    Mutation("inference/batch/output.py", "if differing:", "if False:", _BATCH),
    Mutation(
        "inference/batch/reading.py",
        "if stream.read(tarfile.BLOCKSIZE) !=",
        "if False and stream.read(tarfile.BLOCKSIZE) !=",
        _READING,
    ),
    Mutation("inference/batch/workers.py", "deaths >= _DEATHS_BEFORE_ISOLATION", "False", _BATCH),
    # Evaluation
    Mutation(
        "evaluation/orientation.py",
        "images.swapaxes(1, 2)[:, ::-1, ::-1]",
        "images.swapaxes(1, 2)[:, ::-1]",
        "tests/evaluation/test_orientation.py",
    ),
    Mutation(
        "evaluation/orientation.py",
        '["upright"] > _MIN_ACCURACY',
        '["upright"] > 0',
        "tests/evaluation/test_orientation.py",
    ),
    _of(_METRICS, "np.add.at(confusion, (labels, predictions), 1)", "np.add.at(confusion, (predictions, labels), 1)"),
    _of(_METRICS, "_CALIBRATION_BINS = 15", "_CALIBRATION_BINS = 1"),
    Mutation("evaluation/metrics.py", "correct + gained - lost", "correct + gained", "tests/evaluation"),
    Mutation(
        "evaluation/comparison.py",
        "(second_rate - first_rate) @ counts",
        "(first_rate - second_rate) @ counts",
        "tests/evaluation/test_comparison.py",
    ),
    Mutation(
        "evaluation/calibration.py",
        "confidence >= threshold",
        "confidence > threshold + 0.1",
        "tests/evaluation/test_calibration.py",
    ),
    # Training
    _of(_STORAGE, "_KEPT = 2", "_KEPT = 1"),
    _of(_STORAGE, 'and metadata.get("run_id") == self.run_id', ""),
    _of(_STORAGE, "        if difference:", "        if False:"),
    _of(_TRACKING, "not self._has_failed and epoch not in self._epochs:", "not self._has_failed:"),
    _of(_TRACKING, "            self._has_failed = True", "            raise"),
    _of(_TRACKING, 'config.get("run_id", config["digest"])', 'config["digest"]'),
    _of(_STORAGE, "with atomic_file(path)", 'with open(path, "wb")'),
    Mutation(
        "training/checkpoints/schedule.py",
        ">= self._steps",
        "> self._steps",
        "tests/training/checkpoints/test_schedule.py",
    ),
    Mutation(
        "training/checkpoints/resume.py", "        self._done = 0\n", "", "tests/training/checkpoints/test_resume.py"
    ),
    Mutation(
        "training/optimizers.py",
        '_NOT_DECAYED = ("bias", "gamma", "beta")',
        '_NOT_DECAYED = ("bias",)',
        "tests/training/test_optimizers.py",
    ),
    Mutation(
        "training/fast_methods.py", "if optimizer.nesterov:", "if False:", "tests/training/test_fused_optimizers.py"
    ),
    Mutation(
        "training/fast_methods.py",
        "variance * (count - 1) / count",
        "variance",
        "tests/training/test_fast_batch_norm.py",
    ),
    Mutation("training/callbacks.py", 'if not math.isfinite(logs["loss"])', "if False", "tests/training/test_train.py"),
    # Distribution
    Mutation(
        "distribution/strategy.py",
        "    batch_size -= batch_size % replicas\n",
        "",
        "tests/distribution/test_replicas.py",
    ),
    Mutation("distribution/workers.py", "if count > 1 or", "if", "tests/distribution/test_workers.py"),
    Mutation(
        "distribution/launcher.py",
        "not (status < 0 or status == EXIT_TRY_AGAIN)",
        "not status < 0",
        "tests/distribution/test_launcher.py",
    ),
    Mutation(
        "distribution/keras_compat.py",
        "if model.train_function is not skipping",
        "if False",
        "tests/distribution/test_keras_compat.py",
    ),
    # Explanations
    Mutation(
        "explanations/attribution.py",
        "return gradient.numpy() * image",
        "return gradient.numpy() * 255",
        "tests/explanations/test_attribution.py",
    ),
    Mutation("explanations/adversarial.py", "reached[0]", "reached[-1]", "tests/explanations/test_adversarial.py"),
    Mutation("explanations/features.py", "last.input", "last.output", "tests/explanations/test_features.py"),
    Mutation(
        "training/learning_rate_range.py",
        "if smoothed[-1] > _DIVERGED * smoothed.min():",
        "if False:",
        "tests/training/test_learning_rate_range.py",
    ),
    # Reports
    Mutation(
        "recipes/registry.py",
        "== protocol and is_whole_mnist(",
        "and is_whole_mnist(",
        "tests/recipes/test_registry.py",
    ),
    Mutation(
        "reports/study_report.py",
        'write_text(folder / "table.md", text)',
        '(folder / "table.md").write_text(text)',
        "tests/experiments/test_study.py",
    ),
    Mutation("atomic.py", "if path.exists() and not path.is_file():", "if False:", "tests/test_atomic.py"),
    Mutation("reports/run_report.py", "if name in shown or (name", "if (name", "tests/reports/test_html.py"),
    Mutation("reports/fonts.py", "if missing and stand_ins:", "if False:", "tests/reports/test_fonts.py"),
    Mutation("reports/fonts.py", "*figure.findobj(Text), *(", "*(", "tests/reports/test_fonts.py"),
    # Export
    _of(_PARITY, "difference <= kind.max_difference and ", ""),
    _of(_PARITY, " and agreeing >= kind.min_agreement * len(labels)", ""),
    Mutation(
        "export/formats.py",
        'if existing == "mnist" and dataset != "mnist"',
        "if False",
        "tests/export/test_export.py",
    ),
    Mutation(
        "export/signatures.py",
        'tf.where(others["has_ink"], predicted, -1)',
        "predicted",
        "tests/export/test_signatures.py",
    ),
    Mutation(
        "export/runtimes.py",
        "needed = max(needed, _SEVERAL_DENSE_SCALES)",
        "pass",
        "tests/export/test_runtimes.py",
    ),
    Mutation(
        "export/signatures.py",
        'tf.where(answer["has_ink"][:, tf.newaxis], answer["probabilities"], uniform)',
        'answer["probabilities"]',
        "tests/export/test_picture_formats.py",
    ),
    Mutation(
        "export/tflite_compaction.py",
        "if _needs_flat_input(model, graph, operator):",
        "if False:",
        "tests/export/test_tflite_compaction.py",
    ),
    Mutation(
        "export/onnx.py",
        "body.output[number - 1].name != inner or",
        "True or",
        "tests/export/test_formats.py",
    ),
    Mutation(
        "export/saved_model.py",
        "if size and size + tensor_bytes > _MAX_SHARD_BYTES:",
        "if False:",
        "tests/export/test_saved_model.py",
    ),
    Mutation(
        "training/class_weights.py",
        "np.count_nonzero(counts) * np.maximum",
        "len(counts) * np.maximum",
        "tests/training/test_class_weights.py",
    ),
    Mutation(
        "training/initial_recipe.py",
        "if not new_head:",
        "if True:",
        "tests/training/test_initial_recipe.py",
    ),
    Mutation(
        "training/initial_model.py",
        "if layer not in head:",
        "if True:",
        "tests/training/test_initial_model.py",
    ),
    Mutation(
        "models/stages.py",
        "layer.trainable = False",
        "pass",
        "tests/training/test_initial_model.py",
    ),
    Mutation(
        "models/stages.py",
        'max(getattr(layer, "strides", (1,))) > 1',
        "False",
        "tests/training/test_initial_model.py",
    ),
    Mutation(
        "training/initial_model.py",
        "fold_temperature(model, 1 / temperature)",
        "pass",
        "tests/training/test_initial_model.py",
    ),
    Mutation(
        "training/initial_recipe.py",
        "checksum != sha256(file)",
        "False",
        "tests/training/test_initial_recipe.py",
    ),
    Mutation(
        "data/mixing.py",
        "label_of[digits.train_labels[own]]",
        "digits.train_labels[own]",
        "tests/data/test_mixing.py",
    ),
    Mutation(
        "data/mixing.py",
        "max(examples, minimum)",
        "examples",
        "tests/data/test_mixing.py",
    ),
    Mutation(
        "training/settings.py",
        "for name in _OPTIONAL if name in recorded",
        "for name in ()",
        "tests/training/test_class_weights.py",
    ),
    Mutation(
        "models/rewrites.py",
        "weights * scales.reshape(-1, 1)",
        "weights",
        "tests/models/test_equalize_depthwise.py",
    ),
    Mutation(
        "models/other_network.py",
        "last.activation = keras.activations.linear",
        "pass",
        "tests/export/test_other_source.py",
    ),
    Mutation(
        "models/other_network.py",
        "pixels = ops.round(pixels)",
        "pass",
        "tests/export/test_other_source.py",
    ),
    Mutation(
        "export/source.py",
        "if not difference <= _MAX_DIFFERENCE:",
        "if False:",
        "tests/export/test_other_source.py",
    ),
    Mutation(
        "export/tflite.py",
        'node.op in ("While", "StatelessWhile")',
        "False",
        "tests/export/test_other_source.py",
    ),
    Mutation(
        "../examples/server.py",
        "if waiting() >= MAX_WAITING:",
        "if False:",
        "tests/test_example_server.py",
    ),
    Mutation(
        "../examples/server.py",
        'status = message.get("status", status)',
        "pass",
        "tests/test_example_server.py",
    ),
    Mutation(
        "../examples/prepare_image.py",
        "255 if is_dark else 0",
        "255",
        "tests/test_example_server.py",
    ),
    Mutation(
        "recipes/search_space.py",
        "min(2, len(self.dimensions))",
        "1",
        "tests/recipes/test_search_space.py",
    ),
    Mutation(
        "recipes/search_space.py",
        'min(max(float(f"{sampled:.{_DIGITS}g}"), low), high)',
        'float(f"{sampled:.{_DIGITS}g}")',
        "tests/recipes/test_search_space.py",
    ),
    Mutation(
        "experiments/search.py",
        "base_dataset(self.digits.name) != self.digits.name",
        "True",
        "tests/experiments/test_search.py",
    ),
    Mutation(
        "evaluation/trial_order.py",
        'row["error"] or row["stopped_early"]',
        'row["error"]',
        "tests/experiments/test_search.py",
    ),
    Mutation(
        "distribution/workers.py",
        "if others:",
        "if False:",
        "tests/distribution/test_workers.py",
    ),
    Mutation(
        "../examples/cluster/tfjob.yaml",
        "restartPolicy: OnFailure",
        "restartPolicy: ExitCode",
        "tests/test_cluster_files.py",
    ),
    Mutation(
        "../examples/cluster/study.sbatch",
        "[ $status = 75 ]",
        "[ $status = 76 ]",
        "tests/test_cluster_files.py",
    ),
    Mutation(
        "../examples/cluster/workers.sbatch",
        "[ $status = 75 ]",
        "[ $status = 76 ]",
        "tests/distribution/test_slurm_script.py",
    ),
    Mutation("experiments/turns.py", "yield lock is not None", "yield True", "tests/experiments/test_turns.py"),
    Mutation("experiments/study_runs.py", "if not is_mine:", "if False:", "tests/experiments/test_turns.py"),
    Mutation(
        "export/hub.py",
        "if sha256(folder / name) != expected:",
        "if False:",
        "tests/export/test_hub.py",
    ),
    Mutation(
        "export/hub.py",
        "allow_patterns=[file.as_posix() for file in files],",
        "",
        "tests/export/test_hub.py",
    ),
    Mutation(
        "export/readme.py",
        'license="apache-2.0" if dataset in ("mnist", "sample") else "unknown",',
        'license="apache-2.0",',
        "tests/export/test_readme.py",
    ),
    Mutation(
        "experiments/study_runs.py",
        "shown.add(run.recipe.name)",
        "pass",
        "tests/experiments/test_study.py",
    ),
    Mutation(
        "flag_help.py",
        "if names and (full or not common):",
        "if names and not common:",
        "tests/scripts/test_flags.py",
    ),
    Mutation(
        "benchmarks/training.py",
        "if contender.name not in missing",
        "",
        "tests/benchmarks/test_training.py",
    ),
]
