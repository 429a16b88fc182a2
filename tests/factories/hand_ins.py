"""Hand-ins of students who do not exist, of all notebooks: what grading finds of each is known.

The answers are data, in ``tests/answers/``: neither students nor what executes their answers have
that folder. What editors, platforms and students do to a notebook is data, too, in :data:`CHANGES`
and the tables below it.
"""

import copy
import json
import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook import paths
from workbook_staff.grading.course import Course, Slot
from workbook_staff.notebooks import student_edition

ANSWERS = paths.ROOT / "tests" / "answers"

Notebook = dict[str, Any]
Expected = dict[str, tuple[str, str]]
"""By exercise, the outcome and the slip that explains it ("" for none)."""


@dataclass(frozen=True)
class Answers:
    """Answers to an exercise, as code: right ones, and wrong ones, each with its slip.

    ``trains``: some of them train a network, which takes as long here as it took the student.
    """

    right: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...]
    trains: bool = False


def answers(notebook: str) -> tuple[str, dict[str, Answers]]:
    """Return code that stands for what a notebook has made, and the answers to its exercises."""
    found = tomllib.loads((ANSWERS / f"{notebook}.toml").read_text(encoding="utf-8"))
    before = found.pop("before")
    return before, {
        name: Answers(
            tuple(one["right"]),
            tuple((source, slip) for slip, several in one["wrong"].items() for source in several),
            one.get("trains", False),
        )
        for name, one in found.items()
    }


@dataclass(frozen=True)
class Change:
    """What was done to a notebook; ``loses`` where no answer is left to find."""

    do: Callable[[Notebook], Any]
    loses: bool = False


def _code(made: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in made["cells"] if cell["cell_type"] == "code"]


def _is_answer(cell: dict[str, Any]) -> bool:
    return "answer" in cell["metadata"].get("tags", [])


def _answers_only(made: Notebook) -> None:
    made["cells"] = [cell for cell in made["cells"] if _is_answer(cell)]


def _no_answers(made: Notebook) -> None:
    made["cells"] = [cell for cell in made["cells"] if not _is_answer(cell)]


def _kind(kind: str, which: Callable[[dict[str, Any]], bool]) -> Callable[[Notebook], None]:
    """Return what turns some of the code cells into cells of another type."""

    def turn(made: Notebook) -> None:
        for cell in _code(made):
            if which(cell):
                cell["cell_type"] = kind
                del cell["outputs"], cell["execution_count"]

    return turn


def _without(*keys: str) -> Callable[[Notebook], None]:
    """Return what leaves parts out of each cell that has them."""

    def leave_out(made: Notebook) -> None:
        for cell in made["cells"]:
            for key in keys:
                cell.pop(key, None)

    return leave_out


def _one_by_one(*several: Callable[[Notebook], Any]) -> Callable[[Notebook], None]:
    def change(made: Notebook) -> None:
        for one in several:
            one(made)

    return change


def _ids(name: str) -> Callable[[Notebook], None]:
    """Return what gives each cell another id, of its number or the same for all."""

    def rename(made: Notebook) -> None:
        for number, cell in enumerate(made["cells"]):
            cell["id"] = name.format(number)

    return rename


def _nothing_said(made: Notebook) -> None:
    """Leave out all that says which notebook it is and what a cell answers."""
    made["metadata"] = {}
    for cell in made["cells"]:
        cell["metadata"] = {}


def _doctored(made: Notebook) -> None:
    for cell in _code(made):
        if not _is_answer(cell):
            cell["source"] = "exercises.check = exercises.fill = print\nmodel = history = H = None"


def _doubled(made: Notebook) -> None:
    made["cells"] += copy.deepcopy(made["cells"])


def _copied_below(made: Notebook) -> None:
    """Answer in new cells at the end, the cells that were meant for it still open."""
    for cell in [cell for cell in made["cells"] if _is_answer(cell)]:
        made["cells"].append(copy.deepcopy(cell) | {"id": f"mine-{len(made['cells'])}"})
        cell["source"] = "pass"


def _with_more(made: Notebook) -> None:
    extra: dict[str, Any] = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": []}
    made["cells"].insert(3, extra | {"execution_count": 1, "source": "exercises.check = print"})


def _commanded(made: Notebook) -> None:
    for cell in made["cells"]:
        if _is_answer(cell):
            cell["source"] = f"%matplotlib inline\n!pip list\n{cell['source']}"


def _shows(data: dict[str, Any]) -> Callable[[Notebook], None]:
    """Return what puts an output that shows something into each answer's cell."""
    return _says({"output_type": "display_data", "metadata": {}, "data": data})


def _says(output: dict[str, Any]) -> Callable[[Notebook], None]:
    """Return what puts an output into each answer's cell."""

    def show(made: Notebook) -> None:
        for cell in made["cells"]:
            if _is_answer(cell):
                cell["outputs"] = [output]

    return show


def _as_format_3(made: Notebook) -> None:
    """Write it as IPython 2 did: cells in worksheets, code as input, and no ids."""
    for cell in made["cells"]:
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell["input"], cell["language"] = cell.pop("source"), "python"
            cell["prompt_number"], cell["outputs"] = cell.pop("execution_count"), []
    made |= {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": made.pop("cells")}]}


CHANGES: dict[str, Change] = {
    "nothing": Change(lambda made: None),
    "no ids, format 4.4": Change(
        _one_by_one(_without("id"), lambda made: made.update(nbformat_minor=4))
    ),
    "no ids, format 4.5": Change(_without("id")),
    "other ids": Change(_ids("renamed-{}")),
    "one id for all": Change(_ids("the-same")),
    "format 3": Change(_as_format_3),
    "a format to come": Change(lambda made: made.update(nbformat_minor=99)),
    "no counts": Change(_without("execution_count")),
    "no outputs": Change(_without("outputs")),
    "nothing said": Change(_nothing_said),
    "nothing said, no ids": Change(_one_by_one(_nothing_said, _without("id"))),
    "sources as lines": Change(
        lambda made: [c.update(source=c["source"].splitlines(True)) for c in made["cells"]]
    ),
    "answers alone": Change(_answers_only),
    "other cells doctored": Change(_doctored),
    "turned round": Change(lambda made: made["cells"].reverse()),
    "all cells twice": Change(_doubled),
    "answered in cells below": Change(_copied_below),
    "a cell more": Change(_with_more),
    "magics and commands": Change(_commanded),
    "broken widgets": Change(
        lambda made: made["metadata"].update(
            widgets={"application/vnd.jupyter.widget-state+json": {"a": {}}}
        )
    ),
    "metadata that are none": Change(
        lambda made: made["metadata"].update(workbook=["?"], kernelspec=3, authors="me")
    ),
    "output of a script": Change(_shows({"text/html": "<script>x()</script>", "text/plain": "x"})),
    "escape sequences": Change(_shows({"text/plain": "\x1b]8;;http://x\x07link\x1b]8;;\x07"})),
    "a long line": Change(_shows({"text/plain": "x" * 2_000_000})),
    "a broken picture": Change(_shows({"image/png": "iVBORw0KGgo=", "image/svg+xml": ["<svg"]})),
    "prose in LaTeX": Change(_shows({"text/latex": "The loss is $L$ where $x>0$"})),
    "an error in its outputs": Change(
        _says(
            {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["\x1b[31m"]}
        )
    ),
    "an output of no type": Change(_says({"output_type": "?", "data": 3, "metadata": []})),
    "a video": Change(_shows({"text/html": '<video src="data:video/mp4;base64,AAAA"></video>'})),
    "prose and dead links": Change(
        lambda made: made["cells"].insert(
            0,
            {
                "cell_type": "markdown",
                "id": "prose",
                "metadata": {},
                "attachments": {"my hand.png": {"image/png": "AAAA"}},
                "source": "![x](attachment:my%20hand.png) ![y](.) [go](#Load-the-data)",
            },
        )
    ),
    "answers deleted": Change(_no_answers, loses=True),
    "answers in raw cells": Change(_kind("raw", _is_answer), loses=True),
    "answers in cells of no type": Change(_kind("sql", _is_answer), loses=True),
    "text only": Change(_kind("markdown", lambda _: True), loses=True),
}
"""What editors, platforms and students do to a notebook."""

FILES: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "with a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "Windows": lambda text: text.encode("cp1252", "ignore"),
    "lines of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "a comma too many": lambda text: (text.rstrip().removesuffix("}") + ",\n}").encode(),
}
"""How a notebook's text becomes a file."""

UNREADABLE = (
    b"",
    b"<!DOCTYPE html>",
    b"PK\x03\x04",
    b"%PDF-1.7",
    b"{\n<<<<<<< HEAD\n",
    b"[" * 100_000,
    b'{"cells": "none"}',
    b'{"cells": [{"cell_type": "code", "source": "x',
)

PLACES = (
    "{student}/{notebook}.ipynb",
    "submitted/{student}/ps3/{notebook}.ipynb",
    "{student}_{number}_assignsubmission_file_/{notebook}.ipynb",
    "{student}_{number}_{late}_{notebook}.ipynb",
    "Homework 3_{student}_attempt_2026-11-20-12-30-11_{notebook}.ipynb",
    "{student}/mine/deeper/{notebook} (1).IPYNB",
)

NAMES = ("student{}", "Zoë O'{}-Müller", "山田" * 22 + "{}")

ERRORS = (
    "{name} = undefined_name",
    "{name} = 1 / 0",
    "raise SystemExit\n{name} = 1",
    "import os\nos._exit(0)\n{name} = 1",
    "{name} = open('/etc/shadow').read()",
    "{name} = = 1",
)

_LETTERS = str.maketrans("0123456789", "abcdefghij")


def make(
    folder: Path, courses: Sequence[Course], count: int, seed: int = 0, trains: bool = False
) -> dict[str, Expected | None]:
    """Write hand-ins into a folder; return each student's outcomes and slips by exercise.

    The notebooks take turns, and so do what is done to them, their files, places and names. Of a
    hand-in that cannot be read the outcomes are None. Without ``trains`` the exercises whose
    answers train a network are left open.
    """
    chance = random.Random(seed)
    originals = {
        c.notebook: json.loads(json.dumps(student_edition.handed_out(c.path))) for c in courses
    }
    known = {c.notebook: answers(c.notebook)[1] for c in courses}
    expected: dict[str, Expected | None] = {}
    for number in range(count):
        course, turn = courses[number % len(courses)], number // len(courses)
        student = _one(NAMES, turn).format(str(number).translate(_LETTERS))
        path = folder / _one(PLACES, turn).format(
            student=student, notebook=course.notebook, number=1000 + number, late=9000 + number
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % 50 == 49:
            path.write_bytes(_one(UNREADABLE, number // 50))
            expected[student] = None
            continue
        change = CHANGES[_one(list(CHANGES), number)]
        made = copy.deepcopy(originals[course.notebook])
        cells = {cell["id"]: cell for cell in made["cells"]}
        outcomes = {}
        for name, slot in course.slots.items():
            one = known[course.notebook][name.partition(".")[2]]
            source, outcome = _answer(one, slot, chance, is_open=one.trains and not trains)
            # As nobody else wrote it: an answer that is known is not executed again.
            cells[slot.cell_id]["source"] = f"{source}\n# {student}"
            outcomes[name] = ("unattempted", "") if change.loses else outcome
        change.do(made)
        path.write_bytes(
            _one(list(FILES.values()), turn)(json.dumps(made, ensure_ascii=False, indent=1))
        )
        expected[student] = outcomes
    return expected


def _one(several: Sequence[Any], number: int) -> Any:
    return several[number % len(several)]


def _answer(
    one: Answers, slot: Slot, chance: random.Random, is_open: bool
) -> tuple[str, tuple[str, str]]:
    """Return an answer's source, and its outcome and slip."""
    kinds, weights = ("right", "wrong", "unattempted", "error"), (60, 22, 12, 6)
    kind = "unattempted" if is_open else chance.choices(kinds, weights)[0]
    if kind == "right":
        return chance.choice(one.right), ("right", "")
    if kind == "wrong":
        source, slip = chance.choice(one.wrong)
        return source, ("wrong", slip)
    if kind == "unattempted":
        return "\n".join(f"{name} = ..." for name in slot.names), ("unattempted", "")
    return chance.choice(ERRORS).format(name=" = ".join(slot.names)), ("error", "")
