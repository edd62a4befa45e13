"""How training images are changed, as data. Imports no TensorFlow."""

import dataclasses

from mnist_keras.errors import check, is_number


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
    aspect_ratio: float = 0.0
    #: Standard deviation of a smooth random displacement, pixels; each image has between none and all of it.
    elastic: float = 0.0
    #: Least and most that is added to the width of strokes, pixels; below 0 they get thinner.
    stroke_width: tuple[float, float] = (0.0, 0.0)
    #: Widest blur, standard deviation in pixels.
    blur: float = 0.0
    #: Edges are made steeper by a factor from 1 to 1 + hardness.
    sharpness: float = 0.0
    #: Largest noise, standard deviation as a fraction of 255; half of the images have none.
    noise: float = 0.0
    #: Largest side of a blank square, as a fraction of the side; half of the images have none.
    cutout: float = 0.0

    @property
    def has_degradation(self) -> bool:
        """Whether the ink is changed, and not only moved."""
        return any((*self.stroke_width, self.blur, self.sharpness, self.noise, self.cutout))

    def __post_init__(self):
        limits = dict(rotation=180, shift=1, shear=89, brightness=1, contrast=1)
        limits |= dict(aspect_ratio=1, elastic=28, blur=3, sharpness=10, noise=1, cutout=1)
        for name, limit in limits.items():
            value = getattr(self, name)
            check(is_number(value) and 0 <= value <= limit, f"from 0 to {limit}", name, value)
        stroke_width = self.stroke_width
        check(
            isinstance(stroke_width, (tuple, list))
            and len(stroke_width) == 2
            and all(map(is_number, stroke_width))
            and -2 <= stroke_width[0] <= stroke_width[1] <= 4,
            "two widths, -2 <= low <= high <= 4",
            "stroke_width",
            stroke_width,
        )
        object.__setattr__(self, "stroke_width", tuple(stroke_width))
        scale = self.scale
        check(
            isinstance(scale, (tuple, list))
            and len(scale) == 2
            and all(map(is_number, scale))
            and 0 < scale[0] <= scale[1],
            "two factors, 0 < low <= high",
            "scale",
            scale,
        )
        object.__setattr__(self, "scale", tuple(scale))
