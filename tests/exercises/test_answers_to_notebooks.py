"""Answers as students write them, to what stands for the notebooks' own: right, or which slip."""

import functools
from typing import Any

from tests.factories import hand_ins
from workbook import exercises
from workbook.exercises.exercise import Equals
from workbook.exercises.slips import COMMON
from workbook_staff.grading import course

import numpy as np
import pytest
from judging import facts_of, judged, verdict_and_words

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

COURSES = {one.notebook: one for one in course.courses()}
ANSWERS = {notebook: hand_ins.answers(notebook)[1] for notebook in COURSES}


@functools.cache
def _made(notebook: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(hand_ins.answers(notebook)[0], namespace)
    return namespace


def _slot(notebook: str, name: str) -> course.Slot:
    return next(s for n, s in COURSES[notebook].slots.items() if n.endswith(f".{name}"))


@functools.cache
def _given(notebook: str, name: str) -> tuple[Any, ...]:
    return tuple(eval(part, dict(_made(notebook))) for part in _slot(notebook, name).given)


@functools.cache
def _facts(notebook: str, name: str) -> dict[str, Any]:
    return facts_of(_slot(notebook, name).exercise, _given(notebook, name))


def _told(notebook: str, name: str, answer: Any) -> tuple[exercises.Verdict, str]:
    exercise = _slot(notebook, name).exercise
    return verdict_and_words(exercise, answer, _given(notebook, name), _facts(notebook, name))


def _verdict(notebook: str, name: str, source: str) -> exercises.Verdict:
    namespace = dict(_made(notebook))
    code = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    exec(code, namespace)
    return _told(notebook, name, eval(_slot(notebook, name).answer, namespace))[0]


EACH = [
    pytest.param(notebook, name, marks=[pytest.mark.slow] if one.trains else [])
    for notebook, several in ANSWERS.items()
    for name, one in several.items()
]


def test_every_exercise_has_answers_and_every_slip_one() -> None:
    for notebook, known in ANSWERS.items():
        asked = {name.partition(".")[2]: name for name in COURSES[notebook].slots}
        assert asked.keys() == known.keys()
        for name, one in known.items():
            slips, told = set(exercises.EXERCISES[asked[name]].slips), {s for _, s in one.wrong}
            assert slips - COMMON.keys() <= told - {""} <= slips, name
            assert len(set(one.right)) >= 3 and len(set(one.wrong)) >= 2, name


@pytest.mark.parametrize(("notebook", "name"), EACH)
def test_right_answers_by_several_ways(notebook: str, name: str) -> None:
    for source in ANSWERS[notebook][name].right:
        assert _verdict(notebook, name, source).outcome == "right", source


@pytest.mark.parametrize(("notebook", "name"), EACH)
def test_wrong_answers_and_their_slips(notebook: str, name: str) -> None:
    for source, slip in ANSWERS[notebook][name].wrong:
        verdict = _verdict(notebook, name, source)
        found = verdict.misconception.name if verdict.misconception else ""
        assert (verdict.outcome, found) == ("wrong", slip), source


@pytest.mark.parametrize(("notebook", "name"), EACH)
def test_no_wrong_answer_is_told_nothing(notebook: str, name: str) -> None:
    for answer in ("x", -7, [], [[1], [2, 3]], 1e300, [None], "1,2", object(), {"a": "b"}, print):
        verdict, words = _told(notebook, name, answer)
        assert verdict.outcome == "wrong" and words, answer


@pytest.mark.parametrize(("notebook", "name"), EACH)
def test_an_axis_too_many_is_told_from_wrong_numbers(notebook: str, name: str) -> None:
    right = exercises.EXERCISES[_slot(notebook, name).exercise].right
    if not isinstance(right, Equals):
        return
    for wanted in right.several(_facts(notebook, name)):
        if isinstance(wanted, str | set):
            continue
        assert _told(notebook, name, wanted)[0].outcome == "right"
        deeper = np.asarray(wanted, dtype=float)[None]
        # What is nested deeper than four times is no answer, and not read.
        if deeper.ndim < 4 and deeper.size > 1:
            verdict, words = _told(notebook, name, deeper)
            assert verdict.outcome == "right" or "the shape is not" in words


def test_what_a_notebook_goes_on_with_is_right() -> None:
    went_on = set()
    for notebook, name in (one.values for one in EACH):
        slot = _slot(notebook, name)
        if (ours := exercises.EXERCISES[slot.exercise].ours) is not None:
            given = tuple(eval(part, _made(notebook)) for part in slot.given)
            assert judged(slot.exercise, ours(*given), given).outcome == "right", name
            went_on.add(name)
    assert went_on == {"build", "train", "blank", "linear", "fool"}
