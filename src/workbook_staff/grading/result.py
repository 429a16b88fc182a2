"""What grading finds: an outcome for each exercise of each hand-in."""

from dataclasses import dataclass
from typing import Literal

from workbook_staff.grading.students import NOBODY, Student

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
    who: Student = NOBODY
