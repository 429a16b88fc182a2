"""What an exercise is, as data, and how an answer is judged by it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbook.exercises import answers

Facts = Mapping[str, Any]
"""What an answer is judged by: a few JSON values, made from what the notebook hands over."""

Judge = Callable[[Any, Facts], bool]
"""Whether an answer (JSON) is what it looks for, by the facts."""

Outcome = Literal["right", "wrong", "unattempted"]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise: how its answers are judged, and its words.

    ``facts`` reduces what the notebook hands over (arrays, histories, models) to the few JSON
    values that the answer depends on; ``right`` judges an answer by them, now or long after.
    ``slips`` recognise, by name and in this order, the wrong answers that a known slip explains.
    ``varies``: the facts depend on a training, which no other computer repeats exactly.

    ``measure`` is for an answer that is no number and no name: it takes the answer's objects
    (such as an array or a model), and then what the notebook hands over, to JSON values that
    ``right`` can judge. ``ours`` makes, from what the notebook hands over, the objects with which
    the notebook goes on if the answer is missing or wrong (see :func:`workbook.exercises.fill`).

    The words are Markdown, from the files in ``texts/``: a short ``title``; three ``hints``, which
    lead from the idea over the tool to nearly there, and are no code to copy; ``why``, the model
    explanation that a right answer opens, and ``show``, a line in which it shows itself, with
    numbers of ``{answer[…]}`` and ``{facts[…]}``; ``form``, what an answer looks like, such as "two
    fractions, such as `(0.1, 0.2)`"; and ``messages``, what is said to each slip.
    """

    facts: Callable[..., Facts]
    right: Judge
    slips: Mapping[str, Judge] = field(default_factory=dict)
    measure: Callable[..., Any] | None = None
    ours: Callable[..., Any] | None = None
    varies: bool = False
    title: str = ""
    hints: tuple[str, ...] = ()
    why: str = ""
    show: str = ""
    form: str = ""
    messages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """Whether a statement of a notebook is ``true``, and ``why`` (or why not); Markdown."""

    true: bool
    why: str


@dataclass(frozen=True)
class Prediction:
    """What a prediction looks like: one of ``choices``, or ``parts`` numbers within ``between``."""

    choices: tuple[str, ...] = ()
    between: tuple[float, float] = (-math.inf, math.inf)
    parts: int = 1


@dataclass(frozen=True)
class Misconception:
    """The slip that explains a wrong answer, by name, and what is said to it; Markdown."""

    name: str
    say: str


@dataclass(frozen=True)
class Verdict:
    """How an answer was judged; ``misconception`` is the slip that explains a wrong one."""

    outcome: Outcome
    misconception: Misconception | None = None


def judged(exercise: Exercise, answer: Any, facts: Facts) -> Verdict:
    """Judge an answer, as JSON holds it (None: it is of no such kind), by recorded facts."""
    if holds(exercise.right, answer, facts):
        return Verdict("right")
    for name, recognised in exercise.slips.items():
        if holds(recognised, answer, facts):
            return Verdict("wrong", Misconception(name, exercise.messages[name]))
    return Verdict("wrong")


def holds(judge: Judge, answer: Any, facts: Facts) -> bool:
    """Return what a judge says; False where the answer is of a shape that it cannot judge."""
    try:
        return bool(judge(answer, facts))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError):
        return False


@dataclass(frozen=True)
class Equals:
    """A judge: the answer is the expected one, or one of a list of several right ones.

    ``expected`` computes text, a set of names, a number or an array of numbers from the facts;
    numbers may be off by ``within``.
    """

    expected: Callable[[Facts], Any]
    within: float = 0.0

    def __call__(self, answer: Any, facts: Facts) -> bool:
        """Return whether the answer is one of the expected ones."""
        return any(answers.same(answer, one, self.within) for one in self.several(facts))

    def several(self, facts: Facts) -> list[Any]:
        """Return the right answers; none where the facts allow of none, as a share of nothing."""
        try:
            wanted = self.expected(facts)
        except ArithmeticError:
            return []
        return wanted if isinstance(wanted, list) else [wanted]
