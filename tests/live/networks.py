"""Networks like those of the notebooks, with weights drawn at random."""

from workbook.backend import keras
from workbook.layers import LocalContrast, RandomLight, RandomWarp
from workbook.live.network import quantised

import numpy as np
from keras import layers


def settled(model: keras.Model) -> keras.Model:
    """Give a network weights of the size of a trained one's, with answers that are far apart."""
    random = np.random.default_rng(7)
    for weight in model.weights:
        if "kernel" in weight.path:
            weight.assign(4 * weight)
        elif "seed" not in weight.path:
            low, high = (0.3, 2.0) if "variance" in weight.path else (-0.5, 0.8)
            weight.assign(random.uniform(low, high, weight.shape))
    return model


def dense(units: tuple[int, ...] = (200, 100), warp: bool = False) -> keras.Model:
    """The networks of notebooks 01 and 03."""
    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(unit, activation="relu") for unit in units]
    augment = [RandomWarp(rotation=10, elastic=(30, 4), seed=1)] if warp else []
    last = layers.Dense(10, activation="softmax")
    return settled(
        keras.Sequential([keras.Input((28, 28)), *augment, layers.Flatten(), *hidden, last])
    )


def hands(classes: int = 24) -> keras.Model:
    """The network of notebook 04."""
    keras.utils.set_random_seed(3)

    def block(filters: int) -> list[keras.layers.Layer]:
        return [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.MaxPooling2D(2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.05),
        ]

    head = [layers.Flatten(), layers.Dense(128, use_bias=False), layers.BatchNormalization()]
    return settled(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                RandomWarp(rotation=12, seed=1),
                RandomLight(noise=0.06, seed=2),
                LocalContrast(),
                *block(32),
                *block(64),
                *block(128),
                *head,
                layers.ReLU(),
                layers.Dense(classes, activation="softmax"),
            ]
        )
    )


LETTERS = tuple("ABCDEFGHIKLMNOPQRSTUVWXY")


def dequantised(model: keras.Model) -> keras.Model:
    """Return a copy of the network with the weights that a page has: the engine's oracle."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if type(layer) in (layers.Dense, layers.Conv2D):
            whole, step = quantised(np.asarray(layer.kernel))
            layer.kernel.assign(whole * step)
    return copy
