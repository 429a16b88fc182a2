"""Hand-ins of all notebooks whose outcomes are known: each answer and each change in turn."""

import dataclasses
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.factories import hand_ins
from workbook_staff.grading import compute_facts, course, grade, snapshot
from workbook_staff.grading.sandbox import parent

import pytest

SAMPLE = {
    "mnist": ("softmax", "gap"),
    "fashion-mnist": ("build", "precision", "remedies", "threshold", "changes"),
    "digit-recognizer": ("paper-hidden", "blank", "steps"),
    "sign-language-mnist": ("second-fold", "both-hands", "patience"),
}
"""Exercises that take no time: with numbers, arrays, names and objects for answers."""

pytestmark = [
    pytest.mark.skipif(bool(parent.missing()), reason=parent.missing()),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


_NAMES = {f"{dataset}.{name}" for dataset, names in SAMPLE.items() for name in names}
COURSES = [
    dataclasses.replace(one, slots={n: one.slots[n] for n in one.slots if n in _NAMES})
    for one in course.courses()
    if _NAMES & one.slots.keys()
]


def _run(one: course.Course, folder: Path) -> course.OwnRun:
    """Return what stands for a run of a course's notebook, made here in seconds."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(hand_ins.answers(one.notebook)[0], namespace)
    made = {name: value for name, value in namespace.items() if not name.startswith("_")}
    for name in one.slots:
        snapshot.store(made, folder, name)
    compute_facts.main(
        folder, folder / "facts.json", list(map(dataclasses.asdict, one.slots.values()))
    )
    return course.read_run(one, folder, folder / "facts.json", dict.fromkeys(one.slots, 60))


@pytest.mark.slow
def test_made_hand_ins_are_graded_as_they_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course, "courses", lambda _: COURSES)
    monkeypatch.setattr(
        course, "own_run", lambda one: nullcontext(_run(one, tmp_path / one.notebook))
    )
    expected = hand_ins.make(tmp_path / "in", COURSES, 50)
    assert len(expected) == 50 > len(hand_ins.CHANGES)
    kinds = {
        outcome for each in expected.values() for outcome, _ in (each or {"": ("", "")}).values()
    }
    assert kinds == {"", "right", "wrong", "unattempted", "error"}
    found = {
        one.student: {r.exercise: (r.outcome, r.misconception) for r in one.results} or None
        for one in grade.grade([str(tmp_path / "in")], grade.Options(folder=tmp_path / "grades"))
    }
    assert found == expected
