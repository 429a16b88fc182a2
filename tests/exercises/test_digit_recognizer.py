"""Notebook 03's exercises: each with several right answers, and with wrong ones that are known."""

from types import SimpleNamespace
from typing import Any

from workbook import exercises, explain

import numpy as np
import pytest
from judging import Case, all_right, all_wrong, judged

PAPER = (
    np.array([1, 2]),
    np.array([0, 1]),
    np.array([[1, 1], [1, -1]]),
    np.array([[1, 0], [2, 1]]),
)
P = float(np.exp(3) / (np.exp(3) + 1))

RNG = np.random.default_rng(0)
H, DZ2 = np.maximum(RNG.normal(size=(8, 5)), 0), RNG.normal(size=(8, 3)) / 8
DW2 = H.T @ DZ2

X, Y = RNG.random((16, 6)), np.eye(4)[RNG.integers(0, 4, 16)]
PARAMETERS = {
    "W1": RNG.normal(size=(6, 5)),
    "b1": RNG.normal(size=5) / 10,
    "W2": RNG.normal(size=(5, 4)),
    "b2": RNG.normal(size=4) / 10,
}
LOSS, CLAIMED = explain.with_a_mistake(X, Y, PARAMETERS)


def _measured(step: float, both: bool) -> str:
    """Return the gradient that is off most, measured one way or both ways at its largest place."""
    off = {}
    for name, gradient in CLAIMED.items():
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        moved = np.zeros_like(gradient)
        moved[place] = step
        ahead = LOSS(**(PARAMETERS | {name: PARAMETERS[name] + moved}))
        behind = LOSS(**(PARAMETERS | {name: PARAMETERS[name] - moved * both}))
        off[name] = abs((ahead - behind) / (step * (1 + both)) / gradient[place] - 1)
    return max(off, key=lambda name: off[name])


WRONG = _measured(1e-5, True)
OTHERS = [name for name in CLAIMED if name != WRONG]


class Network:
    """What the exercise on units asks of a model."""

    layers = (None, SimpleNamespace(get_weights=lambda: (np.eye(3), np.array([0.5, -0.6, -0.9]))))


IMAGES = np.arange(300).reshape(100, 3) / 300
SILENT = np.mean(IMAGES + np.array([0.5, -0.6, -0.9]) <= 0, axis=0)

REACHED = {0.003: 0.70, 0.03: 0.90, 0.1: 0.945, 0.3: 0.952, 1.0: 0.949, 3.0: 0.1}

CASES: dict[str, Case] = {
    "paper-forward": (
        PAPER,
        [([3, 0], [0.95, 0.05]), np.array([[3, 0], [P, 1 - P]]), ((3.0, 0.0), (0.953, 0.047))],
        [
            (([3, -1], [0.95, 0.05]), "silent unit"),
            (([3, 0], [3, 0]), "no softmax"),
            (([3, 0], [0.95, 0.5]), "not shares"),
            (([3, 0], [0.05, 0.95]), None),
            ([3, 0, 0.95, 0.05], None),
        ],
    ),
    "paper-output": (
        PAPER,
        [
            [[2.86, -2.86], [0, 0]],
            np.outer([3, 0], [P, P - 1 - P + (1 - P)]),
            ((2.85, -2.85), (0, 0)),
        ],
        [
            ([[-2.86, 2.86], [0, 0]], "sign"),
            ([[2.86, 0], [-2.86, 0]], "transposed"),
            ([[2.86, -2.86], [-0.953, 0.953]], "before relu"),
            ([[2.86, 0.142], [0, 0]], "P in place of P - Y"),
            ([2.86, -2.86], None),
            ("2.86", None),
        ],
    ),
    "paper-hidden": (
        PAPER,
        [[[0.95, 0], [1.91, 0]], np.outer([1, 2], [P, 0]), ((0.953, 0), (1.906, 0))],
        [
            ([[0.95, 0.95], [1.91, 1.91]], "open gate"),
            ([[0.95, 1.91], [0, 0]], "transposed"),
            ([[-0.95, 0], [-1.91, 0]], "sign"),
            ([[0.95, 0], [0.95, 0]], None),
            (0, None),
        ],
    ),
    "blank": (
        (H, DZ2),
        [
            DW2,
            np.einsum("ij,ik->jk", H, DZ2),
            H.T.astype("float32") @ DZ2.astype("float32"),
            sum(np.outer(h, d) for h, d in zip(H, DZ2, strict=True)),
        ],
        [
            (DW2.T, "transposed"),
            (DW2 / 8, "divided twice"),
            (-DW2, "sign"),
            (DW2 + 0.01, None),
            (DZ2, None),
            ("H.T @ dZ2", None),
        ],
    ),
    "planted-bug": (
        (LOSS, PARAMETERS, CLAIMED),
        [
            _measured(1e-4, True),
            _measured(1e-6, False),
            _measured(1e-2, True),
            WRONG.upper(),
            f"d{WRONG}",
        ],
        [*((name, "a right one") for name in OTHERS), ("dW", None), (3, None)],
    ),
    "quietest-unit": (
        (Network(), IMAGES),
        [
            (2, SILENT[2]),
            [int(SILENT.argmax()), float(SILENT.max())],
            np.array([2, round(SILENT[2], 3)]),
        ],
        [
            ((2, 1 - SILENT[2]), "share that speaks"),
            ((3, SILENT[2]), "counted from 1"),
            ((0, SILENT[0]), "loudest"),
            ((1, SILENT[1]), None),
            (2, None),
            ((-1, SILENT[2]), None),
        ],
    ),
    "learning-rate": (
        (6000,),
        [(0.3, REACHED), (1.0, REACHED), [np.float32(0.3), list(REACHED.items())]],
        [
            ((0.3, {0.1: 0.9, 0.3: 0.95}), "too few"),
            ((0.12, dict.fromkeys((0.1, 0.11, 0.12, 0.13, 0.14), 0.9)), "too narrow"),
            ((0.3, {rate: 100 * share for rate, share in REACHED.items()}), "percentage"),
            ((0.03, REACHED), "not the best"),
            ((0.2, REACHED), "not the best"),
            (0.3, None),
        ],
    ),
    "steps": (
        (36_050, 100, 40),
        [14_440, int(np.ceil(36_050 / 100)) * 40, -(-36_050 // 100) * 40, 14_440.0],
        [
            (14_400, "rest dropped"),
            (14_420, "rounded late"),
            (361, "one epoch"),
            (1_442_000, None),
        ],
    ),
    "momentum": (
        (0.9,),
        [10, 1 / (1 - 0.9), sum(0.9**k for k in range(300)), np.float32(9.99)],
        [(1.9, "two steps"), (1.0, "running mean"), (0.9, None), (9, None)],
    ),
}


def test_every_exercise_has_cases() -> None:
    names = {name.partition(".")[2] for name in exercises.NOTEBOOKS["03_kaggle_mnist_3layer"]}
    assert names == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_right_answers_by_several_ways(name: str) -> None:
    all_right(f"digit-recognizer.{name}", CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_wrong_answers_and_their_slips(name: str) -> None:
    all_wrong(f"digit-recognizer.{name}", CASES[name])


def test_what_the_notebook_goes_on_with_is_right() -> None:
    ours: Any = exercises.EXERCISES["digit-recognizer.blank"].ours
    assert judged("digit-recognizer.blank", ours(H, DZ2), (H, DZ2)).outcome == "right"
