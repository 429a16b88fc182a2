"""What layers of a student's network compute, however they are written."""

from typing import Any

import numpy as np

_ROW = np.array([[-2.0, -1.0, 0.5, 3.0]], dtype="float32")

_KNOWN = {
    "linear": _ROW,
    "relu": np.maximum(_ROW, 0),
    "softmax": np.exp(_ROW) / np.exp(_ROW).sum(),
}
"""What activation functions that the course uses make of a row of sums, by their names."""


def activation(layer: Any) -> str:
    """Return the name of a layer's activation function; "" for a layer that has none.

    The function is known by what it computes: `lambda z: z` is "linear". One that is in no
    notebook goes by its own name, or by that of its layer.
    """
    kind = type(layer).__name__
    if kind in ("ReLU", "Softmax"):
        return kind.lower()
    function = getattr(layer, "activation", None)
    if function is None:
        return ""
    values = np.asarray(function(_ROW))
    same = (name for name, known in _KNOWN.items() if np.allclose(values, known, atol=1e-6))
    return next(same, getattr(function, "__name__", type(function).__name__))
