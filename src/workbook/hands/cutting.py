"""Find the hand in a picture, cut it out on black, crop to it.

Training images are ``(n, 28, 28)`` uint8, from 0 (black) to 255 (white).
"""

from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 28
MARGIN = 1.15  # the side of the crop, in sides of the hand's bounding box
BLACK = 24  # the brightest that a pixel of a black background may be, of 255


def cut_out(images: np.ndarray) -> np.ndarray:
    """Return ``images`` with what is behind the hand set to 0 (black), as well as it can be told.

    The wall behind a hand changes slowly. A second-degree polynomial in the two coordinates is
    fitted to each image, first to its upper and side edges, then again and again to what lies
    close to the last fit (iteratively reweighted least squares). What differs from it, and what
    that encloses, is the hand. Where a hand is as bright as the wall a piece of it gets lost,
    and an arm or a table stays: good enough to train on, next to the whole images.

    Args:
        images: ``(n, 28, 28)`` uint8.

    Returns:
        ``(n, 28, 28)`` uint8.
    """
    # In parts, since the working memory is a hundred times that of the images.
    parts = np.array_split(images, max(1, len(images) // 2000))
    return np.concatenate([_cut_out(part) for part in parts])


def well_cut(cut_outs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return which hands :func:`cut_out` found well, as far as their outline can tell.

    A hand fills neither little nor most of its image, and its outline is not frayed: of each
    class, since spread fingers have a long outline, the half with the shortest for its area.

    Args:
        cut_outs: ``(n, 28, 28)`` uint8, hands on black.
        labels: ``(n,)``.

    Returns:
        ``(n,)`` bool.
    """
    hand = cut_outs > 0
    area = hand.sum(axis=(1, 2))
    outline = sum(np.diff(hand, axis=axis).sum(axis=(1, 2)) for axis in (1, 2))
    frayed = outline / np.sqrt(area + 1)
    well = (area > 0.18 * SIDE**2) & (area < 0.55 * SIDE**2)
    for label in np.unique(labels[well]):
        of_class = well & (labels == label)
        well[of_class] = frayed[of_class] <= np.median(frayed[of_class])
    return well


def cropped(cut_outs: np.ndarray, trim: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return hands on black cropped as :func:`read_photo` crops a cut-out hand.

    Where a hand ends at the arm differs from one cut-out to another, so a random part of what is
    lowest, from none to ``trim`` of the height of the hand, is made black first.

    Args:
        cut_outs: ``(n, 28, 28)`` uint8, as :func:`cut_out` returns; all-black ones stay so.
        trim: a fraction, below 1.
        seed: a whole number for the same parts again.

    Returns:
        ``(n, 28, 28)`` uint8.
    """
    shares = trim * np.random.default_rng(seed).random(len(cut_outs))
    return np.stack([_trimmed(*pair) for pair in zip(cut_outs, shares, strict=True)])


def _trimmed(image: np.ndarray, share: float) -> np.ndarray:
    rows = np.flatnonzero(image.any(axis=1))
    if not len(rows):
        return image
    last = rows[-1] + 1 - round(share * (rows[-1] + 1 - rows[0]))
    hand = image * (np.arange(len(image)) < last)[:, None]
    return square(Image.fromarray(hand), hand > 0, 1, beyond="constant")[1]


def square(
    grey: Image.Image, hand: np.ndarray, scale: float, beyond: Literal["constant", "edge"]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the square around the hand, as it is and at 28 by 28 pixels.

    ``hand``, (height, width) bool, is ``scale`` times smaller than ``grey``. Beyond the
    picture is black ("constant"), or its edge again.
    """
    rows, columns = np.nonzero(hand)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    whole = min(hand.shape) if hand.all() else MARGIN * max(bottom - top, right - left)
    side, x, y = (scale * length for length in (whole, (left + right) / 2, (top + bottom) / 2))
    room = int(np.ceil(side))
    wide = Image.fromarray(np.pad(np.asarray(grey), room, mode=beyond))
    x, y = x + room, y + room
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    small = wide.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
    return np.asarray(wide.crop(tuple(round(edge) for edge in box))), np.asarray(small)


def _edge(grey: np.ndarray) -> np.ndarray:
    """Return the pixels of the upper and side edges of a (height, width) picture."""
    return np.concatenate([grey[0], grey[:, 0], grey[:, -1]])


def is_on_black(colour: np.ndarray) -> bool:
    """Return whether most of the upper and side edges of (height, width, 3) pixels is black."""
    return bool((_edge(colour.max(axis=2)) < BLACK).mean() > 0.5)


def located(colour: np.ndarray) -> np.ndarray:
    """Return where the hand is, (height, width) bool; everywhere if it was not found."""
    if is_on_black(colour):
        brightest = colour.max(axis=2)
        edge = _edge(brightest)
        # Fingers in the shadow are dark too, and the shadow may part them from the rest.
        above = min(np.quantile(edge[edge < BLACK], 0.95) + 8, BLACK)
        hand, least = brightest >= above, 0.05
    else:
        # The largest difference of the three channels, since a wall may be as bright as a hand.
        hand, least = _residual(colour.transpose(2, 0, 1)).max(axis=0) > BLACK / 2, 1.0
    hand = _large_pieces(~_open_to_edge(~hand[None])[0], least)
    return hand if 0.02 < hand.mean() < 0.9 else np.ones_like(hand)


def _cut_out(images: np.ndarray) -> np.ndarray:
    hand = ~_open_to_edge(_residual(images) <= BLACK / 2)
    # The border of the hand is softened, as it is in a photo that was made smaller.
    near = hand + ndimage.correlate(hand.astype("float64"), _WITHIN, mode="nearest")
    share = np.clip(near / 3 - 0.6, 0, 1)
    return np.round(images * hand * share).astype("uint8")


_NOTHING = [[0, 0, 0]] * 3
_WITHIN = np.array([_NOTHING, [[0, 1, 0], [1, 1, 1], [0, 1, 0]], _NOTHING])
"""A pixel and those that touch it by a side, in the same image, of the axes (n, height, width)."""


def _residual(images: np.ndarray) -> np.ndarray:
    """Return how far pixels are from the smooth background, (n, height, width), in grey levels."""
    height, width = images.shape[1:]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    products = (terms[:, :, None] * terms[:, None, :]).reshape(-1, 36)
    # An arm comes in from below, so the wall is first looked for at the other edges.
    edge = (y < -0.8) | ((np.abs(x) > 0.88) & (y < 0.4))
    start = edge.ravel() + 1e-3
    inside = 0.15 * (0.75 - 0.25 * y).ravel()
    # Holds the curve down where few pixels tell it.
    ridge = 5e-3 * np.diag([0, 1, 1, 10, 10, 10]) * height * width / SIDE**2
    pixels = images.reshape(len(images), -1).astype("float64")
    weights = np.repeat(start[None], len(pixels), axis=0)
    for _ in range(8):
        matrix = (weights @ products).reshape(-1, 6, 6) + ridge
        behind = np.linalg.solve(matrix, ((weights * pixels) @ terms)[..., None])[..., 0] @ terms.T
        residual = np.abs(pixels - behind)
        weights = start * np.exp(-np.square(residual / 12))
        weights += inside * np.exp(-np.square(residual / 8))
    return residual.reshape(images.shape)


def _open_to_edge(free: np.ndarray) -> np.ndarray:
    """Return the free pixels that a path of free pixels joins to the upper or side edges.

    ``free`` is (n, height, width) bool. What is left over is the hand with its holes filled.
    """
    pieces, count = ndimage.label(free, _WITHIN)
    high = round(0.7 * free.shape[1])
    joined = np.zeros(count + 1, bool)
    joined[pieces[:, 0]] = joined[pieces[:, :high, [0, -1]]] = True
    return joined[pieces] & free


def _large_pieces(pixels: np.ndarray, least: float) -> np.ndarray:
    """Return the connected pieces of a (height, width) bool array, without the small ones.

    What has less than ``least``, from 0 to 1, of the pixels of the largest piece is left out.
    """
    pieces, count = ndimage.label(pixels)
    sizes = np.bincount(pieces[pixels], minlength=count + 1)
    return (sizes >= max(1, least * sizes.max()))[pieces]
