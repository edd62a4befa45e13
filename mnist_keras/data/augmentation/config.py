"""The configuration of augmentation as a frozen dataclass. Must not import TensorFlow."""

import dataclasses
from typing import Any

from mnist_keras.errors import check, is_number


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Ranges of the random affine map, elastic distortion, degradation, brightness and contrast of training images.

    The defaults change nothing. Every image gets random parameters of its own.

    Raises:
        InputError: a value is out of range.
    """

    #: Maximum angle in either direction, degrees, 0 to 180.
    rotation: float = 0.0
    #: Maximum shift along each axis in either direction, as a fraction of the side, 0 to 1.
    shift: float = 0.0
    #: Minimum and maximum magnification, above 0.
    scale: tuple[float, float] = (1.0, 1.0)
    #: Maximum horizontal shear angle in either direction, degrees, 0 to 89.
    shear: float = 0.0
    #: Pixels are multiplied by a factor from 1 - brightness to 1 + brightness; 0 to 1.
    brightness: float = 0.0
    #: Distances from the image's mean are multiplied by a factor from 1 - contrast to 1 + contrast; 0 to 1.
    contrast: float = 0.0
    #: Width is multiplied by a factor from 1 / (1 + aspect_ratio) to 1 + aspect_ratio; 0 to 1.
    aspect_ratio: float = 0.0
    #: Maximum standard deviation of a smooth random displacement, pixels, 0 to 28.
    elastic: float = 0.0
    #: Minimum and maximum change of the stroke width, pixels, -2 to 4; below 0 strokes get thinner.
    stroke_width: tuple[float, float] = (0.0, 0.0)
    #: Maximum standard deviation of the blur, pixels, 0 to 3.
    blur: float = 0.0
    #: Distances from middle gray are multiplied by a factor from 1 to 1 + sharpness; 0 to 10.
    sharpness: float = 0.0
    #: Maximum standard deviation of the noise, as a fraction of 255, 0 to 1; half of the images have no noise.
    noise: float = 0.0
    #: Maximum side of a blank square, as a fraction of the image's side, 0 to 1; half of the images have no square.
    cutout: float = 0.0

    @property
    def has_degradation(self) -> bool:
        """Whether stroke width, blur, sharpness, noise or cutout change the image."""
        return any((*self.stroke_width, self.blur, self.sharpness, self.noise, self.cutout))

    def halved(self) -> "Augmentation":
        """Returns an augmentation whose every range is half as far from changing nothing."""
        changes: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value, neutral = getattr(self, field.name), field.default
            if isinstance(neutral, tuple):
                changes[field.name] = tuple((limit + zero) / 2 for limit, zero in zip(value, neutral, strict=True))
            else:
                changes[field.name] = value / 2
        return Augmentation(**changes)

    def __post_init__(self):
        maxima = dict(rotation=180, shift=1, shear=89, brightness=1, contrast=1, aspect_ratio=1)
        maxima |= dict(elastic=28, blur=3, sharpness=10, noise=1, cutout=1)
        for name, maximum in maxima.items():
            value = getattr(self, name)
            check(is_number(value) and 0 <= value <= maximum, f"from 0 to {maximum}", name, value)
        pair = self._pair("stroke_width")
        is_valid = pair is not None and -2 <= pair[0] <= pair[1] <= 4
        check(is_valid, "two widths, -2 <= minimum <= maximum <= 4", "stroke_width", self.stroke_width)
        object.__setattr__(self, "stroke_width", pair)
        pair = self._pair("scale")
        is_valid = pair is not None and 0 < pair[0] <= pair[1]
        check(is_valid, "two factors, 0 < minimum <= maximum", "scale", self.scale)
        object.__setattr__(self, "scale", pair)

    def _pair(self, name: str) -> tuple[float, float] | None:
        """Returns a field as a tuple of two numbers, or None if it is anything else. JSON turns tuples into lists."""
        value = getattr(self, name)
        if isinstance(value, (tuple, list)) and len(value) == 2 and all(map(is_number, value)):
            return value[0], value[1]
        return None
