"""Read a photograph of a hand as the network reads it."""

from typing import NamedTuple

from workbook import plots
from workbook.hands.cutting import BLACK, SIDE, is_on_black, located, square
from workbook.hands.opening import Photo, opened

import numpy as np
from PIL import Image
from scipy import ndimage

LOOKED_AT = 128  # pixels; a photo is searched for the hand at this size
JUDGED_AT = 96  # pixels; a crop's sharpness is measured at this size, if it is as large
DARK = 40  # of 255; hands in 720 photographs of two people are at 88 or more on average
SOFT = 0.2
"""Curvature per contrast below which a photo is blurred: 720 photographs of two people are at 0.44
or more, and at 0.1 to 0.2 once they are blurred by 4 % of the hand's size, which is one pixel of
what the network reads."""


def read_photo(photo: Photo) -> np.ndarray:
    """Return a photograph of a hand as the network reads it: small, grey, cropped to the hand.

    Any size, colour or grey; turned as its EXIF data say. A hand that was cut out (on black, or
    transparent around it) is cropped to where it is. In another photo the hand is looked for as
    in :func:`cut_out`: that takes a background which is plainer than the hand. Where none is
    found, the middle square is used. :func:`steps` shows what was found.

    Args:
        photo: the path of a JPEG, PNG or WebP file (or of what else Pillow reads), such a file
            when it is open, or its bytes; what an upload gives (``FileUpload.value`` of ipywidgets,
            the dictionary of Colab); a Pillow image; or pixels in an array, ``(height, width)`` or
            ``(height, width, 1 to 4)``, or with the channels first, of any real dtype, to 1 or to
            255 (others are stretched to their largest).

    Returns:
        ``(28, 28)`` uint8, from 0 (black) to 255 (white).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no photo, or a damaged one, or too large: only a JPEG that is not
            progressive is read beyond 200 million pixels. The message says what can be read.
    """
    return _read(photo).small


def remarks(photo: Photo) -> list[str]:
    """Return what speaks for taking another photo, in sentences; an empty list if nothing does.

    A network answers whatever it is shown: see to the photo before you blame the network.

    Raises as :func:`read_photo` does.
    """
    read = _read(photo)
    if read.hand.all():
        return [
            "No hand was found: the middle of the photo was taken. Stand in front of a plain wall "
            "that is much darker or brighter than your hand, with some of it on all sides."
        ]
    brightness = read.colour.max(axis=2)[read.hand].mean()
    if brightness < DARK:
        return [f"The hand is dark: {brightness:.0f} of 255 on average. Turn towards the light."]
    if min(read.crop.shape) >= JUDGED_AT and (soft := _sharpness(read.crop)) < SOFT:
        return [
            f"The photo is blurred: its sharpness is {soft:.2f}, and should be {SOFT} or more. "
            "Hold the hand and the camera still, and let the camera focus on the hand."
        ]
    return []


def _sharpness(crop: np.ndarray) -> float:
    """Return the curvature (Laplacian) within the hand, over its contrast.

    The variance of the Laplacian is a common measure of focus (Pech-Pacheco and others, 2000).
    """
    size = (JUDGED_AT, JUDGED_AT)
    grey = np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BOX), float)
    inside = ndimage.binary_erosion(grey > BLACK, iterations=4)
    if not inside.any() or not (contrast := grey[inside].std()):
        return 0.0
    return float(np.sqrt(np.square(ndimage.laplace(grey)[inside]).mean()) / contrast)


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
    image, size = opened(photo)
    looked_at = image.copy()
    looked_at.thumbnail((LOOKED_AT, LOOKED_AT), Image.Resampling.BOX)
    colour = np.asarray(looked_at.convert("RGB"))
    hand = located(colour)

    crop, small = square(
        image.convert("L"),
        hand,
        image.width / looked_at.width,
        beyond="constant" if is_on_black(colour) else "edge",
    )
    return _Read(size, colour, hand, crop, small)
