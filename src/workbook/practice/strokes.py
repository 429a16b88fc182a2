"""Draw pen strokes and capsules on a 28 by 28 grid, a batch of images at a time.

Everything is float32 and is measured in pixels: x to the right, y down, pixel centres at whole
numbers 0 to 27. ``n`` is the number of images in a batch.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

Array = np.ndarray

SIZE = 28
GRID = np.arange(SIZE, dtype=np.float32)
BLUR = 1.1
"""Standard deviation in pixels of the Gaussian spots that a stroke is made of."""


def uniform(rng: np.random.Generator, low: float, high: float, shape: int | tuple) -> Array:
    """Return float32 numbers drawn evenly from ``low`` to ``high``."""
    return low + np.float32(high - low) * rng.random(shape, dtype=np.float32)


def normal(rng: np.random.Generator, scale: float, shape: int | tuple) -> Array:
    """Return float32 numbers drawn from a normal distribution around 0."""
    return np.float32(scale) * rng.standard_normal(shape, dtype=np.float32)


@cache
def _catmull_rom(k: int, m: int) -> Array:
    """Return the (m, k) matrix that takes ``k`` control points to ``m`` points of their spline.

    Catmull and Rom, "A class of local interpolating splines" (1974).
    """
    u = np.linspace(0, k - 1, m)
    i = np.minimum(u.astype(int), k - 2)
    t = u - i
    weights = np.stack(
        [
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        ]
    )
    matrix = np.zeros((m, k), np.float32)
    for j, weight in enumerate(weights):
        np.add.at(matrix, (np.arange(m), np.clip(i + j - 1, 0, k - 1)), weight)
    return matrix


def smooth(control: Array, m: int) -> Array:
    """Return ``m`` points (n, m, d) on the curve through the control points (n, k, d).

    A control point given twice makes a corner.
    """
    return _catmull_rom(control.shape[1], m) @ control


def ink(curves: Sequence[Array], width: Array) -> Array:
    """Return how much of each pixel is inked, (n, 28, 28) from 0 to 1, by strokes along curves.

    ``curves`` are arrays of points (n, m, 2), at most about ``2 * BLUR`` apart; ``width`` (n,) is
    the pen's, in pixels. The points carry Gaussian spots. A Gaussian of the distance is a product
    of one of x and one of y, so that one matrix product per image sums all spots; the logarithm of
    the sum gives back the distance to the stroke. Where strokes meet, they run together as wet ink
    does.
    """
    points = np.concatenate(curves, axis=1)
    spacing = []
    for curve in curves:
        steps = np.sqrt(np.square(np.diff(curve, axis=1)).sum(axis=2))
        ends = np.pad(steps, ((0, 0), (1, 1)), mode="edge")
        spacing.append((ends[:, 1:] + ends[:, :-1]) / 2)
    weight = np.concatenate(spacing, axis=1) / np.float32(BLUR * np.sqrt(2 * np.pi))
    spots = np.exp(np.square(GRID - points[..., None]) * np.float32(-0.5 / BLUR**2))
    along_y = (spots[:, :, 1] * weight[..., None]).transpose(0, 2, 1)
    density = along_y @ spots[:, :, 0]
    distance = BLUR * np.sqrt(np.maximum(-2 * np.log(density + np.float32(1e-9)), 0))
    return np.clip(width[:, None, None] / 2 - distance + np.float32(0.5), 0, 1)


def cover(margin: Array) -> Array:
    """Return how much of a pixel is covered when its centre lies ``margin`` pixels inside."""
    return np.clip(margin + np.float32(0.5), 0, 1)


def capsules(start: Array, end: Array, radius: Array, size: int = SIZE) -> tuple[Array, Array]:
    """Look at sticks with round ends from the front.

    ``start`` and ``end`` are (n, k, 3): x, y and z, the height towards the viewer; ``radius`` is
    (n, k). Returns how far each pixel lies inside the nearest silhouette and the height of the
    frontmost surface there, both (n, size, size); outside, the height falls off steeply.
    """
    n = len(start)
    grid = np.arange(size, dtype=np.float32)
    margin = np.full((n, size, size), -size, np.float32)
    height = margin.copy()
    along = end - start
    unit = along / np.maximum(np.square(along[..., :2]).sum(axis=2), np.float32(0.01))[..., None]
    for k in range(start.shape[1]):
        dx, dy = grid - start[:, k, :1], grid - start[:, k, 1:2]
        t = (dy * unit[:, k, 1:2])[:, :, None] + (dx * unit[:, k, :1])[:, None]
        np.clip(t, 0, 1, out=t)
        off_x = dx[:, None] - t * along[:, k, 0, None, None]
        off_y = dy[:, :, None] - t * along[:, k, 1, None, None]
        r = radius[:, k, None, None]
        power = r * r - off_x * off_x - off_y * off_y  # of the pixel in the capsule's circle
        np.maximum(margin, power / (2 * r), out=margin)
        t *= along[:, k, 2, None, None]
        t += start[:, k, 2, None, None]
        t += np.sqrt(np.maximum(power, 0))
        t += 4 * np.minimum(power, 0)
        np.maximum(height, t, out=height)
    return margin, height
