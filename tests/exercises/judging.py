"""How the tests of a notebook's exercises judge an answer: as a record leaves it, JSON and all."""

import json
from typing import Any

from workbook import exercises

Case = tuple[tuple[Any, ...], list[Any], list[tuple[Any, str | None]]]
"""What the notebook hands over, right answers by different ways, wrong ones and their slips."""


def judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    exercise = exercises.EXERCISES[name]
    plain, _ = exercises._measured(exercise, answer, given)
    facts = json.dumps(dict(exercise.facts(*given)))
    assert len(facts) < 20_000, name
    return exercises.judged(exercise, json.loads(json.dumps(plain)), json.loads(facts))


def all_right(name: str, case: Case) -> None:
    given, right, _ = case
    assert len(right) >= 3
    for answer in right:
        assert judged(name, answer, given).outcome == "right", repr(answer)[:200]


def all_wrong(name: str, case: Case) -> None:
    given, _, wrong = case
    assert len(wrong) >= 3
    for answer, slip in wrong:
        verdict = judged(name, answer, given)
        assert verdict.outcome == "wrong", repr(answer)[:200]
        assert (verdict.misconception and verdict.misconception.name) == slip, repr(answer)[:200]
    known = {slip.name for slip in exercises.EXERCISES[name].misconceptions}
    assert known == {slip for _, slip in wrong if slip}
