"""What an exercise is, as data, and how an answer is judged by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workbook.exercises import answers

Facts = Mapping[str, Any]
"""What an answer is judged by: a few JSON values, made from what the notebook hands over."""

Judge = Callable[[Any, Facts], bool]
"""Whether an answer (JSON) is what it looks for, by the facts."""

Outcome = Literal["right", "wrong", "unattempted"]


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that a known slip explains: how it is recognised, and what is said to it."""

    name: str
    when: Judge
    say: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    ``facts`` reduces what the notebook hands over (arrays, histories, models) to the few JSON
    values that the answer depends on; ``right`` judges an answer by them, now or long after.
    ``hints`` lead from the idea over the tool to nearly there, and are no code to copy. ``why``
    is the model explanation, in Markdown, that a right answer opens. ``misconceptions`` are asked
    in order about a wrong one.

    ``measure`` is for an answer that is no number and no name: it takes the answer's objects
    (such as an array or a model), and then what the notebook hands over, to JSON values that
    ``right`` can judge. ``ours`` makes, from
    what the notebook hands over, the objects with which the notebook goes on where the answer is
    missing or wrong (see :func:`workbook.exercises.fill`).
    """

    facts: Callable[..., Facts]
    right: Judge
    hints: tuple[str, str, str]
    why: str
    misconceptions: tuple[Misconception, ...] = ()
    measure: Callable[..., Any] | None = None
    ours: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """How an answer was judged; ``misconception`` names the slip that explains a wrong one."""

    outcome: Outcome
    misconception: Misconception | None = None


def judged(exercise: Exercise, answer: Any, facts: Facts) -> Verdict:
    """Judge an answer, as JSON holds it (None: it is of no such kind), by recorded facts."""
    if _holds(exercise.right, answer, facts):
        return Verdict("right")
    slips = (slip for slip in exercise.misconceptions if _holds(slip.when, answer, facts))
    return Verdict("wrong", next(slips, None))


def _holds(judge: Judge, answer: Any, facts: Facts) -> bool:
    try:
        return bool(judge(answer, facts))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
        return False  # an answer of another shape than the judge asks for


def equals(expected: Callable[[Facts], Any], within: float = 0.0) -> Judge:
    """Return a judge: the answer is the expected one, or one of a list of several right ones.

    ``expected`` computes text, a set of names, a number or an array of numbers from the facts;
    numbers may be off by ``within``.
    """

    def judge(answer: Any, facts: Facts) -> bool:
        wanted = expected(facts)
        several = wanted if isinstance(wanted, list) else [wanted]
        return any(answers.same(answer, one, within) for one in several)

    return judge


def as_percentage(expected: Callable[[Facts], float], within: float = 0.0) -> Misconception:
    """Return the slip of giving a percentage where a fraction is asked for."""
    return Misconception(
        "percentage",
        equals(lambda facts: 100 * expected(facts), 100 * within),
        "That is a percentage. As a fraction, 2% is 0.02.",
    )


def the_rest(expected: Callable[[Facts], float], within: float = 0.0) -> Misconception:
    """Return the slip of giving the share of all the others."""
    return Misconception(
        "the rest",
        equals(lambda facts: 1 - expected(facts), within),
        "That is the share of all the others: 1 minus what is asked for.",
    )
