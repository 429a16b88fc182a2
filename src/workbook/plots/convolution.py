"""Figures of what the layers of a convolutional network do: convolve, pool, normalise, drop out."""

from typing import Any

from workbook.plots import base

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle


def convolving(image: np.ndarray, kernel: np.ndarray, at: tuple[int, int]) -> base.Figure:
    """Show how a filter is laid on one place of an image, and the feature map of all places.

    ``image`` is (height, width) whole numbers, ``kernel`` (3, 3) weights, and ``at`` the row and
    column of the upper left of the nine pixels.
    """
    sums, (row, column) = _sums(image, kernel), at
    pixels = image[row : row + 3, column : column + 3].astype(int)
    fig = base.blank(2.4)
    axes = fig.subplots(1, 4)
    axes[0].imshow(image, cmap="gray", vmin=0, vmax=255)
    _frame(axes[0], row, column, 3)
    _numbers(axes[1], pixels, cmap="gray", vmin=0, vmax=255)
    most = float(np.abs(kernel).max())
    _numbers(axes[2], kernel, cmap="PuOr_r", vmin=-2 * most, vmax=2 * most)
    base.signed(axes[3], sums, float(np.abs(sums).max()) or 1.0)
    _frame(axes[3], row, column, 1)
    titles = ("image", "nine pixels", "filter", "feature map")
    for axis, title, sign in zip(axes, titles, ("", "×", "→", ""), strict=True):
        base.bare(axis)
        axis.set_title(title, fontsize=9)
        axis.text(1.1, 0.5, sign, transform=axis.transAxes, ha="center", va="center", fontsize=14)
    axes[3].set_xlabel(f"framed: {sums[at]:,}", fontsize=9)
    height, width = sums.shape
    return base.described(
        fig,
        f"A filter of {kernel.shape[0]} by {kernel.shape[1]} weights on an image of "
        f"{image.shape[0]} by {image.shape[1]}: at row {row}, column {column}, nine products add "
        f"up to {sums[at]:,}; the feature map holds {height} by {width} such sums, from "
        f"{sums.min():,} to {sums.max():,}.",
    )


def pooling(
    image: np.ndarray, kernel: np.ndarray, at: tuple[int, int], side: int = 6
) -> base.Figure:
    """Show a feature map after relu, before and after max pooling, and the numbers of one part.

    ``image`` and ``kernel`` are as in :func:`convolving`, the image's sides even; ``at`` is the row
    and column, both even, of the part of ``side`` by ``side`` whose numbers are shown.
    """
    activations = np.maximum(_sums(image, kernel), 0)
    pooled = _pooled(activations)
    row, column = at
    part = activations[row : row + side, column : column + side]
    fig = base.blank(2.4)
    axes = fig.subplots(1, 4)
    for axis, picture, half in ((axes[0], activations, 1), (axes[3], pooled, 2)):
        axis.imshow(picture, cmap="gray")
        _frame(axis, row // half, column // half, side // half)
    most = float(np.abs(part).max()) or 1.0
    scale: dict[str, Any] = {"cmap": "Blues", "vmin": 0, "vmax": 2 * most}
    kept = part == _pooled(part).repeat(2, axis=0).repeat(2, axis=1)
    _numbers(axes[1], part, bold=kept, **scale)
    for edge in range(2, side, 2):
        axes[1].axhline(edge - 0.5, color="black", linewidth=1)
        axes[1].axvline(edge - 0.5, color="black", linewidth=1)
    _numbers(axes[2], _pooled(part), bold=np.ones((side // 2, side // 2), bool), **scale)
    titles = ("feature map", "framed part", "pooled", "pooled map")
    sizes = (activations, part, _pooled(part), pooled)
    for axis, title, numbers, sign in zip(axes, titles, sizes, ("", "→", "", ""), strict=True):
        base.bare(axis)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel(" × ".join(map(str, numbers.shape)), fontsize=9)
        axis.text(1.1, 0.5, sign, transform=axis.transAxes, ha="center", va="center", fontsize=14)
    return base.described(
        fig,
        f"Max pooling: of each 2 by 2 numbers the largest is kept, so a feature map of "
        f"{activations.shape[0]} by {activations.shape[1]} becomes one of {pooled.shape[0]} by "
        f"{pooled.shape[1]}; a part of {side} by {side}, at row {row}, column {column}, becomes "
        f"{', '.join(f'{number:.0f}' for number in _pooled(part).ravel())}.",
    )


def normalising(before: np.ndarray, after: np.ndarray, shown: int = 8) -> base.Figure:
    """Show the mean and spread of a batch's first channels, before and after normalisation.

    Both are (batch, height, width, channels), arrays or tensors.
    """
    fig = base.blank(2.6)
    axes = fig.subplots(1, 2)
    parts = []
    for axis, title, maps in zip(axes, ("before", "after"), (before, after), strict=True):
        channels = np.reshape(maps, (-1, maps.shape[-1]))[:, :shown]
        means, spreads = channels.mean(axis=0), channels.std(axis=0)
        axis.axvline(0, color=base.GREY, linestyle=":")
        rows = np.arange(len(means))
        axis.errorbar(means, rows, xerr=spreads, fmt="o", color=base.BLUE, ecolor=base.GREY)
        axis.set(title=title, xlabel="mean of the batch, and one standard deviation", yticks=rows)
        axis.set_yticklabels([str(row + 1) for row in rows])
        axis.invert_yaxis()
        base.plain(axis)
        parts.append(
            f"{title}, means from {means.min():.2f} to {means.max():.2f} and spreads from "
            f"{spreads.min():.2f} to {spreads.max():.2f}"
        )
    axes[0].set_ylabel("channel")
    fig.suptitle("Batch normalisation")
    return base.described(fig, f"Batch normalisation of {len(means)} channels: {'; '.join(parts)}.")


def dropping(activations: np.ndarray, dropped: np.ndarray) -> base.Figure:
    """Show a layer's activations, of any shape, and what dropout leaves of them, one for each step.

    What is set to 0 is orange.
    """
    activations = np.ravel(activations)
    several = np.vstack([activations, np.reshape(dropped, (-1, activations.size))])
    rows = next(n for n in range(int(np.sqrt(several.shape[1])), 0, -1) if not several.shape[1] % n)
    off = (several == 0) & (activations != 0)
    fig = base.blank(2.0)
    axes = fig.subplots(1, len(several))
    for place, (axis, numbers, zeros) in enumerate(zip(axes, several, off, strict=True)):
        axis.imshow(numbers.reshape(rows, -1), cmap="gray", vmin=0, vmax=several.max())
        for row, column in np.argwhere(zeros.reshape(rows, -1)):
            axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=base.ORANGE))
        base.bare(axis)
        axis.set_title(f"step {place}" if place else "at inference", fontsize=9)
        axis.set_xlabel(f"mean {numbers.mean():.3g}", fontsize=9)
    fig.suptitle("Dropout: activations set to zero are orange")
    active = max(1, int((activations != 0).sum()))
    shares = ", ".join(f"{part.sum() / active:.0%}" for part in off[1:])
    return base.described(
        fig,
        f"Dropout: {base.count(active, 'activation')} at inference, and in "
        f"{base.count(len(dropped), 'step')} of training, of which {shares} are set to 0, "
        f"different ones each time; the mean is {several[0].mean():.2f} and "
        f"{', '.join(f'{numbers.mean():.2f}' for numbers in several[1:])}.",
    )


def _sums(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(int), (3, 3))
    return (windows * kernel).sum(axis=(2, 3))


def _pooled(numbers: np.ndarray) -> np.ndarray:
    height, width = numbers.shape
    return numbers.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))


def _frame(axis: Axes, row: int, column: int, side: int) -> None:
    place = (column - 0.5, row - 0.5)
    axis.add_patch(Rectangle(place, side, side, fill=False, edgecolor=base.ORANGE, linewidth=2))


def _numbers(
    axis: Axes, numbers: np.ndarray, bold: np.ndarray | None = None, **colours: Any
) -> None:
    """Draw a small table of numbers on their colours."""
    drawn = axis.imshow(numbers, **colours)
    for place, number in np.ndenumerate(numbers):
        red, green, blue, _ = drawn.cmap(drawn.norm(number))
        axis.text(
            place[1],
            place[0],
            f"{number:.0f}",
            ha="center",
            va="center",
            fontsize=7 if len(numbers) > 3 else 9,
            fontweight="bold" if bold is not None and bold[place] else "normal",
            color="white" if 0.3 * red + 0.6 * green + 0.1 * blue < 0.5 else "black",
        )
