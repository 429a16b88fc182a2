"""Hand-ins in the habits of students: their own cells count, and what cannot run is explained."""

from collections.abc import Callable
from pathlib import Path

from tests.factories import hand_ins
from workbook_staff.grading import course
from workbook_staff.grading.result import HandIn, Result
from workbook_staff.grading.sandbox import parent

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from small_course import SOLUTIONS, S, answered, put

pytestmark = pytest.mark.skipif(bool(parent.missing()), reason=parent.missing())

Graded = Callable[..., dict[str, HandIn]]


@pytest.mark.slow
def test_every_habit_of_writing_what_is_right_is_right(
    small: Path, tmp_path: Path, graded: Graded
) -> None:
    (known,) = course.courses([small])
    for habit, written in hand_ins.HABITS.items():
        made = answered(SOLUTIONS)
        cells = {cell.id: cell for cell in made.cells}
        for slot in known.slots.values():
            cell = cells[slot.cell_id]
            hand_ins.write(made, cell, slot, written(cell.source, ", ".join(slot.names)))
        put(tmp_path / "in" / habit / "small.ipynb", made)
    found = graded(tmp_path / "in")
    wrong = {
        (habit, one.exercise): (one.outcome, one.why)
        for habit in hand_ins.HABITS
        for one in found[habit].results
        if one.outcome != "right"
    }
    assert wrong == {}


def claiming(*cells: str, answer: str) -> NotebookNode:
    """Return a hand-in that claims to be right, with cells of its own above the answer."""
    claims = {"receptive-field": {"outcome": "right", "said": "22"}}
    made = answered({"receptive-field": answer}, claims)
    place = next(n for n, cell in enumerate(made.cells) if cell.id == "receptive-field-answer")
    made.cells[place:place] = [new_code_cell(cell) for cell in cells]
    return made


def field(hand_in: HandIn) -> Result:
    return next(one for one in hand_in.results if one.exercise == f"{S}.receptive-field")


def below(made: NotebookNode, source: str) -> NotebookNode:
    made.cells.append(new_code_cell(source, execution_count=7))
    return made


def test_where_a_claim_does_not_hold_both_stand_with_the_reason(
    tmp_path: Path, graded: Graded
) -> None:
    made = {
        "further down": below(claiming(answer="field = 2 * eleven"), "eleven = 11"),
        "deleted": claiming(answer="field = 2 * eleven"),
        "shown": claiming("22", answer="field = _"),
        "a package": claiming("from sklearn import metrics", answer="field = metrics.n(22)"),
        "another value": claiming("n = 20", answer="field = n + 1"),
        "taken out": claiming(answer="field = ..."),
        "none": claiming(answer="field = None"),
        "asked for": claiming(answer="field = int(input('How many? '))"),
    }
    for student, one in made.items():
        put(tmp_path / "in" / student / "small.ipynb", one)
    found = {student: field(one) for student, one in graded(tmp_path / "in").items()}
    assert all(one.is_disputed for one in found.values())
    assert {student: one.outcome for student, one in found.items()} == {
        **dict.fromkeys(("further down", "deleted", "shown", "a package", "asked for"), "error"),
        "another value": "wrong",
        **dict.fromkeys(("taken out", "none"), "unattempted"),
    }
    only = "runs in your notebook only because"
    assert found["further down"].reason == (
        f"{only} a cell further down, [7], which defines eleven, was run before"
    )
    assert found["deleted"].reason == f"{only} a cell that is no longer there defined eleven"
    assert found["shown"].reason.startswith(f"{only} _ is what another cell had shown")
    assert found["a package"].reason.startswith("your own machine had sklearn")
    assert found["another value"].reason == (
        "your check judged 22; made anew by your cells it is 21"
    )
    assert "no longer there" in found["taken out"].reason
    assert "asks for input" in found["asked for"].reason


def test_what_no_slice_sees_counts_where_the_notebook_claims_right(
    tmp_path: Path, graded: Graded
) -> None:
    loop = "for name, row in rows.items():\n    row.append(11)"
    total = "class Sum:\n    total = 0\n    def add(self, n):\n        self.total += n\n\ns = Sum()"
    later = "import asyncio\nasync def n():\n    await asyncio.sleep(0)\n    return 22"
    made = {
        "a loop": claiming("rows = {1: [], 2: []}", loop, answer="field = sum(rows[1] + rows[2])"),
        "another name": claiming("p = []\nq = p", "p.append(22)", answer="field = q[0]"),
        "a method": claiming(total, "s.add(22)", answer="field = s.total"),
        "a file": claiming("open('n.txt', 'w').write('22')", answer="field = open('n.txt').read()"),
        "a module": claiming("%%file mine.py\nN = 22", answer="from mine import N\nfield = N"),
        "awaited": claiming(later, answer="field = await n()"),
    }
    made["by keyword"] = claiming(answer="size = 22")
    check = next(cell for cell in made["by keyword"].cells if cell.id == "receptive-field-check")
    check.source = f'exercises.check("{S}.receptive-field", answer=size)'
    for student, one in made.items():
        put(tmp_path / "in" / student / "small.ipynb", one)
    found = {student: field(one) for student, one in graded(tmp_path / "in").items()}
    assert {s: (r.outcome, r.why) for s, r in found.items() if r.outcome != "right"} == {}


def test_a_cell_that_failed_leaves_what_came_before(tmp_path: Path, graded: Graded) -> None:
    made = claiming("sizes = [22]\nsizes.append(1 / 0)", answer="field = sizes[0]")
    put(tmp_path / "in" / "anna" / "small.ipynb", made)
    assert field(graded(tmp_path / "in")["anna"]).outcome == "right"


def test_what_the_check_is_given_counts_where_it_was_edited(tmp_path: Path, graded: Graded) -> None:
    made = answered({})
    check = next(cell for cell in made.cells if cell.id == "receptive-field-check")
    check.source = f'exercises.check("{S}.receptive-field", 22)'
    put(tmp_path / "in" / "anna" / "small.ipynb", made)
    assert field(graded(tmp_path / "in")["anna"]).outcome == "right"


def test_facts_without_end_cost_their_own_answer_its_time(
    tmp_path: Path, graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a student recorded is judged in there, under its limits."""
    from workbook_staff.grading import grade

    monkeypatch.setattr(grade, "JUDGING", 2)
    endless = {"ratios": [0.1] * 400_000}
    claims = {"hand-or-sleeve": {"outcome": "right", "facts": endless}}
    made = answered(SOLUTIONS | {"hand-or-sleeve": "times = (0.2, 0.2, 0.2)"}, claims)
    put(tmp_path / "in" / "eve" / "small.ipynb", made)
    outcomes = {one.exercise: one.outcome for one in graded(tmp_path / "in")["eve"].results}
    assert outcomes.pop(f"{S}.hand-or-sleeve") in ("wrong", "timeout")
    assert set(outcomes.values()) == {"right"}


def test_what_ran_out_of_time_is_run_again(tmp_path: Path, graded: Graded) -> None:
    from workbook_staff.grading import grade

    ran = []

    class Sandbox(parent.Sandbox):
        def run(self, job: dict[str, object], files: object, seconds: int) -> dict[str, object]:
            ran.append(job)
            return parent._told(b"", "timeout", seconds, ("",)) | {"seconds": 0.1}

    put(tmp_path / "in" / "anna" / "small.ipynb", claiming(answer="field = 11 * 2"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "_sandbox", Sandbox)
        assert field(graded(tmp_path / "in")["anna"]).outcome == "timeout"
    assert ran
    assert field(graded(tmp_path / "in")["anna"]).outcome == "right"
