"""Synthetic digits of shapes that are rare in MNIST, whose writers were all from the United States.

A European 1 has a long upstroke and often a foot, a European 7 a bar through its stem. A 9 or a 4 may end in a hook.
Each shape is a few strokes, smooth curves through randomly moved control points. A pen of random width draws them at
the size and position of MNIST's digits. Some digits are printed, in the fonts that come with Matplotlib.
"""

import numpy as np

from mnist_keras.data.digits import Digits
from mnist_keras.data.printed import print_text
from mnist_keras.data.strokes import Shape, parse_shape, random_strokes

# Label, relative frequency, and strokes separated by slashes: x,y of the control points in hundredths of the side, x to
# the right and y downward.
_SHAPES = (
    (1, 6.0, "15,45 55,2 / 55,2 55,100"),
    (1, 4.0, "20,75 60,0 / 60,0 55,100"),
    (1, 2.0, "15,40 55,2 / 55,2 55,100 / 20,100 90,100"),
    (1, 2.0, "5,55 60,0 / 60,0 55,100"),
    (5, 0.7, "85,2 25,2 / 25,2 22,45 50,35 80,60 60,95 15,95"),
    (3, 0.7, "15,12 50,0 80,15 45,42 / 45,42 85,60 65,97 15,90"),
    (3, 0.5, "15,8 80,8 40,42 80,65 55,98 15,88"),
    (8, 0.7, "75,15 40,5 25,25 70,70 45,100 20,75 75,20"),
    (2, 0.5, "15,30 45,0 75,25 35,85 12,88 30,72 90,98"),
    (0, 0.7, "50,0 15,40 40,95 80,60 60,5 45,0 85,12"),
    (6, 0.5, "65,0 25,45 25,85 60,98 75,70 50,55 22,75"),
    (7, 2.0, "10,5 90,5 / 90,5 40,100 / 30,50 90,50"),
    (7, 2.0, "10,20 15,2 90,5 / 90,5 50,100 / 30,55 95,45"),
    (7, 1.0, "5,20 30,0 60,10 95,0 / 95,0 60,50 50,100 / 30,50 95,50"),
    (7, 2.0, "5,45 15,5 / 15,5 45,15 90,0 / 90,0 55,100 / 30,70 100,65"),
    (7, 2.0, "0,40 20,5 35,30 85,0 / 85,0 55,100 / 25,70 100,65"),
    (9, 0.9, "75,10 35,10 30,35 65,35 75,10 60,35 85,65 60,95 15,95"),
    (9, 0.9, "60,25 40,10 25,30 50,45 75,20 50,2 / 60,35 85,70 55,98 10,90"),
    (9, 0.6, "70,10 30,5 25,35 65,35 70,10 / 70,10 80,65 55,100 25,85 50,60 90,55"),
    (8, 0.7, "65,10 35,15 40,40 65,65 60,95 30,90 35,60 60,40 65,10"),
    (9, 0.9, "80,15 45,0 15,25 40,50 80,20 / 80,15 80,60 70,95 20,95"),
    (9, 0.9, "75,25 45,0 20,25 45,45 75,25 / 75,20 80,60 55,100 15,80"),
    (9, 0.9, "75,10 35,5 20,30 50,40 75,10 75,65 45,100 10,90"),
    (4, 1.0, "35,0 10,60 95,55 / 65,30 60,100"),
    (4, 1.0, "20,0 15,50 80,50 / 75,5 70,100"),
    (2, 0.5, "15,25 50,0 80,25 50,65 10,95 / 10,95 90,95"),
    (0, 0.5, "50,0 15,40 40,95 80,60 60,5 45,0"),
    (5, 0.5, "85,2 25,2 / 25,2 20,45 / 20,45 70,40 80,75 45,100 10,90"),
    (4, 1.5, "60,0 15,55 / 15,55 85,45 / 85,45 45,100"),
    (4, 1.5, "35,0 20,45 / 20,45 85,35 / 85,35 60,100"),
    (4, 1.0, "15,5 15,45 50,55 80,40 / 82,0 70,100"),
    (4, 1.0, "55,0 5,70 / 5,70 95,65 / 60,40 55,100"),
    (5, 1.0, "85,5 45,2 25,25 65,55 70,85 40,100 12,90"),
    (2, 0.7, "15,8 80,3 / 80,3 15,92 / 15,92 60,88 95,95"),
    (1, 1.5, "10,50 60,0 / 60,0 52,100 / 25,98 85,97"),
)
# Pixels of the image and of the longer side of the digit, as in MNIST.
_SIDE, _BOX = 28, 20.0
# Share of printed digits.
_PRINTED = 0.12


def synthetic_digits(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draws random digits of the shapes above.

    Args:
        count: number of digits, at least 1.
        seed: the same seed gives the same digits.

    Returns:
        uint8 images (count, 28, 28), white ink on black, and uint8 labels (count,).
    """
    random = np.random.default_rng([seed, 2026])
    frequencies = np.array([frequency for _, frequency, _ in _SHAPES])
    shapes = [parse_shape(strokes) for _, _, strokes in _SHAPES]
    images, labels = [], []
    for shape in random.choice(len(_SHAPES), count, p=frequencies / frequencies.sum()):
        is_printed = random.random() < _PRINTED
        labels.append(int(random.integers(10)) if is_printed else _SHAPES[shape][0])
        images.append(_print(labels[-1], random) if is_printed else _draw(shapes[shape], random))
    return np.stack(images), np.array(labels, np.uint8)


def with_synthetic_digits(digits: Digits, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the training images and labels, followed by `count` synthetic digits. 0 returns the arrays unchanged."""
    if not count:
        return digits.train_images, digits.train_labels
    images, labels = synthetic_digits(count)
    return np.concatenate([digits.train_images, images]), np.concatenate([digits.train_labels, labels])


def _draw(shape: Shape, random: np.random.Generator) -> np.ndarray:
    strokes = random_strokes(shape, random)
    shear, aspect_ratio, angle = random.normal(0, 0.15), random.uniform(0.6, 1.1), random.normal(0, 0.08)
    x, y = (np.concatenate(strokes) - 0.5).T
    x = x * aspect_ratio - shear * y
    points = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    pen_width = random.uniform(1.2, 4.0)
    minimum, maximum = points.min(axis=0), points.max(axis=0)
    points = (points - minimum) * ((_BOX - pen_width) / max(maximum - minimum)) + pen_width / 2
    # As in MNIST, a shift by whole pixels brings the center of mass to index 14.
    points += np.round(14.5 - points.mean(axis=0))
    centers = np.arange(_SIDE) + 0.5
    squared = (points[:, 0, None, None] - centers) ** 2 + (points[:, 1, None, None] - centers[:, None]) ** 2
    return np.rint(255 * np.clip(pen_width / 2 + 0.5 - np.sqrt(squared.min(axis=0)), 0, 1)).astype(np.uint8)


def _print(digit: int, random: np.random.Generator) -> np.ndarray:
    ink = print_text(str(digit), _BOX, random, slant=random.uniform(-0.1, 0.2))
    assert ink is not None
    height, width = ink.shape
    page = np.zeros((_SIDE, _SIDE), np.uint8)
    center = [np.average(np.arange(side) + 0.5, weights=ink.sum(axis=1 - axis)) for axis, side in enumerate(ink.shape)]
    top, left = (
        int(np.clip(np.round(14.5 - middle), 0, _SIDE - side)) for middle, side in zip(center, ink.shape, strict=True)
    )
    page[top : top + height, left : left + width] = np.rint(255 * ink / ink.max())
    return page
