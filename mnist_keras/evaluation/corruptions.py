"""How a model fares on damaged digits: corruptions in the spirit of MNIST-C (Mu and Gilmer, 2019), in plain numpy.

Each is a function of float images (examples, 28, 28) in 0..255 and random numbers; its strength stands in its name's
comment. The model sees the 28x28 as it is: nothing brings it back to MNIST's geometry.
"""

from collections.abc import Callable

import numpy as np

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def corrupt(images: np.ndarray, name: str, seed: int = 0) -> np.ndarray:
    """Applies one of `CORRUPTIONS` to every image.

    Args:
        images: uint8 (examples, 28, 28).
        name: of the corruption.
        seed: decides what is drawn.

    Returns:
        uint8, of the same shape.
    """
    worn = CORRUPTIONS[name](images.astype(np.float32), np.random.default_rng(seed))
    return np.clip(np.rint(worn), 0, 255).astype(np.uint8)


def _mapped(images: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Each image seen through its map from output to input, (examples, 2, 3), bilinear, black outside."""
    side = images.shape[1]
    framed = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    centre = (side - 1) / 2
    rows, columns = np.mgrid[:side, :side] - centre
    points = np.stack([columns.ravel(), rows.ravel(), np.ones(side * side)])
    x, y = np.clip(np.moveaxis(matrices @ points + centre + 1, 1, 0), 0, side + 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, below = x - left, y - top
    which = np.arange(len(images))[:, np.newaxis]
    upper = framed[which, top, left] * (1 - right) + framed[which, top, left + 1] * right
    lower = framed[which, top + 1, left] * (1 - right) + framed[which, top + 1, left + 1] * right
    return (upper * (1 - below) + lower * below).reshape(images.shape)


def _signs(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return chance.choice([-1.0, 1.0], len(images))


def _maps(images: np.ndarray, a=1.0, b=0.0, c=0.0, d=0.0, e=1.0, f=0.0) -> np.ndarray:
    return np.stack([np.broadcast_to(value, len(images)) for value in (a, b, c, d, e, f)], axis=1).reshape(-1, 2, 3)


def _shift(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    angle = chance.uniform(0, 2 * np.pi, len(images))
    return _mapped(images, _maps(images, c=3 * np.cos(angle), f=3 * np.sin(angle)))


def _rotate(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    angle = np.radians(25) * _signs(images, chance)
    return _mapped(images, _maps(images, np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle)))


def _scale(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    factor = np.where(_signs(images, chance) > 0, 0.65, 1.35)
    return _mapped(images, _maps(images, 1 / factor, e=1 / factor))


def _shear(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return _mapped(images, _maps(images, b=np.tan(np.radians(30)) * _signs(images, chance)))


def _neighbors(images: np.ndarray, choose: Callable) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return choose([padded[:, row : row + 28, column : column + 28] for row in range(3) for column in range(3)])


def _thicker(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return _neighbors(images, lambda near: np.max(near, axis=0))


def _thinner(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    # A whole pixel off both edges would leave nothing of many digits.
    return 0.35 * images + 0.65 * _neighbors(images, lambda near: np.min(near, axis=0))


def _blur(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    for _times in range(3):
        images = _neighbors(images, lambda near: np.mean(near, axis=0))
    return images


def _noise(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return images + chance.normal(0, 0.25 * 255, images.shape)


def _stripes(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    striped = images.copy()
    striped[:, ::6] = np.maximum(striped[:, ::6], 160)
    return striped


def _occlusion(images: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    covered = images.copy()
    for image, (row, column) in zip(covered, chance.integers(6, 16, (len(images), 2)), strict=True):
        image[row : row + 7, column : column + 7] = 0
    return covered


CORRUPTIONS: dict[str, Corruption] = {
    # 3 pixels in any direction.
    "shift": _shift,
    # 25 degrees either way.
    "rotation": _rotate,
    # To 65 % or to 135 %.
    "scale": _scale,
    # 30 degrees either way.
    "shear": _shear,
    # Edges moved outward by a pixel; inward by about two thirds of one.
    "thick": _thicker,
    "thin": _thinner,
    # Three means over 3x3.
    "blur": _blur,
    # Normal, a quarter of the range.
    "noise": _noise,
    "inverted": lambda images, _: 255 - images,
    # The ground lifted by 40 %.
    "brightness": lambda images, _: images + 0.4 * 255,
    # Every sixth row at 63 %.
    "stripes": _stripes,
    # A black square of 7 pixels somewhere in the middle.
    "occlusion": _occlusion,
}


def corruption_accuracy(
    predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Share of right answers under each corruption, 0..1; first "none".

    Args:
        predict: uint8 (examples, 28, 28) -> probabilities (examples, 10).
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
    """
    corrupted = {"none": images} | {name: corrupt(images, name) for name in CORRUPTIONS}
    return {name: float((predict(worn).argmax(axis=1) == labels).mean()) for name, worn in corrupted.items()}
