"""Hands that the computer draws: training images of people who do not exist, as many as wanted.

If you draw the training images yourself, you can vary all that you like: the form of the hand, how
a letter is made, where the camera stands, the light. A network learns to pass over these; that is
*domain randomisation* (Tobin and others, 2017, "Domain randomization for transferring deep neural
networks from simulation to the real world", IROS). A hand is a skeleton in three dimensions whose
bones are capsules, as in `workbook.practice.hands`, here lit, on black, and cropped as
:func:`workbook.hands.read_photo` crops a hand that was cut out.

Fists (E, M, N, S, T) stay the hardest. It is people that are lacking for them, not pixels: small
networks that had learned person 1's five fists read 80% of person 3's at 28 x 28, and 71% of them
at 96 x 96 (photographs of Kaggle's "ASL Dataset", three seeds).
"""

from collections.abc import Sequence

from workbook.hands.cutting import MARGIN, SIDE
from workbook.hands.signs import SIGNS, Sign
from workbook.practice.hands import (
    FINGER_LENGTHS,
    KNUCKLES,
    THUMB_BASE,
    TRUNK_END,
    finger_bones,
    turned,
)
from workbook.practice.strokes import capsules, cover, normal, uniform

import numpy as np
from scipy.ndimage import gaussian_filter, grey_dilation

FINER = 2  # times as many pixels a side are drawn, and averaged
BATCH = 128
MORE_OF = {"M": 1.5, "N": 2, "T": 3}  # fists that are told apart by a thumb that hardly shows

PALM = TRUNK_END[:7]  # to the knuckles and to the flesh between them
BALLS = np.array([(0.3, -0.8, 0.15), (-0.25, -0.8, 0.08)], np.float32)  # of thumb and of hand
SLANT = np.array([(0, 0.1, 0), (0, 0.05, 0.02), (0, -0.1, 0.06), (0, -0.3, 0.15)], np.float32)
# Of the fingers' bones, the thumb's, the palm, the forearm, the balls.
RADII = np.array(
    [0.22] * 4
    + [0.2] * 4
    + [0.18] * 4
    + [0.28, 0.25, 0.21]
    + [0.3] * 7
    + [0.42] * 2
    + [0.42, 0.36],
    np.float32,
)
DIGITS = 15  # the bones of fingers and thumb come first; flesh hides the others
FLESH = 0.16  # how far it rounds off the palm, in the skeleton's units


def drawn(class_names: Sequence[str], each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw right hands on black that sign letters, each letter in all the ways of `SIGNS`.

    Args:
        class_names: what is not among the 24 letters, such as J or "space", is left out.
        each: how many images of each letter; of M, N and T more, see `MORE_OF`.
        seed: a whole number for the same images again.

    Returns:
        ``(n, 28, 28)`` uint8 images, from 0 (black) to 255 (white), and ``(n,)`` labels: the place
        of each one's letter in ``class_names``.

    Raises:
        ValueError: none of ``class_names`` can be drawn.
    """
    letters = {name: label for label, name in enumerate(class_names) if name in SIGNS}
    if not letters:
        raise ValueError(f"no drawing of {', '.join(class_names)}; there are {', '.join(SIGNS)}.")
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for letter, label in letters.items():
        wanted = round(each * MORE_OF.get(letter, 1))
        for part, sign in zip(
            np.array_split(np.arange(wanted), len(SIGNS[letter])), SIGNS[letter], strict=True
        ):
            for start in range(0, len(part), BATCH):
                n = min(BATCH, len(part) - start)
                images.append(np.round(255 * _draw(rng, sign, n)).astype("uint8"))
        labels.append(np.full(wanted, label))
    return np.concatenate(images), np.concatenate(labels)


def _draw(rng: np.random.Generator, sign: Sign, n: int) -> np.ndarray:
    """Return ``n`` images of one sign, float32 (n, 28, 28) from 0 to 1."""
    start, end = _skeleton(rng, sign, n)
    radii = RADII * uniform(rng, 0.85, 1.15, (n, 1)) * (1 + normal(rng, 0.04, (n, len(RADII))))
    ends = np.concatenate([start, end], axis=1)[..., :2]
    room = np.concatenate([radii, radii], axis=1)[..., None]
    low, high = (ends - room).min(axis=1), (ends + room).max(axis=1)
    size = SIDE * FINER
    scale = (size / MARGIN / (high - low).max(axis=1))[:, None, None]
    middle = (low + high)[:, None] / 2

    def placed(points: np.ndarray) -> np.ndarray:
        flat = (points[..., :2] - middle) * scale + np.float32((size - 1) / 2)
        return np.concatenate([flat, points[..., 2:] * scale], axis=2)

    starts, ends, pixels = placed(start), placed(end), radii * scale[..., 0]
    margin, height = capsules(starts[:, :DIGITS], ends[:, :DIGITS], pixels[:, :DIGITS], size)
    palm, relief = capsules(starts[:, DIGITS:], ends[:, DIGITS:], pixels[:, DIGITS:], size)
    relief = _smoothed(relief, palm > -0.5, float(FLESH * scale.mean()))
    margin, height = np.maximum(margin, palm), np.maximum(height, relief)
    picture = _lit(rng, cover(margin), height, scale)
    return picture.reshape(n, SIDE, FINER, SIDE, FINER).mean(axis=(2, 4))


def _smoothed(relief: np.ndarray, inside: np.ndarray, sigma: float) -> np.ndarray:
    """Return reliefs (n, size, size) rounded off by a Gaussian, of what lies ``inside`` only."""
    blur = (0, sigma, sigma)
    share = np.maximum(gaussian_filter(inside.astype("float32"), blur), np.float32(1e-3))
    rounded = gaussian_filter(np.where(inside, relief, 0).astype("float32"), blur) / share
    return np.where(inside, rounded, relief)


def _skeleton(rng: np.random.Generator, sign: Sign, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of the hands' bones, (n, 26, 3), turned as the camera sees them."""
    bends = np.array((sign.index, sign.middle, sign.ring, sign.little), np.float32)
    of_each = normal(rng, 0.08, (n, 4, 3)) * np.array([1, 1, 0.5], np.float32)
    of_all = normal(rng, 0.05, (n, 1, 3)) * np.array([1, 1, 0.3], np.float32)
    fingers = np.radians(bends) + of_each + of_all
    fingers[..., 2] *= uniform(rng, 0.6, 1.3, (n, 1))
    lengths = FINGER_LENGTHS * uniform(rng, 0.9, 1.12, (n, 1)) * (1 + normal(rng, 0.03, (n, 4)))
    knuckles = KNUCKLES + sign.slant * uniform(rng, 0.6, 1.2, (n, 1, 1)) * SLANT
    starts, ends = finger_bones(knuckles, fingers, lengths)

    thumb = np.array([THUMB_BASE, *sign.thumb], np.float32) + normal(rng, 0.07, (n, 4, 3))
    taper = uniform(rng, 0.5, 0.85, (n, 1))  # how wide the wrist is, of the palm's width
    palm = np.broadcast_to(PALM, (n, 7, 3)).copy()
    palm[:, :4], palm[:, 4:] = knuckles, (knuckles[:, 1:] + knuckles[:, :-1]) / 2
    wrist = np.zeros_like(palm)
    wrist[..., 0], wrist[..., 1] = PALM[:, 0] * taper, -0.98
    elbow_side = np.zeros((n, 2, 3), np.float32)
    elbow_side[..., 0] = np.array([-0.3, 0.3]) * taper
    elbow_side[..., 1] = -0.9
    cut = elbow_side.copy()  # where the arm was cut off
    cut[..., 0] = cut[..., 0] * uniform(rng, 0.8, 1.15, (n, 1)) + normal(rng, 0.2, (n, 1))
    cut[..., 1] = -uniform(rng, 0.9, 1.7, (n, 1))
    cut[..., 2] = normal(rng, 0.15, (n, 1))
    of_thumb = thumb[:, :2].mean(axis=1) - np.array([0, 0.05, 0], np.float32)
    of_hand = np.broadcast_to(np.array([-0.42, -0.15, 0.1], np.float32), (n, 3))
    starts += [thumb[:, :-1], wrist, elbow_side, np.broadcast_to(BALLS, (n, 2, 3))]
    ends += [thumb[:, 1:], palm, cut, np.stack([of_thumb, of_hand], axis=1)]

    width = uniform(rng, 0.9, 1.1, (n, 1, 1)) * np.array([1, 0, 0], np.float32)
    width += np.array([0, 1, 1], np.float32)
    yaw, pitch, roll = (
        np.radians(np.float32(angle)) + normal(rng, spread, n)
        for angle, spread in ((sign.yaw, 0.22), (sign.pitch, 0.16), (sign.roll, 0.16))
    )
    camera = turned(yaw, pitch, roll)
    return np.concatenate(starts, axis=1) * width @ camera, np.concatenate(
        ends, axis=1
    ) * width @ camera


def _lit(
    rng: np.random.Generator, hand: np.ndarray, height: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return pictures of hands on black, lit from anywhere in front; what lies deep is dark.

    ``hand`` is how much of each pixel is covered, ``height`` the relief in pixels, ``scale`` how
    many pixels a unit of the skeleton is.
    """
    n = len(hand)
    inside = hand > 0.3
    lowest = np.where(inside, height, np.inf).min(axis=(1, 2), keepdims=True)
    # Skin rounds off where two bones meet. Outside, the relief goes on as at the outline.
    relief = np.where(inside, _smoothed(height, inside, 0.35 * FINER), lowest)
    relief = np.where(inside, relief, np.maximum(grey_dilation(relief, (1, 3, 3)), lowest))

    down, across = (
        np.clip(slope, -2.5, 2.5).astype("float32") for slope in np.gradient(relief, axis=(1, 2))
    )
    upright = 1 / np.sqrt(1 + across**2 + down**2)
    around, above = uniform(rng, 0, 2 * np.pi, (n, 1, 1)), uniform(rng, 0.2, 1.5, (n, 1, 1))
    towards = np.cos(around) * across + np.sin(around) * down
    direct = np.clip(upright * (np.sin(above) - np.cos(above) * towards), 0, None)
    ambient = uniform(rng, 0.15, 0.7, (n, 1, 1))

    def hollow(sigma: float) -> np.ndarray:
        """Return by how much pixels lie deeper than those around them, in the skeleton's units."""
        near = gaussian_filter(relief, (0, sigma * FINER, sigma * FINER))
        return np.clip((near - relief) / scale, 0, 1.5)

    creases = uniform(rng, 0.3, 1.4, (n, 1, 1)) * np.minimum(hollow(1.5), 1)
    shadow = np.minimum(creases + uniform(rng, 0.2, 1.5, (n, 1, 1)) * hollow(3.5), 0.9)
    light = (ambient + (1 - ambient) * direct) * (1 - shadow)
    skin = uniform(rng, 0.4, 1, (n, 1, 1))
    grain = gaussian_filter(normal(rng, 2 * FINER, hand.shape), (0, 1.2 * FINER, 1.2 * FINER))
    return np.clip(hand * skin * light * (1 + 0.05 * grain), 0, 1)
