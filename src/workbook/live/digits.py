"""Digits that were drawn on the pad and saved: read back, and used to measure networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbook import paths
from workbook.datasets.catalogue import pixel_columns
from workbook.errors import DataError

import numpy as np

if TYPE_CHECKING:
    from workbook import plots

    import keras

HEADER = ["label", *pixel_columns(0)]


def read_digits(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the drawings that the pad saved: uint8 ``(n, 28, 28)``, and labels, uint8 ``(n,)``.

    Raises:
        DataError: There is no such file, or it has not the form of Kaggle's train.csv.
    """
    import pandas as pd

    again = "Save your drawings from the pad again"
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise DataError(paths.shown(path), "no such file", "", again) from None
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        found = f"cannot be read ({str(error).splitlines()[0]})"
        raise DataError(paths.shown(path), found, "a CSV file", again) from None
    if list(table.columns) != HEADER:
        found = f"{len(table.columns)} columns, from {table.columns[0]!r} to {table.columns[-1]!r}"
        raise DataError(paths.shown(path), found, "label, pixel0, …, pixel783", again)
    numbers = table.to_numpy()
    if not np.issubdtype(numbers.dtype, np.integer) or not _in_range(numbers):
        expected = "whole numbers: labels from 0 to 9, grey levels from 0 to 255"
        raise DataError(paths.shown(path), "other values in its rows", expected, again)
    return numbers[:, 1:].astype("uint8").reshape(-1, 28, 28), numbers[:, 0].astype("uint8")


def measured(networks: Mapping[str, "keras.Model"], path: Path | None = None) -> None:
    """Print how many of your own drawings each network reads, with the interval of its accuracy.

    ``path`` is what the pad saved (default: ``data/my_digits.csv``). Where there is no such file,
    how to get one is printed instead.

    Raises:
        DataError: The file has not the form of Kaggle's train.csv.
    """
    path = path or paths.DATA / "my_digits.csv"
    drawings = _drawings(path)
    if drawings is None:
        return
    from workbook import plots  # Matplotlib, which the reports do without

    X, y = drawings
    print(
        f"{len(y)} drawings in {paths.shown(path)}; in brackets the 95% interval of Wilson (1927):"
    )
    for name, model in networks.items():
        right = int((model.predict(_pixels(model, X), verbose=0).argmax(axis=1) == y).sum())
        low, high = plots.interval(right, len(y))
        print(f"{name}: {right} read correctly, {right / len(y):.0%} ({low:.0%} to {high:.0%})")


def moved(
    networks: Mapping[str, "keras.Model"], shifts: Sequence[int], path: Path | None = None
) -> "plots.Figure | None":
    """Show the accuracy on your own drawings, moved sideways by each of ``shifts`` pixels.

    Positive shifts are to the right; black comes in where ink goes out. ``path`` is as for
    :func:`measured`, which says how to get such a file; without it nothing is shown.

    Raises:
        DataError: The file has not the form of Kaggle's train.csv.
    """
    path = path or paths.DATA / "my_digits.csv"
    if not path.exists():
        return None
    from workbook import explain, plots

    X, y = read_digits(path)
    accuracy = {
        name: explain.accuracy_when_moved(model, _pixels(model, X), y, shifts)
        for name, model in networks.items()
    }
    title = f"Accuracy on {len(y)} of your own drawings, moved"
    return plots.curves(shifts, accuracy, title, "pixels to the right")


def _drawings(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what the pad saved; where that is nothing, say how to get it and return None."""
    if path.exists():
        return read_digits(path)
    where = paths.shown(path)
    print(f"No {where} yet: draw on the pad, save your drawings there, and run this again.")
    return None


def _pixels(model: "keras.Model", images: np.ndarray) -> np.ndarray:
    """Return images, uint8 ``(n, 28, 28)``, as a network takes them: from 0 to 1."""
    return images.reshape(-1, *model.input_shape[1:]).astype("float32") / 255


def _in_range(numbers: np.ndarray) -> bool:
    return bool(
        len(numbers) and numbers.min() >= 0 and numbers[:, 0].max() <= 9 and numbers.max() <= 255
    )
