"""The still pictures that stand in for what is live: on GitHub, in print, without scripts."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from workbook import explain, plots
from workbook.backend import keras
from workbook.practice.digits import SKELETONS
from workbook.practice.strokes import ink, smooth

import numpy as np

BLOCK_ENDS = (keras.layers.Conv2D, keras.layers.Flatten)
"""What ends a block of layers: the next convolution, or the maps laid end to end."""


def pad(networks: Mapping[str, keras.Model]) -> plots.Figure:
    """Show a 7 that the workbook draws, and what each network reads in it."""
    digit = _seven()
    fig = plots.blank(2.9)
    axes = fig.subplots(1, 1 + len(networks), width_ratios=[1.2] + [1] * len(networks))
    axes[0].imshow(digit, cmap="gray", vmin=0, vmax=1)
    axes[0].set(xticks=[], yticks=[])
    axes[0].set_title("Drawn on the pad", fontsize=9)
    said = []
    for axis, (name, model) in zip(axes[1:], networks.items(), strict=True):
        image = digit.reshape(1, *model.input_shape[1:])
        said.append(f"{name} reads {_bars(axis, name, _predicted(model, image), '0123456789')}")
    fig.suptitle("The pad: draw on it where this notebook runs, or in its page", fontsize=10)
    return plots.described(
        fig,
        f"A still picture of the pad: a drawn 7. {'; '.join(said)}. "
        "Run the notebook, or open its page, to draw yourself.",
    )


def inside(model: keras.Model, image: np.ndarray, classes: Sequence[str]) -> plots.Figure:
    """Show one image, the strongest maps after each block, and what the network reads."""
    pixels = image[None, ..., None] / np.float32(255)
    steps = pairwise([None, *model.layers])
    ends = [last.name for last, layer in steps if isinstance(layer, BLOCK_ENDS) and last][1:]
    blocks = [maps[0] for maps in explain.feature_maps(model, pixels, ends).values()]
    probabilities = _predicted(model, pixels)
    fig = plots.blank(2.4)
    shown = fig.subplots(1, 2 + len(blocks))
    shown[0].imshow(image, cmap="gray", vmin=0, vmax=255)
    shown[0].set(xticks=[], yticks=[])
    shown[0].set_title("The picture", fontsize=9)
    for axis, (number, maps) in zip(shown[1:-1], enumerate(blocks, start=1), strict=True):
        strongest = np.argsort(-maps.sum(axis=(0, 1)))[:9]
        tiles = np.full((3 * (maps.shape[0] + 1) - 1, 3 * (maps.shape[1] + 1) - 1), np.nan)
        for i, index in enumerate(strongest):
            row, column = (maps.shape[0] + 1) * (i // 3), (maps.shape[1] + 1) * (i % 3)
            tiles[row : row + maps.shape[0], column : column + maps.shape[1]] = maps[..., index]
        axis.imshow(tiles, cmap="gray", interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(f"Block {number}: {maps.shape[2]} maps", fontsize=9)
        axis.spines[:].set_visible(False)
    best = _bars(shown[-1], "It reads", probabilities, classes, 5)
    fig.suptitle(
        "A look inside: choose, click and cover where this notebook runs, or in its page",
        fontsize=10,
    )
    return plots.described(
        fig,
        "A still picture of the look inside: a picture, the nine strongest maps after each of "
        f"{len(blocks)} blocks, and the answer: {best}. Run the notebook, or open its page, to "
        "use it.",
    )


def _seven() -> np.ndarray:
    """Return a 7 as MNIST has them, ``(28, 28)`` from 0 to 1, drawn by the workbook."""
    strokes = [np.array(points, "float32")[None] * [14, 20] + [7, 4] for points in SKELETONS[7][1]]
    curves = [smooth(stroke, 60).astype("float32") for stroke in strokes]
    return ink(curves, np.array([2.4], "float32"))[0]


def _bars(axis: Any, name: str, shares: np.ndarray, classes: Sequence[str], count: int = 10) -> str:
    """Draw the shares of the classes, of ``count`` the largest; return the largest in words."""
    largest = np.argsort(-shares)[:count] if count < len(shares) else np.arange(len(shares))
    axis.barh([classes[int(k)] for k in largest], shares[largest], color=plots.BLUE)
    axis.invert_yaxis()
    axis.set_title(name, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.set(xlim=(0, 1), xticks=[0, 1], xticklabels=["0%", "100%"])
    axis.spines[["top", "right"]].set_visible(False)
    return f"{classes[int(shares.argmax())]} with {shares.max():.1%}"


def _predicted(model: keras.Model, image: np.ndarray) -> np.ndarray:
    return np.asarray(model(image, training=False))[0]
