"""Practice data: drawings that stand in for the real datasets where these cannot be had.

Made offline, in seconds, the same for a given seed, with the real sets' shapes, dtypes and class
counts. They are for learning the tools; what a model reaches on them says nothing about the real
images.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from workbook.practice import digits, garments, hands
from workbook.practice.strokes import SIZE, Array

import numpy as np

VERSION = 2
"""Goes up whenever the drawings change, so that kept ones are made anew."""

SEED = 28
BATCH = 128


class _Set(NamedTuple):
    """How many images of each class a set has, and who draws them."""

    draw: Callable[[np.random.Generator, int, int], Array]
    labels: Sequence[int]
    train: Sequence[int]
    test: Sequence[int]
    stream: int  # sets with different streams share no drawing
    test_labelled: bool = True


_SIGNS_TRAIN = (
    1126, 1010, 1144, 1196, 957, 1204, 1090, 1013, 1162, 1114, 1241, 1055,
    1151, 1196, 1088, 1279, 1294, 1199, 1186, 1161, 1082, 1225, 1164, 1118,
)  # fmt: skip
_SIGNS_TEST = (
    331, 432, 310, 245, 498, 247, 348, 436, 288, 331, 209, 394,
    291, 246, 347, 164, 144, 246, 248, 266, 346, 206, 267, 332,
)  # fmt: skip

_SETS = {
    "mnist": _Set(
        digits.draw,
        range(10),
        (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
        stream=1,
    ),
    "fashion-mnist": _Set(garments.draw, range(10), (6000,) * 10, (1000,) * 10, stream=2),
    "digit-recognizer": _Set(
        digits.draw,
        range(10),
        (4132, 4684, 4177, 4351, 4072, 3795, 4137, 4401, 4063, 4188),
        (2771, 3193, 2813, 2790, 2752, 2518, 2739, 2892, 2762, 2770),
        stream=3,
        test_labelled=False,
    ),
    "sign-language-mnist": _Set(hands.draw, list(hands.POSES), _SIGNS_TRAIN, _SIGNS_TEST, stream=4),
}

NAMES = tuple(_SETS)
"""The datasets of which there are drawings."""


def draw(name: str) -> dict[str, Array | None]:
    """Draw a whole dataset, one of `NAMES`.

    Returns ``X_train`` and ``X_test``, uint8 (n, 28, 28); ``y_train`` and ``y_test``, uint8 (n,).
    ``y_test`` is None for the competition, whose test images have no labels.

    Raises:
        KeyError: There is no set of that name.
    """
    kind = _SETS[name]
    rng = np.random.Generator(np.random.PCG64([SEED, kind.stream]))
    X_train, y_train = _part(kind, kind.train, rng)
    X_test, y_test = _part(kind, kind.test, rng)
    return {
        "X_train": X_train,
        "y_train": y_train,
        "X_test": X_test,
        "y_test": y_test if kind.test_labelled else None,
    }


def _part(kind: _Set, counts: Sequence[int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw ``counts`` images of each class, in random order: uint8 images and uint8 labels."""
    y = rng.permutation(np.repeat(np.array(kind.labels, np.uint8), counts))
    X = np.empty((len(y), SIZE, SIZE), np.uint8)
    for label in kind.labels:
        places = np.flatnonzero(y == label)
        for start in range(0, len(places), BATCH):
            batch = places[start : start + BATCH]
            X[batch] = np.rint(255 * kind.draw(rng, label, len(batch)))
    return X, y
