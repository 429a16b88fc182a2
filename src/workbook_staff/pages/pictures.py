"""Find the pictures of a page, and put them inside: outputs, attachments, files, addresses."""

import base64
import binascii
import html
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from workbook_staff.pages.limits import Amounts, Held

from nbformat import NotebookNode
from PIL import Image

THUMBNAIL = (480, 360)
"""Pixels: the width, and the greatest height, below which a figure is cut off."""

MOST_BYTES = 32_000_000
"""A picture file of more bytes is not put into a page."""

MOST_PIXELS = 80_000_000
"""A picture of more pixels is not put into a page: a browser takes 4 bytes for each."""

SVG = "image/svg+xml"

# What browsers show; Pillow reads more.
_FORMATS = ["PNG", "JPEG", "GIF", "WEBP", "BMP", "AVIF", "ICO"]
# Phones put a second picture into a JPEG file.
_SAME = {"MPO": "JPEG"}


class PictureError(Exception):
    """What was given is no picture that a page can hold: ``str`` says why."""


def from_base64(kind: str, data: Any) -> str:
    """Return a picture of the media type ``kind``, as notebooks store it, as a ``data:`` address.

    SVG is stored as text, or, in attachments, as base64.

    Raises:
        PictureError: It is none, or too large.
    """
    text = as_text(data)
    if kind == SVG and "<" in text:
        return from_bytes(text.encode("utf-8", "replace"))
    try:
        return from_bytes(base64.b64decode(re.sub(r"\s", "", text)))
    except (binascii.Error, ValueError):
        raise PictureError("it cannot be read") from None


def from_file(address: str, folder: Path) -> str:
    """Return the picture file at a relative address below ``folder`` as a ``data:`` address.

    Raises:
        PictureError: There is none, it is none, or too large.
    """
    folder = folder.resolve()
    try:
        # A name may hold what an address would take for a query.
        names = [address, unquote(address), unquote(re.split(r"[?#]", address)[0])]
        paths = [(folder / name.replace("\\", "/")).resolve() for name in names]
        path = next((p for p in paths if p.is_relative_to(folder) and p.is_file()), None)
        if path is None:
            raise PictureError("it is not there")
        if path.stat().st_size > MOST_BYTES:
            raise PictureError("its file is too large")
        return from_bytes(path.read_bytes())
    except (OSError, ValueError) as error:  # a name too long, or with a NUL in it
        raise PictureError("it cannot be read") from error


def from_bytes(data: bytes) -> str:
    """Return the bytes of a picture as a ``data:`` address, of the kind that they are.

    Raises:
        PictureError: It is none, or too large.
    """
    if _is_markup(data):
        kind, data = SVG, _svg(data)
    else:
        image = opened(data)
        if image.width * image.height == 0:
            raise PictureError("it is empty")
        kind = Image.MIME.get(_SAME.get(str(image.format), str(image.format)), "image/png")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def opened(data: bytes) -> Image.Image:
    """Return a picture whose pixels are not read yet.

    Raises:
        PictureError: It is none, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on damaged metadata, and on its size
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise PictureError("it has too many pixels") from None
    except Exception:  # Pillow's errors on damaged files have no common class
        raise PictureError("it cannot be read") from None
    if image.width * image.height > MOST_PIXELS:
        raise PictureError("it has too many pixels")
    return image


def thumbnail(figure: str) -> str | None:
    """Return a small copy of a picture in base64 as a ``data:`` address, None where it is none."""
    width, height = THUMBNAIL
    try:
        image = opened(base64.b64decode(figure))
        # Cut off before it is scaled: one pixel wide, it would become millions high.
        tallest = max(1, image.width * height // width)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = image.crop((0, 0, image.width, min(image.height, tallest))).convert("RGB")
        image = image.resize((width, max(1, round(image.height * width / image.width))))
        buffer = io.BytesIO()
        image.crop((0, 0, width, min(height, image.height))).save(buffer, "webp", quality=80)
    except Exception:  # as above: a damaged file shows when its pixels are read
        return None
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def alt(output: NotebookNode) -> str:
    """Return the description of a figure that travels with it."""
    metadata = output.get("metadata") or {}
    places = [metadata.get("image/png"), metadata.get("image/jpeg"), metadata]
    own = [place.get("alt") for place in places if isinstance(place, dict)]
    return str(next(filter(None, own), "A figure without a description"))


def as_text(value: Any) -> str:
    """Return what a notebook stores as one text or as lines as one text."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_markup(data: bytes) -> bool:
    return data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _svg(data: bytes) -> bytes:
    """Return an SVG as an ``<img>`` takes it: with its namespace, and without entities."""
    # As outputs store it, it need not name its namespaces, and may declare entities without end.
    data = re.sub(rb"<!DOCTYPE\b[^\[>]*>", b"", data, flags=re.IGNORECASE)
    for name, place in ((b"xmlns:xlink", b"1999/xlink"), (b"xmlns", b"2000/svg")):
        root = re.search(rb"<svg\b[^>]*>", data)
        if root and name + b"=" not in root[0]:
            start = root.start() + 4
            space = b' %s="http://www.w3.org/%s"' % (name, place)
            data = data[:start] + space + data[start:]
    try:
        if b"<!DOCTYPE" in data or len(data) > MOST_BYTES:
            raise PictureError("it cannot be read")
        root_tag = ElementTree.fromstring(data).tag
    except (ElementTree.ParseError, ValueError, LookupError):
        raise PictureError("it cannot be read") from None
    if root_tag != "{http://www.w3.org/2000/svg}svg":
        raise PictureError("it is no picture")
    return data


@dataclass
class Sources:
    """The places where one cell's pictures may be; call it with an address.

    What it finds is kept in ``held`` while the text is cleaned: only a mark stands in it.
    """

    folder: Path
    amounts: Amounts
    held: Held
    attachments: Any = None

    def __call__(self, address: str) -> str:
        """Return the ``data:`` address of the picture at an address.

        Raises:
            PictureError: There is none, it is none, or the page has no room for it.
        """
        scheme = address.partition(":")[0].lower()
        if scheme == "data":
            found = _inside(self.held.back(address))
        elif scheme == "attachment":
            found = self._attached(address.partition(":")[2])
        else:
            found = from_file(address, self.folder)
        kind, comma, payload = found.partition(",")
        # A picture inside the text was counted when it was taken out of it.
        if scheme != "data" and not self.amounts.holds_data(payload):
            raise PictureError("the page holds too much already")
        return kind + comma + self.held.put(payload)

    def _attached(self, name: str) -> str:
        """Return what is attached under a name, which may be written as addresses are."""
        attached = self.attachments if isinstance(self.attachments, dict) else {}
        spellings = {html.unescape(unquote(key)): key for key in attached}
        key = name if name in attached else spellings.get(html.unescape(unquote(name)))
        bundle = attached.get(key)
        if not isinstance(bundle, dict) or not bundle:
            raise PictureError("it is not attached")
        kind = min(bundle, key=lambda kind: (kind != SVG, kind != "image/png"))
        return from_base64(kind, bundle[kind])


def _inside(address: str) -> str:
    """Return the picture that its address itself holds."""
    kind, _, payload = address.partition(",")
    if kind.lower().endswith(";base64"):
        return from_base64("", unquote(payload))
    return from_bytes(unquote(payload).encode("utf-8", "replace"))
