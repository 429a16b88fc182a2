"""What answers are judged by, made from histories, labels and predictions: small and JSON."""

from typing import Any

from workbook.exercises.exercise import Facts

import numpy as np


def of_history(history: Any) -> Facts:
    """Return the curves of a training by name, each a list of one number an epoch.

    Numbers have six digits. What is not finite, as after a training that diverged, is None.
    """
    return {name: [_number(value) for value in values] for name, values in history.history.items()}


def of_confusion(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> Facts:
    """Return the counts of each class (row) predicted as each (column), and the classes' names.

    ``labels`` and ``predicted`` are (n,) whole numbers, positions in ``class_names``.
    """
    counts = np.zeros((len(class_names), len(class_names)), int)
    np.add.at(counts, (labels, predicted), 1)
    return {"confusion": counts.tolist(), "class_names": [str(name) for name in class_names]}


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
