"""Notebook 01's exercises, beside the answers that students write: what more there is to right."""

from typing import Any

from workbook import exercises
from workbook.backend import keras

import numpy as np
from judging import judged


def _outcome(name: str, answer: Any, *given: Any) -> str:
    return judged(name, answer, given).outcome


def test_a_probability_of_zero_is_taken_as_keras_takes_it_or_as_it_is() -> None:
    network = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(2, use_bias=False, activation="softmax"))
    weights = np.zeros((784, 2))
    weights[0] = 15, -15  # surer than Keras' smallest probability
    weights[1] = 1, 0
    network.set_weights([weights])
    X = np.zeros((3, 28, 28), "float32")
    X[0, 0, 0] = X[1, 0, 1] = 1
    y = np.array([1, 0, 0])
    surest, others = 30, -np.log(1 / (1 + np.exp(-1))) + np.log(2)
    assert _outcome("mnist.loss-share", surest / (surest + others), network, X, y) == "right"
    surest = -np.log(1e-7)
    assert _outcome("mnist.loss-share", surest / (surest + others), network, X, y) == "right"


def test_pixels_that_are_equally_loud_are_equally_right() -> None:
    network = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(2))
    kernel = np.zeros((28, 28, 2), "float32")
    kernel[3, 5, 1], kernel[7, 9, 1], kernel[8, 8, 1] = 4, 1, 1
    network.set_weights([kernel.reshape(784, 2), np.zeros(2)])
    image = np.zeros((28, 28), "float32")
    image[3, 5], image[7, 9], image[8, 8] = 0.5, 2, 1
    outcomes = [
        _outcome("mnist.pixel", at, network, image[None]) for at in ((3, 5), (7, 9), (8, 8))
    ]
    assert outcomes == ["right", "right", "wrong"]


def test_hints_do_not_hold_the_answers() -> None:
    answers = {
        "mnist.smaller-model": ["25,450", "25450", "Dense(32"],
        "mnist.pixel": ["(17, 16)", "products.argmax"],
        "mnist.centring": ["14 -", "13.5 -"],
        "mnist.loss-share": ["0.9", "argmax(axis=1) !="],
        "mnist.gap": ["0.56", "0.98"],
        "mnist.second-guesses": ["0.91", "0.2", "-2]"],
        "mnist.fool": ["np.repeat", "argmin"],
    }
    assert answers.keys() == exercises.NOTEBOOKS["01_mnist_dense"].keys()
    for name, told in answers.items():
        hints = " ".join(exercises.EXERCISES[name].hints)
        assert not [text for text in told if text in hints], name
