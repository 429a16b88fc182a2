"""Describe a Keras network to the engine in the page: its layers in order, its weights quantised.

What the engine does not know is refused here, by name, when the page is made.
"""

import base64
from collections.abc import Callable
from typing import Any

from workbook.backend import keras
from workbook.errors import NetworkError
from workbook.layers import LocalContrast, RandomLight, RandomWarp
from workbook.layers.contrast import FLOOR

import numpy as np
from keras import layers

Entry = dict[str, Any]
"""One step of the engine (see ``OPERATIONS`` in engine.js), as plain JSON values."""


_UNCHANGED = (
    layers.InputLayer,
    layers.Dropout,
    RandomLight,
    RandomWarp,
)
"""What acts in training only: at inference, images pass as they are."""

_ACTIVATIONS = {"linear": [], "relu": [{"type": "relu"}], "softmax": [{"type": "softmax"}]}


def described(model: keras.Model) -> Entry:
    """Return a network as the engine reads it.

    Kernels are int8 with one float32 step for each output channel, which keeps their largest
    weight; biases and what normalisation learned stay float32. All are base64 of their bytes,
    little-endian. The engine divides grey levels from 0 to 255 by 255 first.

    Raises:
        NetworkError: It is no ``Sequential`` model of images ``(h, w)`` or ``(h, w, channels)``,
            has a layer that the engine does not know, or weights that are not finite.
    """
    if not isinstance(model, keras.Sequential):
        raise NetworkError(
            f"{model.name} is a {type(model).__name__} model; a page runs a keras.Sequential, "
            "layer after layer: build it as one."
        )
    if not model.built or len(model.input_shape) not in (3, 4):
        raise NetworkError(
            f"{model.name} has no input shape of an image: begin it with keras.Input((28, 28))."
        )
    return {
        "name": model.name,
        "input": list(model.input_shape[1:]),
        "classes": int(model.output_shape[-1]),
        "layers": [
            {"name": layer.name, **step} for layer in model.layers for step in _steps(layer)
        ],
    }


def quantised(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers from -127 to 127, int8, and the float32 step of each output channel.

    ``kernel`` is float32 with output channels along its last axis; ``whole * step`` is within half
    a step of it.
    """
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    step = np.where(largest > 0, largest / 127, 1).astype("float32")
    return np.rint(kernel / step).astype("int8"), step


def _steps(layer: keras.layers.Layer) -> list[Entry]:
    """Return what the engine does for one layer: nothing, one thing, or an activation more."""
    kind = type(layer)
    if kind in _UNCHANGED:
        return []
    # A subclass may do anything: only the classes themselves are known.
    if kind not in _KNOWN:
        known = ", ".join(sorted(known.__name__ for known in [*_KNOWN, *_UNCHANGED]))
        raise NetworkError(
            f"The layer {layer.name!r} is a {kind.__name__}, which a page cannot run; it knows "
            f"{known}."
        )
    made, wanted = _KNOWN[kind](layer)
    for option, (found, expected) in wanted.items():
        if found != expected:
            raise NetworkError(
                f"The layer {layer.name!r} ({kind.__name__}) has {option}={found!r}; a page runs "
                f"it with {option}={expected!r} only."
            )
    return made + _activation(layer)


def _activation(layer: keras.layers.Layer) -> list[Entry]:
    function = getattr(layer, "activation", keras.activations.linear)
    name = getattr(function, "__name__", type(function).__name__)
    if name not in _ACTIVATIONS or function is not keras.activations.get(name):
        raise NetworkError(
            f"The layer {layer.name!r} ({type(layer).__name__}) has the activation {name!r}, which "
            f"a page cannot run; it knows {', '.join(_ACTIVATIONS)}."
        )
    return _ACTIVATIONS[name]


Wanted = dict[str, tuple[Any, Any]]
"""Options as they are and as the engine needs them."""


def _dense(layer: Any) -> tuple[list[Entry], Wanted]:
    return [{"type": "dense", **_weights(layer)}], {}


def _conv2d(layer: Any) -> tuple[list[Entry], Wanted]:
    made = {
        "type": "conv2d",
        "strides": list(layer.strides),
        "padding": layer.padding,
        **_weights(layer),
    }
    return [made], {
        "data_format": (layer.data_format, "channels_last"),
        "dilation_rate": (tuple(layer.dilation_rate), (1, 1)),
        "groups": (layer.groups, 1),
    }


def _max_pooling(layer: Any) -> tuple[list[Entry], Wanted]:
    made = {
        "type": "max_pooling",
        "size": list(layer.pool_size),
        "strides": list(layer.strides),
        "padding": layer.padding,
    }
    return [made], {"data_format": (layer.data_format, "channels_last")}


def _batch_normalization(layer: Any) -> tuple[list[Entry], Wanted]:
    mean, variance = _array(layer.moving_mean), _array(layer.moving_variance)
    factor = _array(layer.gamma, mean.shape, 1) / np.sqrt(variance + layer.epsilon)
    term = _array(layer.beta, mean.shape, 0) - mean * factor
    last = len(layer.input.shape) - 1
    made = {"type": "affine", "factor": _packed(factor), "term": _packed(term)}
    return [made], {"axis": (-1 if layer.axis == last else layer.axis, -1)}


def _local_contrast(layer: Any) -> tuple[list[Entry], Wanted]:
    return [{"type": "local_contrast", "sigma": layer.sigma, "floor": FLOOR}], {}


def _relu(layer: Any) -> tuple[list[Entry], Wanted]:
    return [{"type": "relu"}], {
        "max_value": (layer.max_value, None),
        "negative_slope": (float(layer.negative_slope), 0.0),
        "threshold": (float(layer.threshold), 0.0),
    }


_KNOWN: dict[type, Callable[[Any], tuple[list[Entry], Wanted]]] = {
    layers.Activation: lambda layer: ([], {}),
    layers.BatchNormalization: _batch_normalization,
    layers.Conv2D: _conv2d,
    layers.Dense: _dense,
    layers.Flatten: lambda layer: ([{"type": "flatten"}], {}),
    layers.MaxPooling2D: _max_pooling,
    layers.ReLU: _relu,
    LocalContrast: _local_contrast,
}


def _weights(layer: Any) -> Entry:
    kernel = _array(layer.kernel)
    whole, step = quantised(kernel)
    return {
        "kernel": {"shape": list(kernel.shape), "int8": _base64(whole), "step": _packed(step)},
        "bias": _packed(_array(layer.bias, kernel.shape[-1:], 0)),
    }


def _array(values: Any, shape: tuple[int, ...] = (), otherwise: float = 0) -> np.ndarray:
    """Return weights as float32; where a layer goes without them, what stands for them."""
    if values is None:
        return np.full(shape, otherwise, "float32")
    array = values.numpy().astype("float32")
    if not np.isfinite(array).all():
        raise NetworkError(
            f"{values.path} holds weights that are not finite: the training diverged. Train the "
            "network again with a smaller learning rate."
        )
    return array


def _packed(array: np.ndarray) -> str:
    return _base64(array.astype("<f4"))


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
