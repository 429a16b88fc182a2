"""Notebook 04's exercises: each with several right answers, and with wrong ones that are known."""

import json
from typing import Any

from workbook import exercises
from workbook.backend import keras
from workbook.layers import RandomWarp

import numpy as np
import pytest

COUNT = 28**4 * 32
RANDOM = np.random.default_rng(0)
LABELS = np.repeat(np.arange(3), 400)
GROUPS = np.repeat(np.arange(120), 10)  # 40 of each class
PICTURE = np.linspace(0, 1, 28 * 28, dtype="float32").reshape(1, 28, 28, 1) * (
    np.arange(28) < 12
).reshape(1, 1, 28, 1)
LOSSES = [0.90, 0.55, 0.41, 0.43, 0.42, 0.40, 0.44, 0.45, 0.46, 0.39, 0.41]
COMPARED = {
    "as stored": {"before": 1.0, "after": 1.0},
    "cut out": {"before": 0.97, "after": 0.95},
    "cut out, mirrored": {"before": 0.2, "after": 0.9},
}
EVEN = 0.02 / 0.72
WITH = {"as stored": 0.95, "moved": 0.9, "smaller": 0.80, "noisy": 0.6}
WITHOUT = {"as stored": 0.94, "moved": 0.5, "smaller": 0.41, "noisy": 0.7}


def _every_tenth() -> np.ndarray:
    return np.isin(GROUPS, np.arange(0, 120, 10))


def _drawn() -> np.ndarray:
    of_class = (RANDOM.permutation(np.arange(k, k + 40))[:4] for k in (0, 40, 80))
    return np.isin(GROUPS, np.concatenate(list(of_class)))


def _keras_flip() -> Any:
    return keras.layers.RandomFlip("horizontal", seed=1)


def _both_layers() -> Any:
    return keras.Sequential([keras.layers.RandomFlip("horizontal", seed=2), RandomWarp(shift=0.05)])


# What the notebook hands over, right answers by different ways, wrong ones and their slips.
CASES: dict[str, tuple[tuple[Any, ...], list[Any], list[tuple[Any, str | None]]]] = {
    "shift-off": (
        (WITH, WITHOUT),
        ["moved", "smaller", np.str_("Moved")],
        [("noisy", "the least"), ("as stored", None), (0.4, None), ("MOVE", None)],
    ),
    "horizontal": (
        (),
        [
            np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]]),
            [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
            np.full((3, 3), 1 / 3) * [[2], [-1], [-1]],
            [[0, 5, 0], [0, 0, 0], [0, -5, 0]],
        ],
        [
            ([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], "other way round"),
            ([[1, 0, -1]] * 3, "vertical"),
            ([[1, 1, 1]] * 3, "brightness"),
            ([[1, 1, 1], [0, 0, 0], [0, 0, 0]], "brightness"),
            ([[1, 1, 0], [0, 0, 0], [0, -1, -1]], None),
            ([[0, 0, 0]] * 3, None),
            ([1, 0, -1], None),
            ("horizontal", None),
        ],
    ),
    "count": (
        (),
        [
            [COUNT, 288, COUNT * 16, 288],
            (19_668_992, 288, 56 * 56 * 56 * 56 * 32, 9 * 32),
            np.array([28.0**4 * 32, 288, 56.0**4 * 32, 288]),
        ],
        [
            ([COUNT, 288, COUNT * 16, 4 * 288], "convolution grows"),
            ([COUNT, 288, COUNT * 4, 288], "outputs stay"),
            ([28**4, 288, 56**4, 288], "one output channel"),
            ([COUNT + 28**2 * 32, 320, COUNT * 16 + 56**2 * 32, 320], "biases"),
            ([COUNT, 288], None),
            ([COUNT, 288, COUNT * 16, 289], None),
        ],
    ),
    "receptive-field": (
        (),
        [22, np.int64(22), 1 + 2 + 1 + 4 + 2 + 8 + 4, 22.0],
        [(7, "without pooling"), (18, "one pooling short"), (484, "area"), (28, None), (21, None)],
    ),
    "patience": (
        (LOSSES, (2, 3)),
        [[(5, 3), (9, 6)], np.array([[5, 3], [9, 6]]), ((5.0, 3.0), (9.0, 6.0))],
        [
            ([(4, 2), (8, 5)], "counted from 0"),
            ([(6, 3), (10, 6)], "one too late"),
            ([(5, 10), (9, 10)], "sees the future"),
            ([(5, 3)], None),
            ([5, 3, 9, 6], None),
        ],
    ),
    "stratified": (
        (GROUPS, LABELS),
        [_every_tenth(), _drawn(), np.flatnonzero(_every_tenth()), list(_every_tenth())],
        [
            (RANDOM.permutation(1200) < 120, "groups torn"),
            (np.isin(GROUPS, np.arange(12)), "letters left out"),
            (np.isin(GROUPS, [*range(9), 40, 80, 81]), "not stratified"),
            (np.isin(GROUPS, np.arange(0, 120, 3)), "wrong share"),
            (_every_tenth()[:600], None),
            ("every tenth", None),
        ],
    ),
    "both-hands": (
        (PICTURE,),
        [
            RandomWarp(rotation=12, zoom=0.2, shift=0.1, flip=0.5, seed=6),
            _keras_flip(),
            _both_layers(),
        ],
        [
            (RandomWarp(rotation=12, seed=1), "never"),
            (RandomWarp(flip=1.0, seed=1), "always"),
            (keras.layers.RandomFlip("horizontal_and_vertical", seed=1), "upside down"),
            (keras.layers.Rescaling(2.0), "never"),
            ("flip=0.5", None),
        ],
    ),
    "break-even": (
        (COMPARED,),
        [EVEN, round(EVEN, 3), np.linspace(0, 1, 1001)[28], np.float32(EVEN)],
        [
            (100 * EVEN, "percentage"),
            (1 - EVEN, "the rest"),
            (0.1, None),
            (0, None),
            ("few", None),
        ],
    ),
}


def _judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    """Return the verdict as a record leaves it, JSON and all."""
    exercise = exercises.EXERCISES[f"sign-language-mnist.{name}"]
    plain, _ = exercises._measured(exercise, answer, given)
    facts = json.dumps(dict(exercise.facts(*given)))
    assert len(facts) < 20_000
    return exercises.judged(exercise, json.loads(json.dumps(plain)), json.loads(facts))


def test_every_exercise_has_cases() -> None:
    names = {name.partition(".")[2] for name in exercises.NOTEBOOKS["04_asl_cnn"]}
    assert names == CASES.keys()
    assert all(len(right) >= 3 and len(wrong) >= 3 for _, right, wrong in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_right_answers_by_several_ways(name: str) -> None:
    given, right, _ = CASES[name]
    for answer in right:
        assert _judged(name, answer, given).outcome == "right", answer


@pytest.mark.parametrize("name", CASES)
def test_wrong_answers_and_their_slips(name: str) -> None:
    given, _, wrong = CASES[name]
    for answer, slip in wrong:
        verdict = _judged(name, answer, given)
        assert verdict.outcome == "wrong", answer
        assert (verdict.misconception and verdict.misconception.name) == slip, answer
    told = {slip for _, slip in wrong if slip}
    known = {m.name for m in exercises.EXERCISES[f"sign-language-mnist.{name}"].misconceptions}
    assert known - told <= {"odds", "at inference"}


def test_the_break_even_where_one_network_is_better_everywhere() -> None:
    better = {"before": 0.8, "after": 0.9}
    for pairs, even in (((better, better), 0.0), (({"before": 0.9, "after": 0.8},) * 2, 1.0)):
        compared = {"cut out": pairs[0], "cut out, mirrored": pairs[1]}
        assert _judged("break-even", even, (compared,)).outcome == "right"


def test_left_hands_for_each_right_hand_are_odds() -> None:
    compared = {
        "cut out": {"before": 0.9, "after": 0.7},
        "cut out, mirrored": {"before": 0.5, "after": 0.9},
    }
    verdict = _judged("break-even", 0.5, (compared,))
    assert verdict.misconception is not None and verdict.misconception.name == "odds"


class _AlwaysOn(keras.layers.Layer):
    def call(self, inputs: Any, training: bool = False) -> Any:
        flipped = keras.ops.flip(inputs, axis=2)
        return keras.ops.concatenate([inputs[::2], flipped[1::2]], axis=0) + 0.01


def test_what_changes_pictures_at_inference_is_told() -> None:
    verdict = _judged("both-hands", _AlwaysOn(), (PICTURE,))
    assert verdict.misconception is not None and verdict.misconception.name == "at inference"
