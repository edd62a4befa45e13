"""Shapes as strokes: smooth curves through control points."""

import numpy as np

# Points per segment of a curve.
_POINTS = 24

Shape = list[list[tuple[float, float]]]


def parse_shape(strokes: str) -> Shape:
    """Returns the control points of a shape, as fractions of its side, x to the right and y downward.

    Args:
        strokes: strokes separated by slashes, each of `x,y` in hundredths of the side.
    """
    return [[_point(*point.split(",")) for point in stroke.split()] for stroke in strokes.split("/")]


def _point(x: str, y: str) -> tuple[float, float]:
    return int(x) / 100, int(y) / 100


def random_strokes(shape: Shape, random: np.random.Generator, jitter: float = 0.06) -> list[np.ndarray]:
    """Returns points along the strokes of a shape whose control points were moved randomly, float64 (points, 2) each.

    Strokes with a common control point stay connected: each point has one displacement.
    """
    moved = {point: np.array(point) + random.normal(0, jitter, 2) for stroke in shape for point in stroke}
    return [curve(np.array([moved[point] for point in stroke])) for stroke in shape]


def curve(points: np.ndarray) -> np.ndarray:
    """Returns points along a Catmull-Rom spline through control points, both float64 (points, 2)."""
    before, after = 2 * points[:1] - points[1:2], 2 * points[-1:] - points[-2:-1]
    padded = np.concatenate([before, points, after])
    t = np.linspace(0, 1, _POINTS)[:, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(parts)
