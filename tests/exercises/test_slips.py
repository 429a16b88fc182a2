"""Slips that recur: found where they were made, and silent on right answers and at 0 and 1."""

from typing import Any

from workbook import exercises
from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, holds, judged

import numpy as np
import pytest

SHARE = Equals(lambda facts: np.array(facts["share"]), within=0.005)
OF_SHARES = {
    "percentage": slips.percentage(SHARE),
    "the rest": slips.the_rest(SHARE),
}
ANY = [*np.linspace(-1, 2, 301).round(2), 50, 99.5, 100, 1e9]


@pytest.mark.parametrize("name", OF_SHARES)
@pytest.mark.parametrize("share", [0, 1, [0, 0], [1, 1]])
def test_where_none_or_all_is_right_no_slip_is_told(name: str, share: Any) -> None:
    for value in ANY:
        answer = [value] * len(share) if isinstance(share, list) else value
        assert not holds(OF_SHARES[name], answer, {"share": share}), answer


@pytest.mark.parametrize("share", [0.015, 0.2, 0.5, 0.75, 0.98])
def test_a_slip_is_found_and_no_right_answer_has_one(share: float) -> None:
    given = {"percentage": 100 * share, "the rest": 1 - share}
    exercise = Exercise(
        facts=dict, right=SHARE, slips=OF_SHARES, messages=dict.fromkeys(OF_SHARES, "?")
    )
    for name, answer in given.items():
        verdict = judged(exercise, answer, {"share": share})
        if abs(answer - share) > 0.005:
            assert verdict.misconception is not None and verdict.misconception.name == name
        else:
            assert verdict.outcome == "right" and verdict.misconception is None
    for answer in (share, share + 0.004, share - 0.004):
        assert judged(exercise, answer, {"share": share}).misconception is None


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ([25, 50], "percentage"),
        ([0.25, 50], "percentage"),
        ([0.75, 0.5], "the rest"),
        ([0.25, 0.4], None),
        ([0.5, 0.25], "order"),
        ([-0.25, -0.5], "sign"),
    ],
)
def test_what_recurs_is_found_in_a_part_too(answer: list[float], name: str | None) -> None:
    judge = Equals(lambda _: np.array([0.25, 0.5]), within=0.001)
    found = [one for one, slip in slips.COMMON.items() if holds(slip(judge), answer, {})]
    assert next(iter(found), None) == name


MATRIX = Equals(lambda _: np.array([[1, 2], [3, 4]]))
PAIR = Equals(lambda _: np.array([3, 5]))


@pytest.mark.parametrize(
    ("slip", "answer"),
    [
        (slips.transposed(MATRIX), [[1, 3], [2, 4]]),
        (slips.sign(MATRIX), [[-1, -2], [-3, -4]]),
        (slips.turned_round(PAIR), [5, 3]),
        (slips.counted_from(0, PAIR), [2, 4]),
        (slips.counted_from(1, PAIR), [4, 6]),
        (slips.counted_from(1, PAIR, 0), [4, 5]),
        (slips.sign(lambda seen, _: seen["lost"] == 2, "lost"), {"lost": -2}),
    ],
)
def test_a_slip_undone_is_right(slip: Any, answer: Any) -> None:
    before = repr(answer)
    assert holds(slip, answer, {}) and repr(answer) == before
    assert not any(holds(slip, other, {}) for other in ("a", None, 7, [], [1, 2, 3], {}))


def test_a_name_alone_answers_the_planted_bug_as_in_notebooks_before_release_2():
    facts = {"off": {"W1": 0.0, "W2": 0.3}, "slope": 0.01, "claimed": 0.013}
    exercise = exercises.EXERCISES["digit-recognizer.planted-bug"]
    for name in ("W2", "dW2", ["W2"], [["W2"], 0.01]):
        assert exercises.judged(exercise, name, facts).outcome == "right"
    verdict = exercises.judged(exercise, "W1", facts)
    assert verdict.outcome == "wrong" and verdict.misconception.name == "a right one"
