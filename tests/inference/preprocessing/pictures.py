"""Pictures as people make them, of one digit whose shape is known."""

import numpy as np
from PIL import Image

from mnist_keras.data.synthetic import synthetic_digits

# A five, a nine, a four and a seven of ordinary pens.
IMAGES, LABELS = synthetic_digits(60, seed=4)
DIGITS = [IMAGES[int(np.flatnonzero(label == LABELS)[0])] for label in (5, 9, 4, 2)]


def ink_of(digit, size, thinner=0.0):
    """The digit's ink in 0..1, its longer side `size` pixels; `thinner` raises the level its edges are cut at."""
    rows, columns = np.flatnonzero(digit.max(axis=1)), np.flatnonzero(digit.max(axis=0))
    box = Image.fromarray(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = size / max(box.size)
    large = box.resize([max(1, round(side * scale)) for side in box.size], Image.Resampling.BICUBIC)
    ink = np.asarray(large, np.float32) / 255
    return np.clip((ink - thinner) * 4 - 1.5, 0, 1) if thinner else ink


def page(ink, shape=(240, 320), place=(60, 90), ground=225.0, contrast=170.0):
    """Dark ink on light paper, float32."""
    paper = np.full(shape, ground, np.float32)
    top, left = place
    paper[top : top + ink.shape[0], left : left + ink.shape[1]] -= contrast * ink
    return paper


def grain(shape, strength, seed=0):
    return np.random.default_rng(seed).normal(0, strength, shape).astype(np.float32)


def as_picture(gray):
    return np.clip(np.round(gray), 0, 255).astype(np.uint8)
