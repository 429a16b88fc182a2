"""Find images that are nearly the same: frames of one video, or copies in another light."""

import numpy as np
from scipy.sparse.csgraph import connected_components


def closest(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how alike each image is to the most similar of ``others``.

    Args:
        images: ``(n, 28, 28)``, any number type.
        others: ``(m, 28, 28)``.

    Returns:
        ``(n,)`` float32, the highest correlation of pixels: 1 for a copy, whatever its brightness
        and contrast.
    """
    candidates = _standardised(others).T
    parts = np.array_split(_standardised(images), max(1, len(images) // 500))
    return np.concatenate([(part @ candidates).max(axis=1) for part in parts])


def near_duplicates(images: np.ndarray, labels: np.ndarray, alike: float = 0.97) -> np.ndarray:
    """Return a group number for each image: images of one class that are alike share theirs.

    A chain counts: two images are in one group where each step from one to the other is between
    images whose pixels correlate by more than ``alike``.

    Args:
        images: ``(n, 28, 28)``, any number type.
        labels: ``(n,)``; images of different labels never share a group.
        alike: a correlation, below 1.

    Returns:
        ``(n,)`` int, from 0.
    """
    groups = np.empty(len(images), int)
    count = 0
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rows = _standardised(images[members])
        found, own = connected_components(rows @ rows.T > alike, directed=False)
        groups[members] = count + own
        count += found
    return groups


def hold_out(groups: np.ndarray, labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return which images go to validation: whole groups, as large a share of each class's.

    The split is grouped and stratified: of the groups of each class, ``share`` is drawn at random,
    to the nearest whole number, and at least one.

    Args:
        groups: ``(n,)`` int, as :func:`near_duplicates` gives them: no group has two labels.
        labels: ``(n,)``.
        share: a fraction, between 0 and 1.
        seed: a whole number for the same groups again.

    Returns:
        ``(n,)`` bool.
    """
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in np.unique(labels):
        of_class = rng.permutation(np.unique(groups[labels == label]))
        chosen.extend(of_class[: max(1, round(share * len(of_class)))])
    return np.isin(groups, chosen)


def _standardised(images: np.ndarray) -> np.ndarray:
    rows = images.reshape(len(images), -1).astype("float32")
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
