"""How a network does on people it never saw: by person, and what it confuses.

Hundreds of photographs of two people are two measurements of "a person", not hundreds.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from workbook.datasets.photographs import People
from workbook.hands.drawn import drawn
from workbook.hands.photo import read_photo

import numpy as np

STAND_IN = "DRAWN hands, since no strangers are here"


class Photographs(NamedTuple):
    """Photographs as the network reads them: ``X`` (n, 28, 28) uint8, ``y`` (n,) class numbers.

    ``people`` (n,) tell whose hand each is; ``title`` is what a figure should say of them.
    """

    X: np.ndarray
    y: np.ndarray
    people: np.ndarray
    title: str


def photographs(people: People, class_names: Sequence[str]) -> Photographs:
    """Return the photographs of strangers, read by :func:`workbook.hands.read_photo`.

    Where there are none, drawn hands stand in for them, so that what follows can be tried; the
    title says that they are drawn.
    """
    if not len(people):
        X, y = drawn(class_names, 6, seed=len(class_names))
        return Photographs(X, y, np.arange(len(y)) % 2 + 1, STAND_IN)
    y = np.array([list(class_names).index(sign) for sign in people.signs])
    X = np.stack([read_photo(photo) for photo in people.photos])
    title = f"people {', '.join(map(str, np.unique(people.people)))} of {people.title}"
    return Photographs(X, y, people.people, title)


def among_first(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for each image whether its label is the most probable: (n,) bool.

    ``probabilities`` is (n, classes), ``labels`` (n,).
    """
    return probabilities.argmax(axis=1) == np.asarray(labels)


def accuracy_by(right: np.ndarray, kinds: np.ndarray) -> dict[str, float]:
    """Return the share of ``right`` (n,) for each of the ``kinds`` (n,), by its name, in order."""
    return {str(kind): float(right[kinds == kind].mean()) for kind in np.unique(kinds)}


def confused(
    labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str], most: int = 10
) -> list[tuple[str, str, int]]:
    """Return the most common mistakes, most often first: the label, the prediction, how many.

    ``labels`` and ``predicted`` are (n,) places in ``class_names``.
    """
    wrong = labels != predicted
    pairs = Counter(zip(labels[wrong].tolist(), predicted[wrong].tolist(), strict=True))
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [(class_names[was], class_names[taken], n) for (was, taken), n in ordered[:most]]
