"""What answers are judged by, made from histories: small and JSON."""

from typing import Any

from workbook.exercises.exercise import Facts

import numpy as np


def of_history(history: Any) -> Facts:
    """Return the curves of a training by name, each a list of one number an epoch.

    Numbers have six digits. What is not finite, as after a training that diverged, is None.
    """
    return {name: [_number(value) for value in values] for name, values in history.history.items()}


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
