"""Pictures of hands: cutting them out, finding near-duplicates, reading a photograph.

Training images are ``(n, 28, 28)`` uint8, from 0 (black) to 255 (white).
"""

from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from workbook import plots

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

SIDE = 28
MARGIN = 1.15  # the side of the crop, in sides of the hand's bounding box
BLACK = 24  # the brightest that a pixel of a black background may be, of 255
DECODED = 1024  # pixels; what a JPEG has beyond twice this is not decoded
LOOKED_AT = 128  # pixels; a photo is searched for the hand at this size

Photo = str | Path | BinaryIO | np.ndarray


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
    return _square(Image.fromarray(hand), hand > 0, 1, beyond="constant")[1]


def closest(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how alike each image is to the most similar of ``others``.

    Args:
        images: ``(n, 28, 28)``, any number type.
        others: ``(m, 28, 28)``.

    Returns:
        ``(n,)`` float32, the highest correlation of pixels: 1 for a copy, whatever its brightness
        and contrast.
    """
    candidates = _standardised(others).T
    parts = np.array_split(_standardised(images), max(1, len(images) // 500))
    return np.concatenate([(part @ candidates).max(axis=1) for part in parts])


def near_duplicates(images: np.ndarray, labels: np.ndarray, alike: float = 0.97) -> np.ndarray:
    """Return a group number for each image: images of one class that are alike share theirs.

    A chain counts: two images are in one group where each step from one to the other is between
    images whose pixels correlate by more than ``alike``.

    Args:
        images: ``(n, 28, 28)``, any number type.
        labels: ``(n,)``; images of different labels never share a group.
        alike: a correlation, below 1.

    Returns:
        ``(n,)`` int, from 0.
    """
    groups = np.full(len(images), -1)
    count = 0
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rows = _standardised(images[members])
        linked = rows @ rows.T > alike
        np.fill_diagonal(linked, True)
        while len(members):
            found = linked[0]
            while (wider := linked[found].any(axis=0)).sum() > found.sum():
                found = wider
            groups[members[found]] = count
            count += 1
            members, linked = members[~found], linked[~found][:, ~found]
    return groups


def read_photo(photo: Photo) -> np.ndarray:
    """Return a photograph of a hand as the network reads it: small, grey, cropped to the hand.

    Any size, colour or grey; turned as its EXIF data say. A hand that was cut out (on black, or
    transparent around it) is cropped to where it is. In another photo the hand is looked for as
    in :func:`cut_out`: that takes a background which is plainer than the hand. Where none is
    found, the middle square is used. :func:`steps` shows what was found.

    Args:
        photo: the path of a JPEG, PNG or WebP file (or of what else Pillow reads), or such a
            file, open for reading bytes; or its pixels, uint8, (height, width) or, in colour,
            (height, width, 3).

    Returns:
        ``(28, 28)`` uint8, from 0 (black) to 255 (white).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not an image, or a damaged one.
    """
    return _read(photo).small


def steps(photo: Photo) -> plots.Figure:
    """Show how :func:`read_photo` gets from the photograph to what the network reads.

    Raises as :func:`read_photo` does.
    """
    read = _read(photo)
    fig = plots.blank(2.4)
    veiled = np.where(read.hand[..., None], read.colour, read.colour // 4 + 160)
    pictures = {
        f"The photo\n{read.size[0]} by {read.size[1]} pixels": read.colour,
        "What was taken\nfor the hand": veiled,
        "Cropped\nto a square": read.crop,
        f"What the network reads\n{SIDE} by {SIDE} pixels": read.small,
    }
    for axis, (title, picture) in zip(fig.subplots(1, 4), pictures.items(), strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], yticks=[])
    return plots.described(
        fig,
        f"Four pictures: a photo of {read.size[0]} by {read.size[1]} pixels; the part taken for "
        f"the hand, {read.hand.mean():.0%} of it; the square crop; and the {SIDE} by {SIDE} grey "
        f"image that the network reads, of mean brightness {read.small.mean():.0f} of 255.",
    )


class _Read(NamedTuple):
    """A photo and what became of it."""

    size: tuple[int, int]  # width and height of the photo, turned upright, in pixels
    colour: np.ndarray  # (height, width, 3) uint8, no side above LOOKED_AT
    hand: np.ndarray  # (height, width) bool
    crop: np.ndarray  # (side, side) uint8
    small: np.ndarray  # (28, 28) uint8


def _read(photo: Photo) -> _Read:
    image, size = _opened(photo)
    looked_at = image.copy()
    looked_at.thumbnail((LOOKED_AT, LOOKED_AT), Image.Resampling.BOX)
    colour = np.asarray(looked_at.convert("RGB"))
    hand = _hand(colour)

    crop, small = _square(
        image.convert("L"),
        hand,
        image.width / looked_at.width,
        beyond="constant" if _on_black(colour) else "edge",
    )
    return _Read(size, colour, hand, crop, small)


def _square(
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


def _opened(photo: Photo) -> tuple[Image.Image, tuple[int, int]]:
    """Return the photo upright, in RGB, what is transparent in black; and its full size."""
    name = getattr(photo, "name", photo)
    try:
        if isinstance(photo, np.ndarray):
            image = Image.fromarray(photo)
            size = image.size
        else:
            with Image.open(photo) as stored:
                turned = stored.getexif().get(ExifTags.Base.Orientation, 1) >= 5
                size = stored.size[::-1] if turned else stored.size
                # A JPEG is decoded small at once, which takes a tenth of the time and memory.
                stored.draft(None, (DECODED, DECODED))
                image = ImageOps.exif_transpose(stored)
        if image.mode.startswith(("I", "F")):  # grey of more than 8 bits
            values = np.asarray(image, dtype="float64")
            image = Image.fromarray((255 * values / max(values.max(), 1)).astype("uint8"))
        layers = image.convert("RGBA")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no file {name}. Give the path of a photo, such as 'my-hand.jpg'."
        ) from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise ValueError(
            f"{name} cannot be read as an image ({error}). Give a whole JPEG, PNG or WebP file; "
            "save a photo of another kind, such as HEIC, as JPEG first."
        ) from error
    black = Image.new("RGBA", layers.size, "black")
    return Image.alpha_composite(black, layers).convert("RGB"), size


def _edge(grey: np.ndarray) -> np.ndarray:
    """Return the pixels of the upper and side edges of a (height, width) picture."""
    return np.concatenate([grey[0], grey[:, 0], grey[:, -1]])


def _on_black(colour: np.ndarray) -> bool:
    """Return whether most of the upper and side edges of (height, width, 3) pixels is black."""
    return bool((_edge(colour.max(axis=2)) < BLACK).mean() > 0.5)


def _hand(colour: np.ndarray) -> np.ndarray:
    """Return where the hand is, (height, width) bool; everywhere if it was not found."""
    if _on_black(colour):
        brightest = colour.max(axis=2)
        edge = _edge(brightest)
        # Fingers in the shadow are dark too, and the shadow may part them from the rest.
        above = min(np.quantile(edge[edge < BLACK], 0.95) + 8, BLACK)
        hand, least = brightest >= above, 0.05
    else:
        # The largest difference of the three channels, since a wall may be as bright as a hand.
        hand, least = _residual(colour.transpose(2, 0, 1)).max(axis=0) > BLACK / 2, 1.0
    hand = _pieces(~_open_to_edge(~hand[None])[0], least)
    return hand if 0.02 < hand.mean() < 0.9 else np.ones_like(hand)


def _cut_out(images: np.ndarray) -> np.ndarray:
    hand = ~_open_to_edge(_residual(images) <= BLACK / 2)
    # The border of the hand is softened, as it is in a photo that was made smaller.
    padded = np.pad(hand.astype("float32"), ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sum(padded[:, 1 + y : 29 + y, 1 + x : 29 + x] for y, x in _NEIGHBOURS)
    share = np.clip((2 * hand + around) / 3 - 0.6, 0, 1)
    return np.round(images * hand * share).astype("uint8")


_NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))


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
    high = round(0.7 * free.shape[1])
    reached = np.zeros_like(free)
    reached[:, 0] = free[:, 0]
    reached[:, :high, [0, -1]] = free[:, :high, [0, -1]]
    return _spread(reached, free)


def _spread(reached: np.ndarray, free: np.ndarray) -> np.ndarray:
    while True:
        wider = reached.copy()
        wider[:, 1:] |= reached[:, :-1]
        wider[:, :-1] |= reached[:, 1:]
        wider[:, :, 1:] |= reached[:, :, :-1]
        wider[:, :, :-1] |= reached[:, :, 1:]
        wider &= free
        if (wider == reached).all():
            return reached
        reached = wider


def _pieces(pixels: np.ndarray, least: float) -> np.ndarray:
    """Return the connected pieces of a (height, width) bool array, without the small ones.

    What has less than ``least``, from 0 to 1, of the pixels of the largest piece is left out.
    """
    pieces: list[np.ndarray] = []
    largest, left = 0, pixels.copy()
    while left.sum() > least * largest:
        seed = np.zeros_like(left)
        seed.flat[left.argmax()] = True
        pieces.append(_spread(seed[None], left[None])[0])
        largest = max(largest, pieces[-1].sum())
        left &= ~pieces[-1]
    kept = [piece for piece in pieces if piece.sum() >= least * largest]
    return np.any([np.zeros_like(pixels), *kept], axis=0)


def _standardised(images: np.ndarray) -> np.ndarray:
    rows = images.reshape(len(images), -1).astype("float32")
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
