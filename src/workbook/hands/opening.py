"""Open a photograph, whatever form it comes in: the one place that turns it into pixels."""

import io
import os
import textwrap
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

DECODED = 1024  # pixels; no side of an opened photo is above twice this
MOST = 200_000_000  # pixels of a photo decoded whole: 0.8 GB as PNG or TIFF, 3 GB as WebP

Photo = Any  # the forms that `read_photo` lists; too many for a type

_FORMS = (
    "Give the path of a photo, such as 'my-hand.jpg', an open file, its bytes, an upload's value, "
    "a Pillow image, or an array of the pixels of one picture: (height, width) or, in colour, "
    "(height, width, 3)."
)
_SAVE = (
    "Give a whole JPEG, PNG or WebP file; save a photo of another kind, such as an iPhone's HEIC, "
    "as JPEG."
)


class _NoPhotoError(ValueError):
    """What was given holds no photo: the message says what it is, and what to give."""


def opened(photo: Photo) -> tuple[Image.Image, tuple[int, int]]:
    """Return the photo upright, in RGB, what is transparent in black; and its full size.

    No side of the image is above twice :data:`DECODED`. A JPEG is decoded small at once; a
    progressive one, and a photo of another kind, is decoded whole and so refused above
    :data:`MOST` pixels.

    Raises as :func:`workbook.hands.read_photo` does.
    """
    name, give = "the photo", _FORMS
    try:
        with _undisturbed():
            name, given = _found(photo, name)
            if isinstance(given, Image.Image):
                return _upright(given, given.size)
            give = _SAVE
            with Image.open(given) as stored:
                _check_size(stored, name)
                Image.MAX_IMAGE_PIXELS = MOST // 2  # holds for pictures within it: twice this many
                size = stored.size
                stored.draft(None, (DECODED, DECODED))
                return _upright(stored, size)
    except _NoPhotoError as error:
        raise ValueError(str(error)) from None
    except FileNotFoundError as error:
        raise FileNotFoundError(str(error)) from None
    except UnidentifiedImageError:
        raise ValueError(
            f"{name} cannot be read: it is no image that Pillow knows, or is empty. {_SAVE}"
        ) from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        why = _short(error) or type(error).__name__
        raise ValueError(f"{name} cannot be read as an image ({why}). {give}") from None


_ALONE = threading.Lock()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Lift Pillow's limit of pixels, since MOST is ours, and its warnings, which mend nothing.

    One thread at a time, since both are the process's.
    """
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _check_size(stored: Image.Image, name: str) -> None:
    width, height = stored.size
    small = stored.format in ("JPEG", "MPO") and "progressive" not in stored.info
    if width * height > MOST and not small:
        raise _NoPhotoError(
            f"{name} has {width:,} × {height:,} pixels; beyond {MOST:,}, only a JPEG that is not "
            "progressive is read. Save it smaller."
        )


def _upright(stored: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
    """Return an image of any mode as :func:`opened` does; ``size`` is its full size, unturned."""
    stored.load()  # a TIFF turns itself
    image, (width, height) = stored, stored.size
    if max(width, height) > (most := 2 * DECODED):
        # Single pixels, in whatever mode: the mean of many would take a copy of all in another.
        longest = max(width, height)
        sides = max(1, most * width // longest), max(1, most * height // longest)
        image = stored.resize(sides, Image.Resampling.NEAREST)
    turned = image
    with suppress(Exception):  # a damaged block of tags: whatever reading it raises
        turned = ImageOps.exif_transpose(image)
    return _on_black(turned), size if turned.size == image.size else size[::-1]


def _on_black(image: Image.Image) -> Image.Image:
    """Return an image of any mode in RGB, what is transparent in black."""
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_levels(np.asarray(image)))
    layers = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layers.size, "black"), layers).convert("RGB")


def _levels(values: np.ndarray) -> np.ndarray:
    """Return numbers as uint8 grey levels: of the scale 0 to 1 or 0 to 255, or else stretched.

    What is no number is black.
    """
    if values.dtype == np.uint8 and values.max() > 1:
        return values
    finite = np.isfinite(values)
    if not finite.any():
        raise _NoPhotoError(f"The pixels are no numbers (NaN). {_FORMS}")
    values = np.where(finite, values, 0).astype("float64")
    low, high = min(values.min(), 0.0), values.max()
    for white in (1, 255):
        beyond = 0.2 * white  # what was resized smoothly
        if 0.3 * beyond < high <= white + beyond and low >= -beyond:
            low, high = 0, white
            break
    return (255 * (np.clip(values, low, high) - low) / (high - low or 1)).astype("uint8")


def _picture(values: Any) -> Image.Image:
    """Return an array, a TensorFlow tensor or a table as an image."""
    pixels = np.asarray(values)
    given = f"an array of {pixels.dtype}, of shape {pixels.shape}"
    if pixels.dtype.kind not in "buif" or not pixels.size:
        raise _NoPhotoError(f"{given} holds no pixels. {_FORMS}")
    while pixels.ndim > 2 and 1 in (pixels.shape[0], pixels.shape[-1]):
        pixels = pixels[0] if pixels.shape[0] == 1 else pixels[..., 0]
    if pixels.ndim == 3 and pixels.shape[2] > 4 and pixels.shape[0] in (3, 4):
        pixels = np.moveaxis(pixels, 0, 2)  # channels first
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] > 4):
        several = " If these are many pictures, give one: photo[0]." if pixels.ndim > 2 else ""
        raise _NoPhotoError(f"{given} is not one picture.{several} {_FORMS}")
    return Image.fromarray(np.ascontiguousarray(_levels(pixels)))


def _found(photo: Any, name: str) -> tuple[str, Any]:
    """Return a name to tell a photo by, and its path, an open file or an image."""
    if isinstance(photo, Image.Image):
        return name, photo
    if isinstance(photo, str | os.PathLike):
        return _file(os.fsdecode(photo))
    if isinstance(photo, bytes | bytearray | memoryview):
        return name, io.BytesIO(photo)
    if hasattr(photo, "__array__"):
        return name, _picture(photo)
    if hasattr(photo, "read"):
        return str(getattr(photo, "name", name)), photo
    if isinstance(photo, Mapping) and "content" in photo:  # a file uploaded with ipywidgets
        return _found(photo["content"], str(photo.get("name", name)))
    if isinstance(photo, Mapping | list | tuple):  # Colab's name and file, or ipywidgets' uploads
        files = dict(photo if isinstance(photo, Mapping) else enumerate(photo, start=1))
        if len(files) != 1:
            found = f"{len(files)} files ({_short(', '.join(map(str, files)))})"
            there = f"are {found}" if files else "is no file"
            raise _NoPhotoError(f"There {there} where one photo is read. {_FORMS}")
        [(key, file)] = files.items()
        return _found(file, str(key))
    if isinstance(uploads := getattr(photo, "value", None), tuple | dict):  # the widget itself
        return _found(uploads, name)
    given = "None" if photo is None else f"a value of type {type(photo).__name__}"
    raise _NoPhotoError(f"A photo cannot be read from {given}. {_FORMS}")


def _file(text: str) -> tuple[str, Any]:
    """Return the path that is meant: as it is written, or in quotes, with ~, with backslashes."""
    plain = text.strip(" \t\n\"'“”")
    if plain.lower().startswith(("http:", "https:")):
        raise _NoPhotoError(
            f"{_short(plain)} is an address on the web. Download the photo, and give its path."
        )
    # os.path, since a Path raises for a name that is too long, or of a user that is not there.
    for path in (text, os.path.expanduser(plain), plain.replace("\\", "/")):  # noqa: PTH111
        if os.path.isfile(path):  # noqa: PTH113
            return _short(path), path
        if os.path.exists(path):  # noqa: PTH110
            raise _NoPhotoError(f"{_short(path)} cannot be read: it is a folder or device. {_SAVE}")
    raise FileNotFoundError(
        f"There is no file {_short(text)}. Give the path of a photo, such as 'my-hand.jpg'."
    )


def _short(text: Any) -> str:
    return textwrap.shorten(str(text), 200, placeholder="…")
