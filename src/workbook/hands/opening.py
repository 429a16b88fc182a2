"""Open a photograph, whatever form it comes in: the one place that turns it into pixels."""

import io
import os
import textwrap
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Number
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname, urlopen

from workbook.hands.cutting import SIDE

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

DECODED = 1024  # pixels; no side of an opened photo is above twice this
MOST = 200_000_000  # pixels of a photo decoded whole: 0.8 GB as PNG or TIFF, 3 GB as WebP

Photo = Any  # the forms that `read_photo` lists; too many for a type

_FORMS = (
    "Give the path of a photo, such as 'my-hand.jpg', an open file, its bytes, an upload's value, "
    "a Pillow image, or the pixels of one picture: (height, width) or, in colour, (height, width, "
    "3)."
)
_SAVE = "Give a whole JPEG, PNG or WebP file; save a photo of another kind, such as HEIC, as JPEG."

_KINDS = {
    b"ftyphe": "a HEIC photo (an iPhone takes JPEGs with Settings, Camera, Formats, Most "
    "Compatible)",
    b"ftypm": "a HEIC photo or a video",
    b"ftyp": "a video",
    b"%PDF": "a PDF",
    b"<": "a web page or a drawing in SVG",
}
"""What starts with these bytes, at once or after four others, and is not read by Pillow."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a photo is turned upright, by its EXIF orientation; from 5 on, its sides change places."""


class _NoPhotoError(ValueError):
    """What was given holds no photo: the message says what it is, and what to give."""


def opened(photo: Photo) -> tuple[Image.Image, tuple[int, int]]:
    """Return the photo upright, in RGB, what is transparent in black; and its full size.

    No side of the image is above twice :data:`DECODED`. A JPEG is decoded small at once; a
    progressive one, and a photo of another kind, is decoded whole and so refused above
    :data:`MOST` pixels.

    Raises as :func:`workbook.hands.read_photo` does.
    """
    name, given = "the photo", photo
    try:
        with _undisturbed():
            name, given = _found(photo, name)
            if isinstance(given, Image.Image):
                return _upright(given, given.size)
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
        raise ValueError(f"{name} cannot be read: it is {_kind(given)}. {_SAVE}") from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        why = _short(error) or type(error).__name__
        give = _SAVE if isinstance(given, str) or hasattr(given, "read") else _FORMS
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
    """Return what :func:`opened` does, of an image whose full size may have been another."""
    stored.load()  # a TIFF turns itself
    (width, height), longest = stored.size, max(stored.size)
    image = stored
    if longest > 2 * DECODED:
        # Single pixels, in whatever mode: the mean of many would take a copy of all in another.
        most = 2 * DECODED
        sides = max(1, most * width // longest), max(1, most * height // longest)
        image = stored.resize(sides, Image.Resampling.NEAREST)
    image = _on_black(image)
    try:
        turn = stored.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # a damaged block of tags: whatever reading it raises
        return image, size
    # A tag that is a word, a fraction, 0 or 9 says nothing.
    if not isinstance(turn, int) or turn not in _TURNS:
        return image, size
    return image.transpose(_TURNS[turn]), size[::-1] if turn >= 5 else size


def _on_black(image: Image.Image) -> Image.Image:
    """Return an image of any mode in RGB, what is transparent in black."""
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_levels(np.asarray(image)))
    if image.mode in ("La", "LAB"):  # which Pillow converts to no colours
        image = image.convert("LA") if image.mode == "La" else image.getchannel("L")
    layers = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layers.size, "black"), layers).convert("RGB")


def _levels(values: np.ndarray) -> np.ndarray:
    """Return numbers in whatever unit as uint8 grey levels from 0 to 255.

    Of the scales in use, 0 to 1, 0 to 255 and -1 to 1, the first that the numbers fit; those of
    others, 16 bits or standardised images, are stretched. What is no number is black.
    """
    if values.dtype == np.uint8 and values.max() > 1:
        return values
    finite = np.isfinite(values)
    if not finite.any():
        raise _NoPhotoError(f"The pixels are no numbers (NaN). {_FORMS}")
    values = np.where(finite, values, 0).astype("float64")
    low, high = min(values.min(), 0.0), values.max()
    for black, white in ((0, 1), (0, 255), (-1, 1)):
        beyond = 0.2 * (white - black)  # what was resized smoothly
        if black + 0.3 * beyond < high <= white + beyond and low >= black - beyond:
            low, high = black, white
            break
    return (255 * (np.clip(values, low, high) - low) / (high - low or 1)).astype("uint8")


def _picture(values: Any) -> Image.Image:
    """Return an array, a tensor, a table or nested lists as an image."""
    if hasattr(values, "detach"):  # PyTorch's, which may track gradients or lie on a GPU
        values = values.detach().cpu()
    pixels = np.asarray(np.ma.filled(values, 0) if np.ma.isMA(values) else values)
    given = f"an array of {pixels.dtype}, of shape {pixels.shape}"
    if pixels.dtype.kind in "OUS":
        pixels = pixels.astype("float64")
    if pixels.dtype.kind not in "buif" or not pixels.size:
        raise _NoPhotoError(f"{given} holds no pixels. {_FORMS}")
    if pixels.size == SIDE**2 and SIDE**2 in pixels.shape:  # a row of a table
        pixels = pixels.reshape(SIDE, SIDE)
    while pixels.ndim > 3 and 1 in (pixels.shape[0], pixels.shape[-1]):
        pixels = pixels[0] if pixels.shape[0] == 1 else pixels[..., 0]
    if pixels.ndim == 3 and pixels.shape[2] > 4 and pixels.shape[0] in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, 2)  # channels first
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim < 2 or pixels.ndim > 3 or (pixels.ndim == 3 and pixels.shape[2] > 4):
        several = " If these are many pictures, give one: photo[0]." if pixels.ndim > 2 else ""
        raise _NoPhotoError(f"{given} is not one picture.{several} {_FORMS}")
    return Image.fromarray(np.ascontiguousarray(_levels(pixels)))


def _found(photo: Any, name: str) -> tuple[str, Any]:
    """Return a name to tell a photo by, and its path, an open file or an image."""
    if isinstance(photo, Image.Image):
        return name, photo
    if isinstance(photo, str | os.PathLike):
        return _file(os.fsdecode(photo))
    if isinstance(photo, bytes | bytearray) or (isinstance(photo, memoryview) and photo.ndim == 1):
        return name, io.BytesIO(photo)
    if isinstance(photo, memoryview) or hasattr(photo, "__array__"):
        return name, _picture(photo)
    if isinstance(photo, Mapping):
        if "content" in photo:  # a file that was uploaded with ipywidgets
            return _found(photo["content"], str(photo.get("name", name)))
        return _found(*_only(photo))  # a name and its file, as from Colab and older ipywidgets
    if hasattr(photo, "read"):
        photo = photo.buffer if isinstance(photo, io.TextIOWrapper) else photo
        if not (hasattr(photo, "seekable") and photo.seekable()):
            return _found(photo.read(), name)
        return str(getattr(photo, "name", name)), photo
    if isinstance(photo, list | tuple):
        if photo and all(isinstance(p, Number | list | tuple | np.ndarray) for p in photo):
            return name, _picture(photo)
        return _found(*_only({f"number {n}": part for n, part in enumerate(photo, start=1)}))
    for holder in ("value", "data"):  # a widget; a picture of IPython's
        if isinstance(getattr(photo, holder, None), bytes | tuple | dict):
            return _found(getattr(photo, holder), name)
    raise _NoPhotoError(f"A photo cannot be read from {_a(photo)}. {_FORMS}")


def _a(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _only(files: Mapping[Any, Any]) -> tuple[Any, str]:
    """Return the one file that there is, and its name."""
    if len(files) != 1:
        found = f"{len(files)} files ({textwrap.shorten(', '.join(map(str, files)), 80)})"
        raise _NoPhotoError(
            f"There {'are ' + found if files else 'is no file'} where one photo is read. {_FORMS}"
        )
    [(name, file)] = files.items()
    return file, str(name)


def _file(text: str) -> tuple[str, Any]:
    """Return the path that is meant: in quotes, with ~, as an address, with backslashes."""
    plain = text.strip(" \t\n\"'“”")
    kind = plain.partition(":")[0].lower()
    if kind == "data":
        with urlopen(plain) as content:
            return _found(content.read(), "the photo")
    if kind in ("http", "https", "ftp"):
        raise _NoPhotoError(
            f"{_short(plain)} is an address on the web. Download the photo, and give its path."
        )
    if kind == "file":
        plain = url2pathname(urlsplit(plain).path)
    # os.path, since a Path raises for a name that is too long, or of a user that is not there.
    for path in (text, plain, os.path.expanduser(plain), plain.replace("\\", "/")):  # noqa: PTH111
        if os.path.isfile(path):  # noqa: PTH113
            return _short(path), path
        if os.path.exists(path):  # noqa: PTH110
            raise _NoPhotoError(f"{_short(path)} cannot be read: it is a folder or device. {_SAVE}")
    raise FileNotFoundError(
        f"There is no file {_short(text)}. Give the path of a photo, such as 'my-hand.jpg'."
    )


def _short(text: Any) -> str:
    return textwrap.shorten(str(text), 200, placeholder="…")


def _kind(given: Any) -> str:
    """Return what a file is that Pillow does not know, by its first bytes."""
    if hasattr(given, "read"):
        given.seek(0)
        head = given.read(16)
    else:
        with Path(given).open("rb") as file:
            head = file.read(16)
    if not head:
        return "empty: copy or upload it again"
    for start, kind in _KINDS.items():
        if head.startswith(start) or head[4:].startswith(start):
            return kind
    return "no image that Pillow knows"
