"""How the tests of a notebook's exercises judge an answer: as a record leaves it, JSON and all."""

import json
from typing import Any

from workbook import exercises
from workbook.exercises import calls


def judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    exercise = exercises.EXERCISES[name]
    plain, _ = calls._measured(exercise, answer, given)
    facts = json.dumps(dict(exercise.facts(*given)))
    assert len(facts) < 20_000, name
    return exercises.judged(exercise, json.loads(json.dumps(plain)), json.loads(facts))


def words(name: str, answer: Any, given: tuple[Any, ...]) -> str:
    """Return what is said to a wrong answer, beside "Not yet" and where help is."""
    exercise = exercises.EXERCISES[name]
    plain, _ = calls._measured(exercise, answer, given)
    facts = exercise.facts(*given)
    return calls._words(exercise, plain, facts, exercises.judged(exercise, plain, facts))
