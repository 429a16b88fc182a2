"""Grey garments on black in the ten classes of Fashion-MNIST, and in their order."""

from collections.abc import Callable

from workbook.practice.strokes import (
    GRID,
    SIZE,
    Array,
    cover,
    ink,
    normal,
    outline,
    smooth,
    uniform,
)

import numpy as np

Range = tuple[float, float]

# Ranges, in pixels, that the clothes of the upper body are cut from. "sleeve" is the sleeve's
# length; below 3 there is none.
CUTS: dict[int, dict[str, Range]] = {
    0: {"shoulder": (7.0, 9.5), "chest": (6.0, 8.5), "waist": (5.5, 8.5), "hem": (5.8, 9.0),
        "length": (21, 25), "sleeve": (4, 10), "flare": (1.5, 4.5), "neck": (2.2, 4.5),
        "depth": (1.0, 5)},
    2: {"shoulder": (6.5, 8.5), "chest": (6.0, 8.0), "waist": (5.8, 8.0), "hem": (5.8, 8.2),
        "length": (19, 25), "sleeve": (17, 24), "flare": (2.5, 5.0), "neck": (1.8, 4),
        "depth": (0.5, 3.5)},
    3: {"shoulder": (3.0, 6.5), "chest": (3.2, 5.5), "waist": (2.6, 5.0), "hem": (3.5, 8.5),
        "length": (24, 27), "sleeve": (-8, 15), "flare": (1.0, 3.5), "neck": (1.5, 3.5),
        "depth": (1.0, 6)},
    4: {"shoulder": (6.0, 8.0), "chest": (5.8, 7.8), "waist": (5.5, 7.8), "hem": (6.0, 9.0),
        "length": (22, 27), "sleeve": (19, 24), "flare": (2.5, 4.5), "neck": (1.5, 3.0),
        "depth": (0.5, 4.0)},
    6: {"shoulder": (6.0, 8.8), "chest": (5.5, 8.0), "waist": (5.0, 8.0), "hem": (5.5, 8.8),
        "length": (20, 26), "sleeve": (5, 24), "flare": (1.8, 4.8), "neck": (1.5, 3.8),
        "depth": (0.5, 5.0)},
}  # fmt: skip
# The chances of a front opening, of a collar, of a print on the chest and of a ribbed hem.
MARKS = {
    0: (0.02, 0.05, 0.40, 0.05),
    2: (0.03, 0.05, 0.35, 0.75),
    3: (0.08, 0.08, 0.05, 0.10),
    4: (0.96, 0.25, 0.02, 0.10),
    6: (0.40, 0.95, 0.10, 0.05),
}


def draw(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Return ``n`` pictures of class ``garment``: float32 (n, 28, 28) from 0 to 1."""
    return _MAKERS[garment](rng, garment, n)


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
    cloth += normal(rng, 0.035, (n, SIZE, SIZE))
    return shade * cloth


def _finish(rng: np.random.Generator, shape: Array, cloth: Array) -> Array:
    """Return the pictures of shapes (coverage, (n, 28, 28)) cut from cloth, edges in shade."""
    around = np.pad(shape, ((0, 0), (1, 1), (1, 1)))
    inside = (
        around[:, :-2, 1:-1] + around[:, 2:, 1:-1] + around[:, 1:-1, :-2] + around[:, 1:-1, 2:]
    ) / 4
    rim = uniform(rng, 0.0, 0.5, (len(shape), 1, 1))
    return shape * np.clip(cloth * (1 - rim * (1 - inside)), 0.03, 1)


def _top(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Draw T-shirts, pullovers, dresses, coats and shirts: one pattern, cut differently."""
    cut = {name: uniform(rng, low, high, n) for name, (low, high) in CUTS[garment].items()}
    opening, collar, print_, rib = (rng.random((n, 1, 1)) < p for p in MARKS[garment])
    top = uniform(rng, 0.0, 3.5, n)
    hem_y, armpit = np.minimum(top + cut["length"], 27), top + uniform(rng, 7, 10, n)
    waist_y = (armpit + hem_y) / 2
    centre = uniform(rng, 12.5, 14.5, (n, 1)) + uniform(rng, -0.04, 0.04, (n, 1)) * (GRID - 13.5)
    # From the middle line, which leans a little; some garments are narrow.
    x = np.abs(GRID - centre[..., None]) * uniform(rng, 0.95, 1.35, (n, 1, 1))
    y = GRID[:, None]

    def rows(value: Array) -> Array:
        return value[:, None, None]

    half = outline(
        np.stack([top, top + 2, armpit, waist_y, hem_y], axis=1),
        np.stack([cut["neck"] + 0.8, cut["shoulder"], cut["chest"], cut["waist"], cut["hem"]], 1),
    )
    bend = uniform(rng, -0.6, 0.6, (n, 1, 1)) * x / 8
    body = cover(half[..., None] - x) * cover(y - rows(top)) * cover(rows(hem_y) - y + bend)
    # The neck is a V or a round: straight or squared.
    ratio = x / rows(cut["neck"])
    curve = np.where(rng.random((n, 1, 1)) < 0.4, ratio, np.square(ratio))
    body *= 1 - cover(rows(cut["depth"]) * (1 - curve) - (y - rows(top)))

    cuff = top + 2 + np.maximum(cut["sleeve"], 0)
    ends = np.stack([top + 1.5, np.maximum(cuff, top + 3)], axis=1)
    reach = np.minimum(cut["chest"] + cut["flare"], 13)
    outer = outline(ends, np.stack([cut["shoulder"] - 0.5, reach + 0.5], axis=1))
    wide = uniform(rng, 2.4, 3.6, n)
    # The inner edge leaves the body at the armpit.
    start = np.minimum(armpit, cuff - 0.5)
    inner = outline(
        np.stack([start, np.maximum(cuff, start + 1)], axis=1),
        np.stack([cut["chest"] - 1, reach - wide], axis=1),
    )
    sleeve = cover(outer[..., None] - x) * cover(x - inner[..., None])
    sleeve *= cover(rows(cuff) - y) * cover(y - rows(top) - 1) * rows(cut["sleeve"] > 3)

    cloth = _cloth(rng, n)
    seam = np.abs(x - half[..., None] + 0.5) < 0.7
    cloth *= 1 - uniform(rng, 0, 0.45, (n, 1, 1)) * (seam & (sleeve > 0.3))
    # Seams and collars are darker than the cloth or lighter.
    contrast = uniform(rng, 0.25, 0.7, (n, 1, 1)) * np.sign(uniform(rng, -0.5, 0.5, (n, 1, 1)))
    cloth *= 1 + contrast * opening * cover(0.4 - np.abs(x - uniform(rng, 0, 0.5, (n, 1, 1))))
    flap = cover(1.5 - np.abs(y - rows(top + 1.5) - 0.5 * x)) * (x < rows(cut["neck"] + 1.5))
    cloth *= 1 + collar * contrast * flap
    badge = (x < uniform(rng, 2, 4.5, (n, 1, 1))) & (
        np.abs(y - rows(top) - uniform(rng, 8, 12, (n, 1, 1))) < uniform(rng, 1, 3.5, (n, 1, 1))
    )
    cloth *= 1 + print_ * badge * uniform(rng, -0.6, 0.5, (n, 1, 1))
    band = (y > rows(hem_y - 1.8)) | ((sleeve > 0.5) & (y > rows(cuff - 1.8)))
    cloth *= 1 + rib * band * uniform(rng, -0.35, 0.2, (n, 1, 1))
    return _finish(rng, np.maximum(body, sleeve), cloth)


def _trouser(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Draw trousers: two legs that part below the waist."""
    waist, hip = uniform(rng, 3.0, 5.0, n), uniform(rng, 3.8, 6.0, n)
    spread, leg = uniform(rng, 1.6, 4.5, n), uniform(rng, 1.4, 3.2, n)
    crotch, hem = uniform(rng, 8, 12, n), uniform(rng, 24, 27, n)
    zero = np.zeros(n, np.float32)
    ends = np.stack([zero, crotch, hem], axis=1)
    outer = outline(ends, np.stack([waist, hip, spread + leg], axis=1))
    inner = outline(ends, np.stack([zero - 2, zero, np.maximum(spread - leg, 0.4)], axis=1))
    middle = uniform(rng, 12.5, 14.5, (n, 1)) + uniform(rng, -0.06, 0.06, (n, 1)) * (GRID - 13.5)
    x = np.abs(GRID - middle[..., None])
    y = GRID[:, None]
    shape = cover(outer[..., None] - x) * cover(x - inner[..., None])
    shape *= cover(hem[:, None, None] - y) * cover(y - uniform(rng, 0, 2, (n, 1, 1)))
    cloth = _cloth(rng, n)
    cloth *= 1 - uniform(rng, 0, 0.4, (n, 1, 1)) * (y < uniform(rng, 1, 4, (n, 1, 1)))
    cloth *= 1 - uniform(rng, 0, 0.4, (n, 1, 1)) * cover(0.3 - x)
    return _finish(rng, shape, cloth)


# A shoe seen from its side, toe to the left: heights above the sole, in pixels, at the toe,
# the vamp, the instep, the opening and the heel.
SHOES: dict[int, list[Range]] = {
    7: [(1.2, 3.0), (3.0, 4.8), (4.5, 8.5), (6.0, 12.5), (6.0, 12.5)],
    9: [(2.0, 4.5), (4.0, 6.5), (6.0, 11.5), (10.0, 21.0), (10.0, 21.0)],
}


def _shoe(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Draw sneakers and ankle boots: an upper on a sole."""
    left, right = uniform(rng, 0, 4, n), uniform(rng, 23, 27, n)
    boot = garment == 9
    sole_y = uniform(rng, 20, 26, n) if boot else uniform(rng, 17, 23, n)
    sole = uniform(rng, 1.0, 3.0, n)
    heights = np.stack([uniform(rng, *r, n) for r in SHOES[garment]], axis=1)
    heights[:, 4] = heights[:, 3] + uniform(rng, -1.5, 1.5, n)
    heights = np.minimum(heights, sole_y[:, None] - sole[:, None] - 1)
    length = right - left
    fractions = np.array([0, 0.3, 0.52, 0.66, 1], np.float32) + uniform(rng, -0.05, 0.05, (n, 5))
    top = (sole_y - sole)[:, None] - outline(left[:, None] + fractions * length[:, None], heights)
    x, y = GRID, GRID[:, None]
    back = uniform(rng, -0.12, 0.08, (n, 1, 1)) * (sole_y[:, None, None] - y)
    rounded = np.square(np.maximum(left[:, None, None] + 3 - x, 0)) / 5
    shape = cover(y - top[:, None] - rounded) * cover(sole_y[:, None, None] - y)
    shape *= cover(x - left[:, None, None]) * cover(right[:, None, None] + np.minimum(back, 0) - x)
    # Some have a heel: the sole is cut out in front of it.
    heel = uniform(rng, -3, 4, n) if boot else uniform(rng, -4, 1, n)
    hollow = cover(np.maximum(heel, 0)[:, None, None] - 0.5 - (sole_y[:, None, None] - y))
    span = uniform(rng, 0.3, 0.5, (n, 1, 1)), uniform(rng, 0.62, 0.75, (n, 1, 1))
    place = (x - left[:, None, None]) / length[:, None, None]
    shape *= 1 - hollow * (place > span[0]) * (place < span[1])

    cloth = _cloth(rng, n)
    in_sole = y > (sole_y - sole)[:, None, None] + 0.3
    cloth = np.where(in_sole, uniform(rng, 0.15, 1.0, (n, 1, 1)), cloth)
    ahead = np.abs(place - uniform(rng, 0.45, 0.55, (n, 1, 1))) < 0.12
    laces = ahead & (np.sin(2.1 * (x + y)) > 0.2) & ~in_sole
    cloth *= 1 + uniform(rng, -0.5, 0.3, (n, 1, 1)) * laces
    swoosh = np.abs(y - (sole_y - 3)[:, None, None] - 0.35 * (16 - x)) < 0.9
    cloth *= 1 + uniform(rng, -0.5, 0.4, (n, 1, 1)) * (swoosh & (x > 12) & ~in_sole)
    return _finish(rng, shape, cloth)


def _sandal(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Draw sandals: a sole, flat or on a heel, and the straps over it."""
    heel = np.maximum(uniform(rng, -9, 10, n), 0)
    base = np.minimum(uniform(rng, 18, 22, n) + heel / 2, 25)
    tip, back = uniform(rng, 0.5, 3, n), uniform(rng, 24, 26.5, n)

    def at(along: Array, above: Array) -> Array:
        """Return points (n, 2) at a fraction along the sole and so many pixels above it."""
        rise = heel * np.clip((along - 0.3) / 0.6, 0, 1) ** 1.5
        return np.stack([tip + along * (back - tip), base - rise - above], axis=1)

    zero = np.zeros(n, np.float32)
    sole = smooth(np.stack([at(zero + f, zero) for f in (0, 0.25, 0.5, 0.75, 1)], axis=1), 24)
    foot = at(zero + 1, zero)
    heel_tip = np.stack([foot[:, 0] - uniform(rng, 0, 2, n), base], axis=1)
    curves = [sole, smooth(np.stack([foot, (foot + heel_tip) / 2, heel_tip], axis=1), 10)]
    shape = ink(curves, uniform(rng, 1.4, 3.2, n))
    # Straps: over the toes, over the instep, and from there round the heel.
    a, b = uniform(rng, 0.08, 0.2, n), uniform(rng, 0.3, 0.45, n)
    c, d = uniform(rng, 0.4, 0.6, n), uniform(rng, 0.85, 0.98, n)
    low, high = uniform(rng, 2.5, 5.5, n), uniform(rng, 4, 10, n)
    toes = np.stack([at(a, zero), at((a + b) / 2, low), at(b, zero)], axis=1)
    instep = np.stack([at(b, zero), at(c, high * 0.7), at((c + d) / 2, high)], axis=1)
    ankle = np.stack([at((c + d) / 2, high), at(d, high * 0.9), at(d, zero)], axis=1)
    strap = uniform(rng, 1.2, 3.5, n)
    worn = rng.random((3, n)) < np.array([[0.85], [0.75], [0.6]])
    for points, there in zip((toes, instep, ankle), worn, strict=True):
        shape = np.maximum(shape, ink([smooth(points, 14)], np.where(there, strap, -9)))
    return _finish(rng, shape, _cloth(rng, n))


def _bag(rng: np.random.Generator, garment: int, n: int) -> Array:
    """Draw bags: a body, often with a flap, and a handle or none."""
    top, bottom = uniform(rng, 6, 14, n), uniform(rng, 21, 27, n)
    upper, lower = uniform(rng, 7, 13, n), uniform(rng, 9, 13.5, n)
    half = outline(np.stack([top, bottom], axis=1), np.stack([upper, lower], axis=1))
    x = np.abs(GRID - 13.5)
    y = GRID[:, None]
    corner = np.square(np.maximum(x - half[..., None] + 3, 0)) / uniform(rng, 3, 9, (n, 1, 1))
    shape = cover(half[..., None] - x)
    shape *= cover(bottom[:, None, None] - y - corner) * cover(y - top[:, None, None] - corner)

    foot, width = uniform(rng, 0.35, 0.9, n) * upper, uniform(rng, 1.0, 2.4, n)
    peak = np.maximum(top - uniform(rng, 2, 13, n), 0.8)
    bow = foot * uniform(rng, 0.5, 1.0, n)
    handle = np.stack(
        [13.5 - foot, top + 1, 13.5 - bow, (2 * peak + top) / 3, np.full(n, 13.5), peak,
         13.5 + bow, (2 * peak + top) / 3, 13.5 + foot, top + 1], axis=1,
    ).reshape(n, 5, 2).astype(np.float32)  # fmt: skip
    width[rng.random(n) < 0.2] = -9  # a clutch has no handle
    shape = np.maximum(shape, ink([smooth(handle, 30)], width))

    cloth = _cloth(rng, n)
    flap = top + uniform(rng, 0, 0.7, n) * (bottom - top)
    edge = cover(0.6 - np.abs(y - flap[:, None, None] + 0.15 * x))
    cloth *= 1 - uniform(rng, 0, 0.6, (n, 1, 1)) * edge
    clasp = (x < 1.2) & (np.abs(y - flap[:, None, None]) < 1.2)
    cloth *= 1 + uniform(rng, -0.4, 0.6, (n, 1, 1)) * clasp
    return _finish(rng, shape, cloth)


_MAKERS: dict[int, Callable[[np.random.Generator, int, int], Array]] = {
    **dict.fromkeys(CUTS, _top),
    **dict.fromkeys(SHOES, _shoe),
    1: _trouser,
    5: _sandal,
    8: _bag,
}
