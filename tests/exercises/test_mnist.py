"""Notebook 01's exercises, beside the answers that students write: what more there is to right."""

from typing import Any

from workbook import exercises
from workbook.backend import keras
from workbook.exercises import judges

import numpy as np
import pytest
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


def test_probabilities_of_an_image_are_right_as_they_are_and_as_a_row() -> None:
    network = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(3, activation="softmax"))
    images = np.random.default_rng(1).random((2, 28, 28)).astype("float32")
    rows = network.predict(images, verbose=0)
    outcomes = [
        _outcome("mnist.softmax", answer, network, images)
        for answer in (rows[0], rows[:1], rows[:1].T, rows[1], rows)
    ]
    assert outcomes == ["right", "right", "right", "wrong", "wrong"]


BUILT = {
    "units": [200, 10],
    "parameters": 159_010,
    "bends": [],
    "training": {"epochs": 4},
    "losses": [0.38, 0.29],
}


@pytest.mark.parametrize(
    ("change", "slip"),
    [
        ({}, ""),
        ({"units": [20, 10]}, "another network"),
        ({"parameters": 159_011}, "another network"),
        ({"bends": ["tanh"]}, "relu"),
        ({"training": {"epochs": 5}}, "unequal training"),
        ({"losses": [0.29, 0.28]}, "trained before"),
        ({"losses": [0.05, 0.03]}, "trained before"),
    ],
)
@pytest.mark.parametrize("place", ["first", "others"])
def test_a_network_that_is_another_or_was_trained_otherwise_is_known_by_what_is_recorded(
    place: str, change: dict[str, Any], slip: str
) -> None:
    facts = {"training": BUILT["training"], "begun": 0.33}
    first, other = (BUILT | change, BUILT) if place == "first" else (BUILT, BUILT | change)
    answer = first | {"others": [other]}
    verdict = exercises.judged(exercises.EXERCISES["mnist.without-relu"], answer, facts)
    assert verdict.outcome == ("wrong" if slip else "right")
    assert (verdict.misconception.name if verdict.misconception else "") == slip


def test_hints_do_not_hold_the_answers() -> None:
    answers = {
        "mnist.softmax": ["sum(", "reshape(784)"],
        "mnist.loss-share": ["0.9", "argmax(axis=1) !="],
        "mnist.without-relu": ["network(200", "trained(network"],
        "mnist.parameters": ["235", "15_050", "300 * 50"],
        "mnist.linear": ["W1 *", "W2 *"],
        "mnist.fool": ["np.repeat", "argmin"],
        "mnist.gap": ["0.56", "0.98"],
        "mnist.centring": ["14 -", "13.5 -"],
    }
    known = (judges.of(name) for name in ("01_mnist_dense", "01_inside_and_moved"))
    assert answers.keys() == {name for several in known for name in several}
    for name, told in answers.items():
        hints = " ".join(exercises.EXERCISES[name].hints)
        assert not [text for text in told if text in hints], name
