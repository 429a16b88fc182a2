"""Grey garments on black in the ten classes of Fashion-MNIST, and in their order."""

from dataclasses import dataclass

from workbook.practice.strokes import GRID, SIZE, Array, cover, ink, normal, smooth, uniform

import numpy as np

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Form:
    """A garment's two extremes, between which each drawing lies somewhere: points in pixels.

    ``outline`` is a polygon; with ``mirrored``, its right half, from the middle line at the top to
    the middle line at the bottom. ``strokes`` are the points of curves, a pair of extremes for
    each. The rest are the chances of an open front, of a collar, of a print and of a ribbed hem.
    """

    outline: tuple[Points, Points] | None = None
    strokes: tuple[tuple[Points, Points], ...] = ()
    mirrored: bool = True
    opening: float = 0
    collar: float = 0
    printed: float = 0
    ribbed: float = 0


FORMS: dict[int, Form] = {
    0: Form(  # T-shirt
        ([(13, 3), (16, 1), (21, 3), (24.5, 8), (22, 10), (20, 8), (20, 22), (13, 22)],
         [(13, 6), (17.5, 2), (23, 4), (27, 16), (24, 17), (22, 10), (22, 26), (13, 26)]),
        opening=0.02, collar=0.05, printed=0.4, ribbed=0.05,
    ),
    1: Form(  # Trouser
        ([(13, 0), (17, 0), (18, 8), (17, 25), (14.5, 25), (14, 9), (13, 8)],
         [(13, 2), (18.5, 2), (19, 10), (21, 27), (16.5, 27), (14, 13), (13, 12)]),
    ),
    2: Form(  # Pullover
        ([(13, 2), (16, 1), (20, 3), (23, 9), (23, 15), (21, 15), (20, 10), (20, 21), (13, 21)],
         [(13, 5), (17, 2), (22, 4), (26, 13), (27, 26), (24, 26), (22, 12), (22, 26), (13, 26)]),
        opening=0.1, collar=0.1, printed=0.35, ribbed=0.4,
    ),
    3: Form(  # Dress
        ([(13, 2), (15, 0), (17, 1), (18, 4), (17, 6), (17, 7), (16, 11), (17, 25), (13, 25)],
         [(13, 7), (17, 1), (20, 3), (24, 14), (21, 15), (19, 9), (18, 14), (22, 27), (13, 27)]),
        opening=0.08, collar=0.08, printed=0.05, ribbed=0.1,
    ),
    4: Form(  # Coat
        ([(13, 1), (15.5, 0), (20, 2), (23, 11), (23, 21), (21, 21), (20, 10), (20, 22), (13, 22)],
         [(13, 5), (17, 2), (22, 4), (26, 13), (26, 26), (23, 26), (22, 12), (23, 27), (13, 27)]),
        opening=0.6, collar=0.25, printed=0.02, ribbed=0.1,
    ),
    5: Form(  # Sandal: the sole, its heel, and straps over toes, instep and ankle
        strokes=(
            ([(1, 21), (8, 21), (16, 21), (25, 21)], [(1, 25), (8, 24), (16, 18), (25, 13)]),
            ([(25, 21), (25, 21.5), (25, 22)], [(25, 13), (25, 19), (24, 26)]),
            ([(4, 21), (6, 18), (9, 21)], [(4, 25), (7, 18), (11, 22)]),
            ([(9, 21), (13, 16), (18, 15)], [(11, 22), (14, 12), (20, 7)]),
            ([(18, 15), (23, 15), (24, 21)], [(20, 7), (24, 6), (25, 13)]),
        ),
        mirrored=False,
    ),
    6: Form(  # Shirt
        ([(13, 2), (16, 1), (20, 3), (23, 8), (22, 10), (21, 10), (20, 9), (20, 21), (13, 21)],
         [(13, 6), (17, 2), (22, 4), (26, 13), (27, 26), (24, 26), (22, 12), (22, 26), (13, 26)]),
        opening=0.4, collar=0.5, printed=0.1, ribbed=0.05,
    ),
    7: Form(  # Sneaker
        ([(0, 20), (1, 18), (7, 17), (12, 15), (17, 13), (25, 13), (26, 16), (26, 21), (0, 21)],
         [(2, 21), (3, 17), (8, 14), (12, 11), (16, 7), (25, 8), (26, 13), (26, 23), (2, 23)]),
        mirrored=False,
    ),
    8: Form(  # Bag, with its handle
        ([(13, 13), (20, 13), (21, 15), (23, 22), (21, 23), (13, 23)],
         [(13, 6), (25, 6), (26, 8), (27, 25), (25, 27), (13, 27)]),
        ((
            [(9, 13), (9, 10), (13.5, 8), (18, 10), (18, 13)],
            [(5, 7), (7, 2), (13.5, 0), (20, 2), (22, 7)],
        ),),
    ),
    9: Form(  # Ankle boot
        ([(1, 20), (8, 17), (12, 13), (14, 9), (14, 8), (24, 8), (25, 16), (25, 22), (1, 22)],
         [(2, 22), (8, 17), (12, 12), (12, 5), (12, 1), (24, 1), (26, 15), (26, 27), (2, 26)]),
        mirrored=False,
    ),
}  # fmt: skip


def draw(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Return ``n`` pictures of class ``garment``: float32 (n, 28, 28) from 0 to 1."""
    form = FORMS[garment]
    share, size = uniform(rng, 0, 1, (n, 1, 1)), uniform(rng, 0.8, 1.08, (n, 1, 2))

    def between(first: Points, last: Points) -> Array:
        one, other = np.array(first, np.float32), np.array(last, np.float32)
        points = one + share * (other - one)
        return 13.5 + (points + normal(rng, 0.7, points.shape) - 13.5) * size

    # From the middle line, which leans a little.
    middle = uniform(rng, -1.5, 1.5, (n, 1, 1)) + uniform(rng, -0.08, 0.08, (n, 1, 1)) * (
        GRID[:, None] - 13.5
    )
    x = np.broadcast_to(GRID - middle, (n, SIZE, SIZE))
    across = np.abs(x - 13.5)
    shape = np.zeros((n, SIZE, SIZE), np.float32)
    if form.outline:
        shape = _filled(between(*form.outline), 13.5 + across if form.mirrored else x)
    pen = uniform(rng, 1.2, 3.2, n)
    for curve in form.strokes:
        there = np.where(rng.random(n) < 0.85, pen, -9)  # some are left out
        shape = np.maximum(shape, ink([smooth(between(*curve), 24)], there))
    return _finish(rng, shape, _cloth(rng, n) * _marks(rng, form, across))


def _filled(points: Array, x: Array) -> Array:
    """Return how much of each pixel polygons (n, k, 2) cover, where the pixels lie at ``x``."""
    y = GRID[:, None]
    away = np.full(x.shape, np.inf, np.float32)  # squared distance from the nearest edge
    inside = np.zeros(x.shape, bool)
    for start, end in zip(
        points.swapaxes(0, 1), np.roll(points, -1, 1).swapaxes(0, 1), strict=True
    ):
        x0, y0, x1, y1 = (part[:, None, None] for part in (*start.T, *end.T))
        dx, dy = x1 - x0, y1 - y0
        along = ((x - x0) * dx + (y - y0) * dy) / np.maximum(dx * dx + dy * dy, np.float32(1e-6))
        along = np.clip(along, 0, 1)
        away = np.minimum(away, (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2)
        crossed = (y0 > y) != (y1 > y)
        inside ^= crossed & ((x - x0) < (y - y0) * dx / np.where(dy == 0, 1, dy))
    distance = np.sqrt(away)
    return cover(np.where(inside, distance, -distance))


def _cloth(rng: np.random.Generator, n: int) -> Array:
    """Return pieces of cloth (n, 28, 28): plain, striped, checked or printed, lit from a side."""
    shade = uniform(rng, 0.12, 1.0, (n, 1, 1))
    light = uniform(rng, -0.012, 0.012, (n, 2, 1, 1))
    cloth = 1 + light[:, 0] * (GRID - 13.5) + light[:, 1] * (GRID[:, None] - 13.5)
    # Stripes one way, the other, or both, where the pattern asks for them.
    pattern = rng.random((n, 1, 1))
    phase, pitch = uniform(rng, 0, 6.3, (n, 2, 1)), uniform(rng, 0.7, 2.4, (n, 2, 1))
    stripes = np.sin(phase + pitch * GRID)
    depth = uniform(rng, 0.05, 0.4, (n, 1, 1))
    cloth += depth * np.where(pattern < 0.2, stripes[:, 0, :, None], 0)
    cloth += depth * np.where((pattern > 0.12) & (pattern < 0.27), stripes[:, 1, None], 0)
    blots = smooth(smooth(normal(rng, 1, (n, 10, 10)), SIZE).transpose(0, 2, 1), SIZE)
    cloth += depth * np.where(pattern > 0.85, blots, np.float32(0.12) * blots)
    return shade * (cloth + normal(rng, 0.035, (n, SIZE, SIZE)))


def _marks(rng: np.random.Generator, form: Form, across: Array) -> Array:
    """Return what seams, collars, prints and hems multiply the cloth by, darker or lighter."""
    n, y = len(across), GRID[:, None]
    places = (
        (form.opening, cover(0.4 - across)),
        (form.collar, cover(1.5 - np.abs(y - 3 - 0.5 * across)) * (across < 5)),
        (form.printed, (across < uniform(rng, 2, 4.5, (n, 1, 1))) & (np.abs(y - 12) < 3)),
        (form.ribbed, np.broadcast_to(y > 22, across.shape)),
    )
    marks = np.ones_like(across)
    for chance, place in places:
        contrast = uniform(rng, 0.25, 0.6, (n, 1, 1)) * np.sign(uniform(rng, -0.6, 0.4, (n, 1, 1)))
        marks *= 1 + (rng.random((n, 1, 1)) < chance) * contrast * place
    return marks


def _finish(rng: np.random.Generator, shape: Array, cloth: Array) -> Array:
    """Return the pictures of shapes (coverage, (n, 28, 28)) cut from cloth, edges in shade."""
    around = np.pad(shape, ((0, 0), (1, 1), (1, 1)))
    inside = (
        around[:, :-2, 1:-1] + around[:, 2:, 1:-1] + around[:, 1:-1, :-2] + around[:, 1:-1, 2:]
    ) / 4
    rim = uniform(rng, 0.0, 0.5, (len(shape), 1, 1))
    return (shape * np.clip(cloth * (1 - rim * (1 - inside)), 0.03, 1)).astype(np.float32)
