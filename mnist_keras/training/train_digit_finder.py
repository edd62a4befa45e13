"""Trains the network that finds digits on pages made by code."""

import concurrent.futures
import multiprocessing
import pathlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.atomic import atomic_file
from mnist_keras.data.pages.batches import draw_pages
from mnist_keras.inference.preprocessing.digit_finder import HEAT_STEP, VOTE_STEP, VOTE_UNIT
from mnist_keras.inference.preprocessing.ink import find_ink
from mnist_keras.models.digit_finder import build_digit_finder

# Sides of the pages in cells, and their share among the pages.
_SIDES = {96: 0.875, 192: 0.125}
# Pages per batch of each side.
_BATCH_SIZES = {96: 64, 192: 16}
_LEARNING_RATE, _WEIGHT_DECAY, _WARMUP_FRACTION = 3e-3, 0.004, 0.03
# Learning rate of the last epochs, in which batch norm is frozen, as a share of the maximum.
_FROZEN_RATE = 0.15
# Weight of a cell without ink in the loss, where full ink has 1.
_BLANK_WEIGHT = 0.05
_LOSS_WEIGHTS = {"mask": 3.0, "votes": 1.0, "heat": 0.5}
# Pages that one process draws at once.
_CHUNK = 500
Pages = dict[int, dict[str, np.ndarray]]


def draw_training_pages(images: np.ndarray, count: int, seed: int, processes: int) -> Pages:
    """Draws random pages in several processes.

    Args:
        images: handwritten digits, uint8 (examples, 28, 28), white ink on black.
        count: number of pages, at least 64.
        seed: the same seed gives the same pages.
        processes: number of processes; the pages do not depend on it.
    """
    tasks = [
        (images, side, min(_CHUNK, int(count * share) - start), seed + start, (HEAT_STEP, VOTE_STEP))
        for side, share in _SIDES.items()
        for start in range(0, int(count * share), _CHUNK)
    ]
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(processes, mp_context=context) as executor:
        chunks = list(executor.map(draw_pages, *zip(*tasks, strict=True)))
    pages: Pages = {}
    for side in _SIDES:
        own = [chunk for chunk, task in zip(chunks, tasks, strict=True) if task[1] == side]
        pages[side] = {name: np.concatenate([chunk[name] for chunk in own]) for name in own[0]}
    return pages


def train_digit_finder(pages: Pages, epochs: int, frozen_epochs: int, seed: int, path: pathlib.Path) -> None:
    """Trains the network and writes its weights for `ConstantLayers`, after each epoch.

    Args:
        pages: from `draw_training_pages`.
        epochs: number of epochs with batch norm in training mode.
        frozen_epochs: number of epochs after them in which batch norm is frozen: its averages over pages of both sizes
            differ from those of any batch.
        seed: of the initial weights and the order of the pages.
        path: the `.npz` file to write.
    """
    keras.utils.set_random_seed(seed)
    model, trainable = build_digit_finder()
    dataset, steps = _dataset(pages, seed)
    save = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: save_weights(trainable.constant_weights(), path)
    )
    for number, rate in ((epochs, _LEARNING_RATE), (frozen_epochs, _FROZEN_RATE * _LEARNING_RATE)):
        if not number:
            continue
        warmup = int(_WARMUP_FRACTION * number * steps)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.03 * rate, number * steps - warmup, 0.01, warmup_target=rate, warmup_steps=warmup
        )
        optimizer = keras.optimizers.AdamW(schedule, _WEIGHT_DECAY, clipnorm=5.0)
        losses = {"mask": keras.losses.BinaryCrossentropy(from_logits=True), "votes": "mae", "heat": _heat_loss}
        model.compile(optimizer, losses, loss_weights=_LOSS_WEIGHTS, jit_compile=False)
        model.fit(dataset, epochs=number, steps_per_epoch=steps, callbacks=[save], verbose=2)
        trainable.freeze_batch_norm()


def save_weights(arrays: Sequence[np.ndarray], path: pathlib.Path) -> None:
    """Writes kernels and biases for `load_weights`, as float16."""
    with atomic_file(path) as file:
        named = {f"{number:02}": array.astype(np.float16) for number, array in enumerate(arrays)}
        np.savez_compressed(file, allow_pickle=False, **named)


def _dataset(pages: Pages, seed: int) -> tuple[tf.data.Dataset, int]:
    """Returns batches without end, each of pages of one size, and the number of batches per epoch."""
    parts, steps = [], []
    for side, arrays in pages.items():
        count, batch_size = len(arrays["gray"]), _BATCH_SIZES[side]
        part = tf.data.Dataset.range(count).shuffle(count, seed).repeat().batch(batch_size)
        signature = tuple(tf.as_dtype(array.dtype) for array in arrays.values())

        def read(numbers: tf.Tensor, arrays=arrays, signature=signature) -> tuple[tf.Tensor, ...]:
            return tf.numpy_function(lambda n: [array[n] for array in arrays.values()], [numbers], signature)

        def prepare(*batch: tf.Tensor, arrays=arrays):
            shaped = [
                tf.ensure_shape(values, (None, *array.shape[1:]))
                for values, array in zip(batch, arrays.values(), strict=True)
            ]
            return _examples(**dict(zip(arrays, shaped, strict=True)))

        parts.append(part.map(read).map(prepare, num_parallel_calls=1))
        steps.append(max(1, count // batch_size))
    weights = [number / sum(steps) for number in steps]
    return tf.data.Dataset.sample_from_datasets(parts, weights, seed).prefetch(2), sum(steps)


def _examples(gray, inside, mask, ignored, votes, heat):
    """Returns inputs, targets and weights of a batch of pages, see `page_targets`."""
    inside = tf.cast(inside, tf.float32)[..., tf.newaxis]
    share = find_ink(tf.cast(gray, tf.float32)[..., tf.newaxis]).share * inside
    known = (1.0 - tf.cast(ignored, tf.float32)) * inside[..., 0]
    mask_weights = (_BLANK_WEIGHT + tf.sqrt(share[..., 0])) * known
    owned = tf.cast(mask, tf.float32) * share[..., 0]
    vote_weights = owned[:, VOTE_STEP // 2 :: VOTE_STEP, VOTE_STEP // 2 :: VOTE_STEP]
    heat_known = -tf.nn.max_pool2d(-known[..., tf.newaxis], HEAT_STEP, HEAT_STEP, "VALID")
    heat = tf.concat([tf.cast(heat, tf.float32) / 255.0, heat_known], axis=3)
    targets = {
        "mask": tf.cast(mask, tf.float32)[..., tf.newaxis],
        "votes": tf.cast(votes, tf.float32) / VOTE_UNIT,
        "heat": heat,
    }
    weights = {
        "mask": mask_weights / tf.reduce_mean(mask_weights),
        "votes": vote_weights / (tf.reduce_mean(vote_weights) + 1e-3),
        "heat": tf.ones(tf.shape(heat)[:1]),
    }
    return tf.concat([share, inside], axis=3), targets, weights


def _heat_loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Focal loss of CenterNet (Zhou et al. 2019), per page, relative to the mean number of centers.

    Args:
        targets: the heat map of digits and that of signs, and where they are known: (pages, height, width, 3).
        logits: (pages, height, width, 2).
    """
    heat, known = targets[..., :2], targets[..., 2:]
    probability = tf.clip_by_value(tf.sigmoid(logits), 1e-4, 1.0 - 1e-4)
    is_center = tf.cast(heat > 0.99, tf.float32)
    at_centers = is_center * tf.square(1.0 - probability) * tf.math.log(probability)
    elsewhere = known * (1.0 - is_center) * (1.0 - heat) ** 4 * tf.square(probability) * tf.math.log(1.0 - probability)
    centers = tf.reduce_mean(tf.reduce_sum(is_center, axis=(1, 2, 3)))
    return -tf.reduce_sum(at_centers + elsewhere, axis=(1, 2, 3)) / (centers + 0.1)
