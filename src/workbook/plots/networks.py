"""Figures of networks: a unit, the layers, weights, maps, what mattered, a step on paper."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from workbook.plots import base

import numpy as np


def unit(image: np.ndarray, weights: np.ndarray, bias: float, title: str) -> base.Figure:
    """Show what one unit does with an image: pixels times weights, added up, plus the bias.

    ``weights`` are (784,), one for each pixel. Purple is below 0 and orange above.
    """
    weights = weights.reshape(28, 28)
    products = image.reshape(28, 28) * weights
    total = float(products.sum())
    fig = base.blank(2.5)
    axes = fig.subplots(1, 3)
    base.picture(axes[0], image)
    for axis, numbers in ((axes[1], weights), (axes[2], products)):
        base.signed(axis, numbers, float(np.abs(numbers).max()) or 1.0, interpolation="nearest")
        base.bare(axis)
    names = ("image", "weights", "products")
    for axis, name, sign in zip(axes, names, ("×", "=", ""), strict=True):
        axis.set_title(name, fontsize=9)
        axis.text(1.1, 0.5, sign, transform=axis.transAxes, ha="center", va="center", fontsize=16)
    axes[2].set_xlabel(f"sum {total:+.1f}, with the bias {total + bias:+.1f}")
    fig.suptitle(title)
    return base.described(
        fig,
        f"{title}: an image times weights, of which {(weights > 0).mean():.0%} are above 0, gives "
        f"products that add up to {total:+.1f}; with a bias of {bias:+.2f} that is "
        f"{total + bias:+.1f}.",
    )


def layers(model: Any, title: str, shown: int = 10) -> base.Figure:
    """Show a network of dense layers as columns of units, each joined to all of the next column.

    Of a column of more than ``shown`` units some are left out, where three dots are.
    """
    dense = [layer for layer in model.layers if hasattr(layer, "units")]
    sizes = [int(dense[0].kernel.shape[0]), *(layer.units for layer in dense)]
    names = ["input", *(f"hidden layer {number}" for number in range(1, len(dense))), "output"]
    if len(dense) == 2:
        names[1] = "hidden layer"
    fig = base.blank(3.2)
    axis = fig.subplots()
    heights = [_spread(size, shown) for size in sizes]
    for column, (left, right) in enumerate(itertools.pairwise(heights)):
        for start, end in itertools.product(left, right):
            axis.plot([column, column + 1], [start, end], color=base.GREY, lw=0.4, alpha=0.6)
    for column, (name, size, places) in enumerate(zip(names, sizes, heights, strict=True)):
        colour = base.GREY if column == 0 else base.BLUE
        axis.scatter([column] * len(places), places, s=110, facecolor="white", zorder=2)
        axis.scatter([column] * len(places), places, s=90, color=colour, zorder=3)
        if size > len(places):
            axis.text(column, 0, "⋮", ha="center", va="center", fontsize=16, zorder=4)
        axis.text(column, shown / 2 + 0.3, name, ha="center", fontsize=9)
        below = f"{size:,}" if column == 0 else f"{size:,}, {dense[column - 1].activation.__name__}"
        axis.text(column, -shown / 2 - 0.3, below, ha="center", va="top", fontsize=9)
    axis.set(title=title, xlim=(-0.4, len(dense) + 0.4), ylim=(-shown / 2 - 1, shown / 2 + 1))
    axis.set_axis_off()
    parts = (f"{name} of {size:,}" for name, size in zip(names, sizes, strict=True))
    lines = sum(before * after for before, after in itertools.pairwise(sizes))
    return base.described(
        fig, f"{title}: {', '.join(parts)}, each joined to all of the next, {lines:,} lines in all."
    )


def _spread(size: int, shown: int) -> np.ndarray:
    """Return the heights at which the units of a layer are drawn, around 0; a gap for the rest."""
    if size <= shown:
        return np.arange(size) - (size - 1) / 2
    heights = np.arange(shown + 1) - shown / 2
    return np.delete(heights, shown // 2)


def weight_images(weights: Mapping[str, np.ndarray], title: str, units: int = 16) -> base.Figure:
    """Show the weights of a layer's first units as images, purple below 0 and orange above.

    Each array is (784, units), or (height, width, units) for a convolution's filters of one
    channel. All have one scale.
    """
    stacks = {name: _as_images(array)[:units] for name, array in weights.items()}
    most = max(float(np.abs(images).max()) for images in stacks.values())
    across = min(units, 5 if units == 10 else 8)
    down = -(-min(units, *(len(images) for images in stacks.values())) // across)
    fig = base.blank((base.WIDTH - 1) / across * down * len(stacks) + 0.9)
    axes = fig.subplots(len(stacks), 1, squeeze=False)[:, 0]
    for axis, (name, images) in zip(axes, stacks.items(), strict=True):
        side = images.shape[1]
        gap = max(1, side // 14)
        canvas = np.full(((side + gap) * down - gap, (side + gap) * across - gap), np.nan)
        for place, image in enumerate(images):
            top, left = (side + gap) * (place // across), (side + gap) * (place % across)
            canvas[top : top + side, left : left + side] = image
        drawn = base.signed(axis, canvas, most, interpolation="nearest")
        axis.set_ylabel(name)
        base.bare(axis)
    fig.colorbar(drawn, ax=list(axes), label="weight", shrink=0.8)
    fig.suptitle(title)
    parts = (
        f"{name}, spread {images.std():.3f}, neighbouring weights correlate by "
        f"{np.corrcoef(images[:, :, 1:].ravel(), images[:, :, :-1].ravel())[0, 1]:.2f}"
        for name, images in stacks.items()
    )
    return base.described(fig, f"{title}: {units} images each; {'; '.join(parts)}.")


def _as_images(weights: np.ndarray) -> np.ndarray:
    """Return (units, height, width) weights of what `weight_images` takes."""
    if weights.ndim == 2:
        weights = weights.reshape(28, 28, -1)
    return np.moveaxis(weights, -1, 0)


def attention(
    images: np.ndarray, captions: Sequence[str], maps: Mapping[str, np.ndarray], title: str
) -> base.Figure:
    """Show a row of images, and below them each of some (n, 28, 28) maps of what mattered there."""
    fig = base.blank(0.95 * (len(maps) + 1) + 0.8)
    axes = fig.subplots(len(maps) + 1, len(images), squeeze=False)
    for column, image, caption in zip(axes.T, images, captions, strict=True):
        column[0].set_title(caption, fontsize=9)
        for axis in column:
            base.picture(axis, image)
            base.bare(axis)
    parts = []
    for row, (name, pixels) in zip(axes[1:], maps.items(), strict=True):
        row[0].set_ylabel(name, fontsize=9)
        middle = []
        for axis, mattered in zip(row, pixels, strict=True):
            base.signed(axis, mattered, max(float(np.abs(mattered).max()), 1e-9), alpha=0.65)
            weight = np.maximum(mattered, 0)
            middle.append(weight[6:22, 6:22].sum() / max(weight.sum(), 1e-9))
        parts.append(f"{name}, {np.mean(middle):.0%} of it in the middle 16 by 16 pixels")
    fig.suptitle(title)
    return base.described(fig, f"{title}: {', '.join(captions)}; {'; '.join(parts)}.")


def evidence(
    image: np.ndarray, votes: Mapping[str, np.ndarray], probabilities: Mapping[str, float]
) -> base.Figure:
    """Show an image, what each of its pixels adds to some sums, and what the network concludes.

    ``votes`` maps a title to (28, 28) numbers: orange adds to the sum, purple takes away.
    """
    fig = base.blank(2.8)
    first, *others, last = fig.subplots(1, len(votes) + 2)
    base.picture(first, image)
    first.set_title("the image")
    for axis, (title, pixels) in zip(others, votes.items(), strict=True):
        base.signed(axis, pixels.reshape(28, 28), float(np.abs(pixels).max()) or 1.0)
        axis.set_title(title, fontsize=9)
        axis.set(xlabel=f"sum {pixels.sum():+.1f}", xticks=[], yticks=[])
    last.barh(list(probabilities), list(probabilities.values()), color=base.BLUE)
    last.invert_yaxis()
    last.set(title="after softmax", xlabel="probability", xlim=(0, 1))
    fig.suptitle("What the pixels add: orange for more, purple for less", fontsize=10)
    base.plain(last)
    sums = ", ".join(
        f"{' '.join(title.split())} {pixels.sum():+.1f}" for title, pixels in votes.items()
    )
    top = sorted(probabilities, key=lambda name: -probabilities[name])[:2]
    return base.described(
        fig,
        f"An image and what its pixels add to some sums ({sums}), orange for more and purple for "
        f"less; most probable: {', '.join(f'{name} {probabilities[name]:.0%}' for name in top)}.",
    )


def step_on_paper(step: Mapping[str, np.ndarray]) -> base.Figure:
    """Show one step of a small network as a graph: values above, gradients below.

    Units are drawn twice: as their sum, and behind it as what relu or softmax makes of it. ``step``
    is what :func:`workbook.explain.backpropagation` returns. A silent unit is dashed.
    """
    step = {name: value + 0.0 for name, value in step.items()}  # no -0
    columns = {  # by name: where, its values, the gradients
        "inputs": (0.0, "x", None),
        "sums": (0.9, "Z1", "dZ1"),
        "after relu": (1.3, "H", "dH"),
        "logits": (2.2, "Z2", "dZ2"),
        "probabilities": (2.6, "P", None),
    }
    fig = base.blank(3.4)
    axis = fig.subplots()
    silent = step["Z1"] <= 0
    for name, left, right in (("W1", 0.0, 0.9), ("W2", 1.3, 2.2)):
        for (i, j), weight in np.ndenumerate(step[name]):
            start, end = np.array([left, -i]), np.array([right, -j])
            off = silent[j] if name == "W1" else silent[i]
            axis.plot(
                *zip(start, end, strict=True), color=base.GREY, ls=":" if off else "-", zorder=1
            )
            at = start + (end - start) * (0.36 if i == j else 0.28)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            text: dict[str, Any] = {"ha": "center", "fontsize": 8, "bbox": box}
            axis.text(at[0], at[1] + 0.02, f"{weight:g}", va="bottom", color=base.BLUE, **text)
            gradient = _two_digits(float(step[f"d{name}"][i, j]))
            axis.text(at[0], at[1] - 0.02, gradient, va="top", color=base.ORANGE, **text)
    for heading, (across, name, gradients) in columns.items():
        axis.text(across, 0.42, heading, ha="center", fontsize=9)
        for row, value in enumerate(step[name]):
            if name in ("Z1", "Z2"):
                axis.plot([across, across + 0.4], [-row, -row], color=base.GREY, zorder=1)
            style = "--" if name in ("Z1", "H") and silent[row] else "-"
            axis.scatter(
                across,
                -row,
                s=1300,
                facecolor="white",
                edgecolor=base.GREY,
                linestyle=style,
                linewidth=1.5,
                zorder=2,
            )
            text = {"ha": "center", "zorder": 3, "fontsize": 9}
            axis.text(across, 0.02 - row, _two_digits(value), va="bottom", color=base.BLUE, **text)
            if gradients:
                gradient = _two_digits(step[gradients][row])
                axis.text(across, -0.02 - row, gradient, va="top", color=base.ORANGE, **text)
    title = "One step on paper: values (blue, above) and gradients (orange, below)"
    axis.set(title=title, xlim=(-0.25, 2.85), ylim=(0.4 - len(step["H"]), 0.6))
    axis.set_axis_off()
    parts = [f"inputs {_listed(step['x'])}"]
    parts += [
        f"hidden unit {j + 1} is {'silent' if silent[j] else f'{h:.3g}'}, gradient {d:.2f}, "
        f"before relu {z:.2f}"
        for j, (h, d, z) in enumerate(zip(step["H"], step["dH"], step["dZ1"], strict=True))
    ]
    parts += [f"probabilities {_listed(step['P'])}, gradients of the logits {_listed(step['dZ2'])}"]
    parts += [f"gradients of {name} {_listed(step[f'd{name}'].ravel())}" for name in ("W1", "W2")]
    return base.described(fig, f"{title}: {'; '.join(parts)}.")


def _two_digits(number: float) -> str:
    """Return a number with two digits, a whole one without."""
    return f"{number:g}" if number == int(number) else f"{number:.2f}"


def _listed(numbers: np.ndarray) -> str:
    return ", ".join(f"{number + 0.0:.3g}" for number in numbers)
