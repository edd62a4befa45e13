"""Trains the network that rejects what is no digit on pages made by code."""

import concurrent.futures
import multiprocessing
import pathlib
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.data.pages.batches import random_page
from mnist_keras.data.pages.glyphs import Glyphs
from mnist_keras.data.pages.page import LabeledPage
from mnist_keras.data.pipeline import steps_in_epoch, training_batches
from mnist_keras.inference.preprocessing.normalize_ops import CELLS, normalize_unjudged
from mnist_keras.inference.preprocessing.rejector import finder_logit
from mnist_keras.models.rejector import build_rejector
from mnist_keras.recipes import RECIPES
from mnist_keras.training.train_digit_finder import save_weights

# Frequencies of the scenes: about as many digits as other things.
_SCENES = {
    "single_digit": 0.25,
    "as_in_mnist": 0.1,
    "cell": 0.1,
    "rows_of_digits": 0.06,
    "touching_digits": 0.05,
    "among_letters": 0.04,
    "letter": 0.22,
    "words": 0.07,
    "scribbles": 0.03,
    "things": 0.06,
    "part_of_a_digit": 0.01,
    "only_lines": 0.01,
}
# A normalized digit is the glyph whose center is so close, and whose size so similar, as a share of the glyph's size.
_MAX_DISTANCE, _MAX_SIZE_RATIO = 0.2, 1.35
_BATCH_SIZE, _LEARNING_RATE, _WEIGHT_DECAY, _WARMUP_FRACTION = 128, 2e-3, 0.02, 0.05
_LABEL_SMOOTHING = 0.04
# That of the recipe for other people's digits: the networks must not tell letters from digits by their strokes.
_AUGMENTATION = RECIPES["cnn_robust"].augmentation
# Share of the examples on which the accuracy is printed; the network does not learn from them.
_VALIDATION = 0.05
# Pages that one process draws at once.
_CHUNK = 1000


class Examples(NamedTuple):
    """What the preprocessing makes of pages, and whether it is a digit."""

    #: In MNIST's geometry, uint8 (examples, 28, 28).
    digits: np.ndarray
    #: Probability of a digit that the finder gives, float32 (examples,).
    finder_probabilities: np.ndarray
    #: Whether there is a digit, bool (examples,).
    labels: np.ndarray


def draw_examples(images: np.ndarray, count: int, seed: int, processes: int) -> Examples:
    """Draws random pages and applies the preprocessing with the shipped finder, in several processes.

    Args:
        images: handwritten digits, uint8 (examples, 28, 28), white ink on black.
        count: number of pages. Pages without ink, and those with a digit of which the finder misses a part, give no
            example.
        seed: the same seed gives the same examples.
        processes: number of processes; the examples do not depend on it.
    """
    starts = range(0, count, _CHUNK)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(processes, mp_context=context) as executor:
        tasks = [executor.submit(_draw_some, images, min(_CHUNK, count - start), [seed, start]) for start in starts]
        chunks = [task.result() for task in tasks]
    return Examples(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def train_rejector(examples: Examples, epochs: int, seed: int, path: pathlib.Path) -> None:
    """Trains the network and writes its weights for `ConstantLayers`.

    Args:
        examples: from `draw_examples`.
        epochs: number of epochs.
        seed: of the initial weights and the order of the examples.
        path: the `.npz` file to write.
    """
    keras.utils.set_random_seed(seed)
    model, trainable = build_rejector()
    count = len(examples.labels) - int(_VALIDATION * len(examples.labels))
    steps = steps_in_epoch(count, _BATCH_SIZE)
    warmup = int(_WARMUP_FRACTION * steps * epochs)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.03 * _LEARNING_RATE, steps * epochs - warmup, 0.01, warmup_target=_LEARNING_RATE, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, _WEIGHT_DECAY)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=_LABEL_SMOOTHING)
    accuracy = keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")
    model.compile(optimizer, loss, metrics=[accuracy], jit_compile=False)
    logits = tf.reshape(finder_logit(examples.finder_probabilities), (-1, 1, 1, 1))
    labels = tf.reshape(tf.cast(examples.labels, tf.float32), (-1, 1, 1, 1))

    def with_targets(images: tf.Tensor, numbers: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        inputs = {"digits": tf.cast(images, tf.float32) / 255.0, "finder_logits": tf.gather(logits, numbers)}
        return inputs, tf.gather(labels, numbers)

    batches = training_batches(examples.digits[:count], np.arange(count), _BATCH_SIZE, epochs, seed, _AUGMENTATION)
    validation = None
    if count < len(examples.labels):
        validation = with_targets(examples.digits[count:, ..., np.newaxis], tf.range(count, len(examples.labels)))
    model.fit(
        batches.map(with_targets).prefetch(2),
        epochs=epochs,
        steps_per_epoch=steps,
        validation_data=validation,
        verbose=2,
    )
    save_weights(trainable.constant_weights(), path)


def _draw_some(images: np.ndarray, count: int, seed: list[int]) -> Examples:
    random = np.random.default_rng(seed)
    glyphs = Glyphs(images, random)
    picture = tf.TensorSpec((None, None, 1), tf.uint8)
    normalize = tf.function(lambda gray: normalize_unjudged(gray)[0], input_signature=[picture], autograph=False)
    digits, probabilities, labels = [], [], []
    for _ in range(count):
        page = random_page(glyphs, CELLS, random, _SCENES)
        rows = np.flatnonzero(page.inside[:, 0])
        preprocessed = normalize(page.gray[rows, :, np.newaxis])
        label = _label(page, np.asarray(preprocessed.box) + [rows[0], 0, rows[0], 0])
        if preprocessed.has_ink and label is not None:
            digits.append(np.asarray(preprocessed.digit, np.uint8))
            probabilities.append(float(preprocessed.is_digit))
            labels.append(label)
    return Examples(np.stack(digits), np.array(probabilities, np.float32), np.array(labels))


def _label(page: LabeledPage, box: np.ndarray) -> bool | None:
    """Returns whether a box, in cells, has a digit; None if it has a part of a digit, or more than one."""
    center, size = (box[:2] + box[2:]) / 2, max(box[2:] - box[:2])
    has_other_digits = False
    for glyph in page.glyphs:
        distance = max(abs(center - [glyph.row, glyph.column]))
        if distance < _MAX_DISTANCE * glyph.size and 1 / _MAX_SIZE_RATIO < size / glyph.size < _MAX_SIZE_RATIO:
            return glyph.is_digit
        inside = box[0] <= glyph.row <= box[2] and box[1] <= glyph.column <= box[3]
        has_other_digits |= glyph.is_digit and (inside or distance < glyph.size / 2)
    return None if has_other_digits else False
