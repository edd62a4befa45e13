"""How training images are changed, as data. Imports no TensorFlow."""

import dataclasses

from mnist_keras.errors import is_number, require


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random affine map and warp of a digit, wear of its ink, then brightness and contrast, drawn per image."""

    #: Largest angle either way, degrees.
    rotation: float = 0.0
    #: Largest shift either way, as a fraction of the side.
    shift: float = 0.0
    #: Smallest and largest magnification.
    scale: tuple[float, float] = (1.0, 1.0)
    #: Largest horizontal shear angle either way, degrees.
    shear: float = 0.0
    #: Pixels are multiplied by a factor from 1 - brightness to 1 + brightness.
    brightness: float = 0.0
    #: Distances from the image's mean are multiplied by 1 - contrast to 1 + contrast.
    contrast: float = 0.0
    #: Width is magnified by up to 1 + aspect more than height, or by as much less.
    aspect: float = 0.0
    #: Standard deviation of a smooth random displacement, pixels; each image has between none and all of it.
    elastic: float = 0.0
    #: Least and most that is added to the width of strokes, pixels; below 0 they get thinner.
    stroke: tuple[float, float] = (0.0, 0.0)
    #: Widest blur, standard deviation in pixels.
    blur: float = 0.0
    #: Edges are made steeper by a factor from 1 to 1 + hardness.
    hardness: float = 0.0
    #: Largest noise, standard deviation as a fraction of 255; half of the images have none.
    noise: float = 0.0
    #: Largest side of a blank square, as a fraction of the side; half of the images have none.
    gap: float = 0.0

    @property
    def wears(self) -> bool:
        """Whether the ink is changed, and not only moved."""
        return any((*self.stroke, self.blur, self.hardness, self.noise, self.gap))

    def __post_init__(self):
        limits = dict(rotation=180, shift=1, shear=89, brightness=1, contrast=1)
        limits |= dict(aspect=1, elastic=28, blur=3, hardness=10, noise=1, gap=1)
        for name, limit in limits.items():
            value = getattr(self, name)
            require(is_number(value) and 0 <= value <= limit, f"from 0 to {limit}", name, value)
        stroke = self.stroke
        require(
            isinstance(stroke, (tuple, list))
            and len(stroke) == 2
            and all(map(is_number, stroke))
            and -2 <= stroke[0] <= stroke[1] <= 4,
            "two widths, -2 <= low <= high <= 4",
            "stroke",
            stroke,
        )
        object.__setattr__(self, "stroke", tuple(stroke))
        scale = self.scale
        require(
            isinstance(scale, (tuple, list))
            and len(scale) == 2
            and all(map(is_number, scale))
            and 0 < scale[0] <= scale[1],
            "two factors, 0 < low <= high",
            "scale",
            scale,
        )
        object.__setattr__(self, "scale", tuple(scale))
