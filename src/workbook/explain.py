"""What a trained network looks at: its feature maps, and which places of an image matter.

Images are ``(n, height, width, channels)`` float, as the model was trained on; maps are
``(n, height, width)`` float32.
"""

from collections.abc import Sequence
from typing import Any

from workbook.backend import keras, tf

import numpy as np


def feature_maps(model: Any, images: np.ndarray, layer_names: list[str]) -> dict[str, np.ndarray]:
    """Return the activations of some layers, by name: (n, height, width, maps) float32 each.

    Raises:
        ValueError: The model has no layer of such a name.
    """
    known = [model.get_layer(name).name for name in layer_names]
    passed = _passed(model)
    inner = keras.Model(model.inputs[0], [passed[name][1] for name in known])
    found = tf.nest.flatten(inner(images, training=False))
    return {name: maps.numpy() for name, maps in zip(layer_names, found, strict=True)}


def accuracy_when_moved(
    model: Any, images: np.ndarray, labels: np.ndarray, shifts: Sequence[int]
) -> list[float]:
    """Return the accuracy on images that are moved sideways by each of ``shifts`` pixels.

    Positive shifts are to the right; black comes in where ink goes out. ``images`` are (n, height,
    width) or (n, height, width, channels), as the model takes them.
    """
    from scipy import ndimage

    still = [0] * (images.ndim - 3)
    moved = (ndimage.shift(images, [0, 0, right, *still], order=0) for right in shifts)
    read = (model.predict(each, batch_size=1000, verbose=0).argmax(axis=1) for each in moved)
    return [float((y_pred == labels).mean()) for y_pred in read]


def occlusion(
    model: Any, images: np.ndarray, labels: np.ndarray, side: int = 7, grey: float = 0.5
) -> np.ndarray:
    """Return by how much the probability of the label falls where a grey square covers a place.

    A square of ``side`` pixels is moved over each image, a pixel at a time; each pixel gets the
    mean of what the squares that cover it cost. Zeiler and Fergus, "Visualizing and Understanding
    Convolutional Networks" (ECCV 2014).

    Args:
        model: a classifier of such images.
        images: (n, height, width, channels).
        labels: (n,) whole numbers.
        side: of the square, in pixels.
        grey: what it is filled with.
    """
    height, width = images.shape[1:3]
    before = model.predict(images, verbose=0)[np.arange(len(images)), labels]
    cost = np.zeros(images.shape[:3], "float32")
    squares = np.zeros((height, width), "float32")
    # Squares stand out beyond the edges, so that each pixel is covered by many.
    places = [slice(max(k, 0), k + side) for k in range(1 - side // 2, max(height, width))]
    for rows in places[: height - 1 + side // 2]:
        columns = places[: width - 1 + side // 2]
        covered = np.stack([images] * len(columns))
        for copy, across in zip(covered, columns, strict=True):
            copy[:, rows, across] = grey
        after = model.predict(covered.reshape(-1, *images.shape[1:]), batch_size=512, verbose=0)
        after = after.reshape(len(columns), len(images), -1)[:, np.arange(len(images)), labels]
        for across, fallen in zip(columns, before - after, strict=True):
            cost[:, rows, across] += fallen[:, None, None]
            squares[rows, across] += 1
    return cost / squares


def grad_cam(model: Any, images: np.ndarray, labels: np.ndarray, layer_name: str) -> np.ndarray:
    """Return where a convolution layer found evidence for the label, from 0 to 1 in each image.

    Each feature map of the layer is weighted by the mean gradient of the label's logit, added up,
    and what speaks against the label is left out. Selvaraju and others, "Grad-CAM: Visual
    Explanations from Deep Networks via Gradient-based Localization" (ICCV 2017).

    Args:
        model: a classifier of such images, whose last layer is dense with a softmax.
        images: (n, height, width, channels).
        labels: (n,) whole numbers.
        layer_name: of a layer whose activations are (n, height, width, maps).

    Raises:
        ValueError: The model has no layer of that name.
    """
    last = model.layers[-1]
    passed, known = _passed(model), model.get_layer(layer_name).name
    inner = keras.Model(model.inputs[0], [passed[known][1], passed[last.name][0]])
    with tf.GradientTape() as tape:
        maps, features = inner(images, training=False)
        logits = tf.matmul(features, last.kernel) + last.bias
        chosen = tf.gather(logits, labels, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(chosen, maps), axis=(1, 2), keepdims=True)
    evidence = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1, keepdims=True))
    large = tf.image.resize(evidence, images.shape[1:3])[..., 0].numpy()
    return large / np.maximum(large.max(axis=(1, 2), keepdims=True), 1e-9)


def _passed(model: Any) -> dict[str, tuple[Any, Any]]:
    """Return what enters and what leaves each layer, by its name, on one way through the model.

    The layers of a sequential model may have been called before, in another model or while this one
    was loaded: what they gave first is on another way.
    """
    if not isinstance(model, keras.Sequential):
        return {layer.name: (layer.input, layer.output) for layer in model.layers}
    passed, value = {}, model.inputs[0]
    for layer in model.layers:
        after = layer(value)
        passed[layer.name] = value, after
        value = after
    return passed


def backpropagation(x: Any, y: Any, W1: Any, W2: Any) -> dict[str, np.ndarray]:
    """Return every value and gradient of one step of a small network, float64.

    ``x`` (inputs,) is one image, ``y`` (outputs,) its one-hot label, ``W1`` (inputs, units) and
    ``W2`` (units, outputs) are the weights; there are no biases. ``H`` are the hidden layer's
    activations after relu, ``P`` the probabilities after softmax, and ``d…`` is the gradient of
    the cross-entropy by … (Rumelhart, Hinton and Williams, 1986).
    """
    x, y, W1, W2 = (np.asarray(part, dtype=float) for part in (x, y, W1, W2))
    Z1 = x @ W1
    H = np.maximum(Z1, 0)
    Z2 = H @ W2
    P = np.exp(Z2 - Z2.max())
    P /= P.sum()
    dZ2 = P - y
    dH = W2 @ dZ2
    dZ1 = dH * (Z1 > 0)
    forward = {"x": x, "y": y, "W1": W1, "W2": W2, "Z1": Z1, "H": H, "Z2": Z2, "P": P}
    backward = {"dZ2": dZ2, "dH": dH, "dZ1": dZ1}
    return forward | backward | {"dW2": np.outer(H, dZ2), "dW1": np.outer(x, dZ1)}


def with_a_mistake(
    X: np.ndarray, Y: np.ndarray, parameters: dict[str, np.ndarray]
) -> tuple[Any, dict[str, np.ndarray]]:
    """Return the loss as a function of the parameters, and their gradients: one of them is wrong.

    ``X`` (n, inputs) are images, ``Y`` (n, classes) one-hot labels, and ``parameters`` holds W1,
    b1, W2 and b2 of a network with one hidden layer of relu. The mistakes are those that people
    make; which of the four it is depends on the labels.
    """

    def forward(W1: Any, b1: Any, W2: Any, b2: Any) -> tuple[np.ndarray, np.ndarray]:
        Z1 = X @ W1 + b1
        Z2 = np.maximum(Z1, 0) @ W2 + b2
        return Z1, Z2 - Z2.max(axis=1, keepdims=True)

    def loss(W1: Any, b1: Any, W2: Any, b2: Any) -> float:
        _, Z2 = forward(W1, b1, W2, b2)
        log_P = Z2 - np.log(np.exp(Z2).sum(axis=1, keepdims=True))
        return float(-(Y * log_P).sum(axis=1).mean())

    Z1, Z2 = forward(**parameters)
    P = np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)
    dZ2 = (P - Y) / len(X)
    dH = dZ2 @ parameters["W2"].T
    dZ1 = dH * (Z1 > 0)
    gradients = {
        "W1": X.T @ dZ1,
        "b1": dZ1.sum(axis=0),
        "W2": np.maximum(Z1, 0).T @ dZ2,
        "b2": dZ2.sum(axis=0),
    }
    mistakes = {"W1": X.T @ dH, "b1": dH.sum(axis=0), "W2": Z1.T @ dZ2, "b2": dZ2.mean(axis=0)}
    wrong = list(gradients)[int(Y.argmax(axis=1).sum()) % len(gradients)]
    return loss, gradients | {wrong: mistakes[wrong]}
