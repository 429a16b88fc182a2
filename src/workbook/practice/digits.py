"""Handwritten-looking digits: white strokes on black, sized and centred as MNIST's are."""

from workbook.practice.strokes import Array, ink, normal, smooth, uniform

import numpy as np

# Ways to write each digit: strokes of control points in a box with x from 0 to 1, y from 0 (top)
# to 1. A point given twice in a row is a corner.
SKELETONS: dict[int, list[list[list[tuple[float, float]]]]] = {
    0: [
        [[(0.5, 0), (0.2, 0.13), (0.08, 0.5), (0.2, 0.87), (0.5, 1), (0.8, 0.87), (0.92, 0.5),
          (0.8, 0.13), (0.5, 0)]],
        [[(0.65, 0.02), (0.3, 0.08), (0.1, 0.45), (0.18, 0.85), (0.5, 1), (0.82, 0.82),
          (0.9, 0.4), (0.7, 0.08), (0.4, 0.06)]],
    ],
    1: [
        [[(0.5, 0), (0.5, 0.5), (0.5, 1)]],
        [[(0.22, 0.26), (0.52, 0), (0.52, 0), (0.52, 0.5), (0.52, 1)]],
        [[(0.22, 0.24), (0.52, 0), (0.52, 0), (0.52, 0.5), (0.52, 1)], [(0.25, 1), (0.8, 1)]],
    ],
    2: [
        [[(0.1, 0.25), (0.27, 0.05), (0.55, 0), (0.8, 0.2), (0.68, 0.5), (0.4, 0.76), (0.1, 1),
          (0.1, 1), (0.5, 0.99), (0.92, 1)]],
        [[(0.1, 0.2), (0.4, 0), (0.75, 0.18), (0.62, 0.55), (0.28, 0.93), (0.1, 0.9),
          (0.22, 0.78), (0.55, 0.92), (0.95, 0.93)]],
    ],
    3: [
        [[(0.15, 0.12), (0.45, 0), (0.8, 0.15), (0.72, 0.38), (0.4, 0.47), (0.4, 0.47),
          (0.8, 0.6), (0.85, 0.85), (0.5, 1), (0.1, 0.88)]],
        [[(0.1, 0.02), (0.8, 0.02), (0.8, 0.02), (0.42, 0.42), (0.42, 0.42), (0.8, 0.54),
          (0.86, 0.84), (0.48, 1), (0.1, 0.9)]],
    ],
    4: [
        [[(0.22, 0), (0.1, 0.56), (0.1, 0.56), (0.92, 0.54)], [(0.75, 0.05), (0.68, 1)]],
        [[(0.66, 0), (0.05, 0.68), (0.05, 0.68), (0.95, 0.66)], [(0.66, 0), (0.63, 1)]],
        [[(0.15, 0.05), (0.14, 0.42), (0.4, 0.55), (0.8, 0.45)],
         [(0.84, 0), (0.8, 0.45), (0.72, 1)]],
    ],
    5: [
        [[(0.88, 0), (0.25, 0.02), (0.25, 0.02), (0.2, 0.42), (0.2, 0.42), (0.55, 0.37),
          (0.85, 0.62), (0.72, 0.92), (0.36, 1), (0.1, 0.9)]],
        [[(0.27, 0.08), (0.2, 0.45), (0.2, 0.45), (0.58, 0.42), (0.8, 0.68), (0.6, 0.95),
          (0.12, 0.97)], [(0.27, 0.08), (0.92, 0.02)]],
        [[(0.88, 0.05), (0.42, 0.02), (0.22, 0.2), (0.36, 0.42), (0.74, 0.56), (0.8, 0.85),
          (0.42, 1), (0.1, 0.9)]],
    ],
    6: [
        [[(0.72, 0), (0.36, 0.2), (0.12, 0.62), (0.26, 0.95), (0.6, 0.98), (0.82, 0.76),
          (0.6, 0.54), (0.3, 0.6), (0.16, 0.76)]],
        [[(0.52, 0), (0.26, 0.32), (0.12, 0.72), (0.36, 1), (0.72, 0.92), (0.74, 0.68),
          (0.46, 0.6), (0.16, 0.78)]],
    ],
    7: [
        [[(0.1, 0.05), (0.86, 0.02), (0.86, 0.02), (0.6, 0.46), (0.42, 1)]],
        [[(0.1, 0.05), (0.86, 0.02), (0.86, 0.02), (0.58, 0.5), (0.42, 1)],
         [(0.32, 0.52), (0.84, 0.48)]],
        [[(0.1, 0.2), (0.14, 0.03), (0.14, 0.03), (0.88, 0.03), (0.88, 0.03), (0.62, 0.5),
          (0.52, 1)]],
    ],
    8: [
        [[(0.74, 0.12), (0.46, 0), (0.2, 0.2), (0.5, 0.46), (0.82, 0.75), (0.5, 1), (0.16, 0.78),
          (0.46, 0.5), (0.78, 0.26), (0.74, 0.12)]],
        [[(0.5, 0.45), (0.22, 0.24), (0.5, 0), (0.78, 0.24), (0.5, 0.45), (0.14, 0.75), (0.5, 1),
          (0.86, 0.75), (0.5, 0.45)]],
    ],
    9: [
        [[(0.82, 0.16), (0.5, 0), (0.18, 0.22), (0.36, 0.46), (0.68, 0.4), (0.82, 0.16),
          (0.82, 0.16), (0.76, 0.6), (0.66, 1)]],
        [[(0.8, 0.2), (0.5, 0.02), (0.18, 0.24), (0.4, 0.48), (0.76, 0.32), (0.8, 0.2),
          (0.84, 0.55), (0.66, 0.92), (0.25, 0.96)]],
    ],
}  # fmt: skip


def draw(rng: np.random.Generator, digit: int, n: int) -> Array:
    """Return ``n`` drawings of ``digit``: float32 (n, 28, 28) from 0 (paper) to 1 (ink)."""
    variants = SKELETONS[digit]
    chosen = rng.integers(len(variants), size=n)
    images = np.empty((n, 28, 28), np.float32)
    for v, variant in enumerate(variants):
        mine = np.flatnonzero(chosen == v)
        images[mine] = _write(rng, variant, len(mine))
    return images


def _write(rng: np.random.Generator, strokes: list[list[tuple[float, float]]], n: int) -> Array:
    """Return ``n`` drawings of one skeleton, each by another hand."""
    points = np.array([p for stroke in strokes for p in stroke], np.float32) - np.float32(0.5)
    # Equal points stay equal when they are moved, so that corners and junctions hold.
    unique, where = np.unique(points, axis=0, return_inverse=True)
    control = (unique + normal(rng, 0.055, (n, *unique.shape)))[:, where.reshape(-1)]

    slant, turn = normal(rng, 0.28, n), normal(rng, 0.16, n)
    control[..., 0] *= uniform(rng, 0.5, 1.1, (n, 1))
    control[..., 0] -= slant[:, None] * control[..., 1]
    cos, sin = np.cos(turn), np.sin(turn)
    control = control @ np.stack([cos, sin, -sin, cos], axis=-1).reshape(n, 2, 2)

    curves, start = [], 0
    for stroke in strokes:
        part = control[:, start : start + len(stroke)]
        curves.append(smooth(part, max(18, 5 * len(stroke))))
        start += len(stroke)

    # MNIST fits a digit into 20 by 20 pixels, then puts its centre of mass in the middle.
    width = uniform(rng, 1.6, 3.8, n)
    path = np.concatenate(curves, axis=1)
    extent = np.ptp(path, axis=1).max(axis=1)
    scale = (uniform(rng, 18, 20.5, n) - width) / extent
    curves = [scale[:, None, None] * c for c in curves]
    mass = [np.sqrt(np.square(np.diff(c, axis=1)).sum(axis=2, keepdims=True)) for c in curves]
    moment = sum(
        (m * (c[:, 1:] + c[:, :-1]) / 2).sum(axis=1) for m, c in zip(mass, curves, strict=True)
    )
    centre = moment / sum(m.sum(axis=1) for m in mass)
    shift = 13.5 - centre + normal(rng, 0.6, (n, 2))
    return ink([c + shift[:, None] for c in curves], width)
