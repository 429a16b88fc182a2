"""What all figures share: the page's width, the palette, the description, pictures, axes."""

# ruff: noqa: E402 (Matplotlib is imported with its settings)

import base64
import io
from collections.abc import Sequence
from typing import Any

from workbook import notice, palette, settings

import numpy as np

settings.matplotlib_defaults()

from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.image import AxesImage
from matplotlib.ticker import PercentFormatter
from PIL import Image

BLUE, ORANGE, GREY = palette.BLUE, palette.ORANGE, palette.GREY

WIDTH = 7.5  # inches: what fits a page and a phone turned sideways
DPI = 192  # twice the 96 of a page, for dense screens

SIDE, GAP = 28, 2  # pixels: of an image in a mosaic, and between two of them


class Figure(figure.Figure):
    """A Matplotlib figure that knows what it shows: ``alt`` is its description in words."""

    alt: str = ""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        width, height = (round(inches * 96) for inches in self.get_size_inches())
        png = base64.b64encode(_compact(buffer.getvalue())).decode()
        return (
            {"image/png": png, "text/plain": self.alt},
            {"image/png": {"alt": self.alt, "width": width, "height": height}},
        )


def _compact(png: bytes) -> bytes:
    """Return the picture in a palette of 256 colours, a third of the size of full colour."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            buffer, format="png", optimize=True
        )
    return buffer.getvalue()


def blank(height: float) -> Figure:
    """Return an empty figure of the page's width, ``height`` inches high."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def sentence(text: str) -> Figure:
    """Return a sentence in place of a figure."""
    fig = blank(1.2)
    fig.text(0.5, 0.5, text, ha="center", va="center")
    return described(fig, f"No figure. {text}.")


def described(fig: Figure, alt: str) -> Figure:
    """Set the description and, where practice data was loaded, the mark; return the figure."""
    fig.alt = alt
    if text := notice.text():
        fig.alt += f" Made from {text}."
        fig.supxlabel(text, fontsize=8, color=ORANGE, style="italic")
    return fig


def count(number: int, noun: str) -> str:
    """Return a number of things in words: "1 image", "2,000 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain(axis: Axes) -> None:
    """Take away the frame's upper and right side."""
    axis.spines[["top", "right"]].set_visible(False)


def bare(axis: Axes) -> None:
    """Take away the ticks and the frame, as around a picture."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def percent(*axes: Axis, decimals: int | None = None) -> None:
    """Write fractions along x or y axes as percentages."""
    for axis in axes:
        axis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def picture(axis: Axes, image: np.ndarray) -> None:
    """Draw one image in grey, with no ticks."""
    axis.imshow(image.reshape(SIDE, SIDE), **_greys(image))
    axis.set(xticks=[], yticks=[])


def signed(axis: Axes, pixels: np.ndarray, most: float, **options: Any) -> AxesImage:
    """Draw numbers from ``-most`` (purple) over 0 (white) to ``most`` (orange)."""
    return axis.imshow(pixels, cmap="PuOr_r", vmin=-most, vmax=most, **options)


def mosaic(axis: Axes, rows: Sequence[np.ndarray]) -> None:
    """Draw rows of images as one picture, which is far quicker than one plot for each image."""
    step = SIDE + GAP
    canvas = np.full((len(rows) * step - GAP, max(map(len, rows)) * step - GAP), np.nan)
    for down, row in enumerate(rows):
        for across, image in enumerate(row):
            canvas[down * step :, across * step :][:SIDE, :SIDE] = image.reshape(SIDE, SIDE)
    axis.imshow(canvas, **_greys(rows[0]))
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def centres(count: int) -> np.ndarray:
    """Return where the middle of each row or column of a mosaic is, in pixels."""
    return np.arange(count) * (SIDE + GAP) + (SIDE - 1) / 2


def _greys(images: np.ndarray) -> dict[str, Any]:
    top = 255 if np.issubdtype(images.dtype, np.integer) else 1
    return {"cmap": "gray", "vmin": 0, "vmax": top, "interpolation": "nearest"}
