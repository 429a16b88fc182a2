"""Which of several numbers is the largest, as far as the data can tell."""

from typing import Any

import numpy as np


def compared(per_image: dict[str, np.ndarray], groups: np.ndarray) -> dict[str, Any]:
    """Return the mean of each name's numbers, and how surely it is behind the largest mean.

    The differences from the largest are paired, image by image, and the groups of near-duplicates
    count as the measurements. By each of the ways there are: the largest of all images, or of the
    groups' means; and the mean over images (a ratio estimator; Cochran, "Sampling Techniques",
    1977, chapter 6), or over groups.

    Args:
        per_image: by name, a number for each image, (n,).
        groups: (n,) whole numbers.

    Returns:
        By name, its ``"mean"``, and how far it is ``"behind"`` in standard errors, a list.
    """
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group)
    one = np.ones(len(sizes))
    sums = {name: np.bincount(group, values) for name, values in per_image.items()}
    largest = {
        max(sums, key=lambda name: sums[name].sum()),
        max(sums, key=lambda name: (sums[name] / sizes).sum()),
    }
    return {
        name: {
            "mean": float(own.sum() / sizes.sum()),
            "behind": [
                _errors_above_zero(*ways)
                for most in sorted(largest)
                for ways in ((sums[most] - own, sizes), ((sums[most] - own) / sizes, one))
            ],
        }
        for name, own in sums.items()
    }


def _errors_above_zero(sums: np.ndarray, sizes: np.ndarray) -> float:
    """Return the mean of all that was summed, in its standard errors; at most 1000."""
    mean = sums.sum() / sizes.sum()
    spread = np.sqrt(len(sizes) / max(len(sizes) - 1, 1)) * np.linalg.norm(sums - mean * sizes)
    return float(min(mean / (spread / sizes.sum() + 1e-12), 1000.0))


CERTAIN, OPEN = 2.3, 1.7
"""Standard errors: behind by more is worse for certain, by less is undecided. A 95% interval ends
at 1.96; between these two it depends on how it is computed."""


def is_open(one: dict[str, Any]) -> bool:
    """Return whether one of the names compared may be the largest, whoever computes it."""
    return max(one["behind"]) < OPEN


def is_certain(one: dict[str, Any]) -> bool:
    """Return whether one of the names compared is not the largest, whoever computes it."""
    return min(one["behind"]) > CERTAIN
