"""What grading finds: an outcome for each exercise of each hand-in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workbook_staff.grading.students import NOBODY, Identity

Outcome = Literal["right", "wrong", "unattempted", "error", "timeout", "too large", "refused"]


@dataclass(frozen=True)
class Result:
    """One exercise of one hand-in.

    ``outcome`` is what was verified here ("" where nothing was executed), ``claimed`` what the
    hand-in's own stored outputs say ("" where they say nothing). ``answer`` is shown in a line,
    ``why`` is a line on how the outcome came about; ``misconception`` names the slip that explains
    a wrong answer. ``hints`` counts those opened, ``seconds`` the answer's wall time.
    ``by_own_facts``: judged by the facts that the student's own check recorded, as of a curve that
    only they saw. ``reason`` says why the hand-in's own outputs claim right where grading does not,
    such as "runs in your notebook only because …" ("" where the two agree). ``because`` is the
    explanation in the student's own words, which nothing judges.
    """

    student: str
    notebook: str
    exercise: str
    outcome: Outcome | Literal[""]
    claimed: str = ""
    answer: str = ""
    why: str = ""
    misconception: str = ""
    hints: int = 0
    seconds: float = 0.0
    by_own_facts: bool = False
    reason: str = ""
    because: str = ""

    @property
    def shown(self) -> str:
        """The outcome in words: where nothing was executed, what is claimed."""
        return self.outcome or (f"claimed {self.claimed}" if self.claimed else "not verified")

    @property
    def is_disputed(self) -> bool:
        """Whether the hand-in's own outputs say right, and what was verified here does not."""
        return self.claimed == "right" and self.outcome not in ("", "right")


@dataclass(frozen=True)
class HandIn:
    """A student's hand-in of one notebook.

    ``student`` is what they are called here, each by another name; ``who`` is all that the path
    tells of them. ``path`` is where it came from, for people to read; ``remarks`` are lines such as
    "the later of two" or "late", and what was wrong with a file that could not be read at all.
    """

    student: str
    notebook: str
    path: str
    results: tuple[Result, ...] = ()
    remarks: tuple[str, ...] = ()
    who: Identity = NOBODY


@dataclass(frozen=True)
class Student:
    """All that a student has handed in."""

    name: str
    hand_ins: tuple[HandIn, ...]

    @property
    def results(self) -> dict[str, Result]:
        """The results by exercise."""
        return {result.exercise: result for one in self.hand_ins for result in one.results}

    @property
    def remarks(self) -> list[str]:
        """What is to say of the hand-ins, a line each."""
        return [f"{one.notebook or one.path}: {r}" for one in self.hand_ins for r in one.remarks]

    @property
    def is_verified(self) -> bool:
        """Whether something was executed and judged, or found not to be there."""
        return any(result.outcome for result in self.results.values())


def by_student(hand_ins: Iterable[HandIn]) -> list[Student]:
    """Return the students, in the order of their first hand-ins."""
    found: dict[str, list[HandIn]] = {}
    for one in hand_ins:
        found.setdefault(one.student, []).append(one)
    return [Student(name, tuple(theirs)) for name, theirs in found.items()]
