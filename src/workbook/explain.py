"""What a trained network looks at: its feature maps, and which places of an image matter.

Images are ``(n, height, width, channels)`` float, as the model was trained on; maps are
``(n, height, width)`` float32.
"""

from typing import Any

from workbook.backend import keras, tf

import numpy as np


def feature_maps(model: Any, images: np.ndarray, layer_names: list[str]) -> dict[str, np.ndarray]:
    """Return the activations of some layers, by name: (n, height, width, maps) float32 each.

    Raises:
        ValueError: The model has no layer of such a name.
    """
    inner = keras.Model(model.inputs[0], [model.get_layer(name).output for name in layer_names])
    found = tf.nest.flatten(inner(images, training=False))
    return {name: maps.numpy() for name, maps in zip(layer_names, found, strict=True)}


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
    inner = keras.Model(model.inputs[0], [model.get_layer(layer_name).output, last.input])
    with tf.GradientTape() as tape:
        maps, features = inner(images, training=False)
        logits = tf.matmul(features, last.kernel) + last.bias
        chosen = tf.gather(logits, labels, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(chosen, maps), axis=(1, 2), keepdims=True)
    evidence = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1, keepdims=True))
    large = tf.image.resize(evidence, images.shape[1:3])[..., 0].numpy()
    return large / np.maximum(large.max(axis=(1, 2), keepdims=True), 1e-9)
