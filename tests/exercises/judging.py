"""How the tests of a notebook's exercises judge an answer: as a record leaves it, JSON and all."""

import json
from typing import Any

from workbook import exercises
from workbook.exercises import calls


def judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    return verdict_and_words(name, answer, given, facts_of(name, given))[0]


def facts_of(name: str, given: tuple[Any, ...]) -> dict[str, Any]:
    """Return what an answer is judged by, which may take a training."""
    facts = json.dumps(dict(exercises.EXERCISES[name].facts(*given)))
    assert len(facts) < 20_000, name
    found: dict[str, Any] = json.loads(facts)
    return found


def verdict_and_words(
    name: str, answer: Any, given: tuple[Any, ...], facts: dict[str, Any]
) -> tuple[exercises.Verdict, str]:
    """Return how an answer is judged, and what is said beside "Not yet" and where help is."""
    exercise = exercises.EXERCISES[name]
    plain, _ = calls._measured(exercise, answer, given)
    verdict = exercises.judged(exercise, json.loads(json.dumps(plain)), facts)
    said = "" if verdict.outcome == "right" else calls._words(exercise, plain, facts, verdict)
    return verdict, said
