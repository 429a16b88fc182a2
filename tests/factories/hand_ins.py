"""Hand-ins of students who do not exist, of all notebooks: what grading finds of each is known.

The answers are data, in ``tests/answers/``: neither students nor what executes their answers have
that folder. What editors, platforms and students do to a notebook is data, too, in :data:`CHANGES`
and the tables below it.
"""

import copy
import json
import random
import secrets
import textwrap
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

    ``trains``: some of them train a network, which takes as long here as it took the student, or
    are of a training by which this file stands in for the notebook's.
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
    """What was done to a notebook; ``loses`` where no answer is left to find.

    ``moves`` where cells beside the answers go or change places, so that an answer must not need
    them.
    """

    do: Callable[[Notebook], Any]
    loses: bool = False
    moves: bool = False


@dataclass(frozen=True)
class Written:
    """How an answer is written: its cell, cells above it, lines in its check's cell, cells below.

    ``answer`` is what the check is given in place of its own names.
    """

    cell: str
    above: tuple[str, ...] = ()
    in_check: str = ""
    below: tuple[str, ...] = ()
    answer: str = ""


def _indented(source: str) -> str:
    return textwrap.indent(source, "    ")


def _after(cell: str) -> Callable[[str, str], Written]:
    """Return the habit of a line more below the answer, which may speak of it as ``{names}``."""
    return lambda source, names: Written(f"{source}\n{cell.format(names=names)}")


def _before(*cells: str) -> Callable[[str, str], Written]:
    """Return the habit of cells of one's own above an answer, which needs none of them."""
    return lambda source, _: Written(source, cells)


def _through(*cells: str) -> Callable[[str, str], Written]:
    """Return the habit of an answer made above, and passed on: the last cell gets it back."""

    def write(source: str, names: str) -> Written:
        *above, cell = (one.format(names=names) for one in cells)
        return Written(f"{names} = {cell}", (f"{source}\n{above[0]}", *above[1:]))

    return write


HABITS: dict[str, Callable[[str, str], Written]] = {
    "plainly": lambda source, _: Written(source),
    "shown": _after("{names}"),
    "printed": _after('print(f"my answer: {{{names}}}")'),
    "displayed": _after("display({names})"),
    "plotted": _after("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    "asserted": _after("assert ({names}) is not None"),
    "with a table": _after("import pandas as pd\npd.DataFrame({{'a': [1]}}).head()"),
    "with a walrus": _after("print(said := 'done')"),
    "with hints": _after("exercises.hint('mnist.gap')"),
    "timed": lambda source, _: Written(f"%%time\n{source}"),
    "captured": lambda source, _: Written(f"%%capture\n{source}"),
    "with magics": lambda source, _: Written(f"%matplotlib inline\n!pip list\nlen?\n{source}"),
    "with comments": lambda source, _: Written(f"# my answer\n\n{source}\n# TODO", ("# a note",)),
    "after imports": _before("import numpy as np\nimport keras", "import os, sys, math"),
    "after a seed": _before("np.random.seed(0)", "import random\nrandom.seed(0)"),
    "after looking": _before("print(len(dir()))", "np.mean?", "!ls"),
    "after a failure": _before("tried = 1 / 0", "this is no Python"),
    "after overwriting": _before("X_train = model = None"),
    "after a first try": lambda source, names: Written(source, (_wrong(names),)),
    "by a helper": lambda source, names: Written(
        "mine()", (f"def mine() -> None:\n    global {names}\n{_indented(source)}",)
    ),
    "by a helper's helper": lambda source, names: Written(
        "mine()",
        (
            "def mine():\n    return work()",
            f"def work():\n    global {names}\n{_indented(source)}",
        ),
    ),
    "in a loop": lambda source, _: Written(f"for _ in range(1):\n{_indented(source)}"),
    "under a bar": lambda source, _: Written(
        f"from tqdm import tqdm\nfor _ in tqdm(range(1)):\n{_indented(source)}"
    ),
    "in a try": lambda source, _: Written(
        f"try:\n{_indented(source)}\nexcept ZeroDivisionError as error:\n    print(error)"
    ),
    "in a with": lambda source, _: Written(
        f"with nothing():\n{_indented(source)}",
        ("from contextlib import nullcontext as nothing",),
    ),
    "as a script": lambda source, _: Written(f'if __name__ == "__main__":\n{_indented(source)}'),
    "through a name": _through("mine = {names}", "mine"),
    "through a lambda": _through("mine = {names}", "get = lambda: mine", "get()"),
    "through a list": _through("mine = {names}", "seen = []", "seen.append(mine)", "seen[-1]"),
    "through a class": _through(
        "mine = {names}", "class Mine:\n    pass", "Mine.value = mine", "Mine.value"
    ),
    "through a table": _through("mine = {names}", "all_ = {{}}", "all_['x'] = mine", "all_['x']"),
    "in the check": lambda source, names: Written(_open(names), in_check=source),
    "below the check": lambda source, names: Written(_open(names), below=(source,)),
    "below a wrong one": lambda source, names: Written(_wrong(names), below=("# I see", source)),
    "under another name": lambda source, names: Written(
        _open(names), (f"{source}\nmine = {names}",), answer="mine"
    ),
    "and played with": lambda source, names: Written(source, below=(_wrong(names),)),
}
"""How students write what is right."""


def _open(names: str) -> str:
    return "\n".join(f"{name} = ..." for name in names.split(", "))


def _wrong(names: str) -> str:
    return f"{names} = [0] * {len(names.split(', '))}"


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


def _timed(made: Notebook) -> None:
    for cell in _code(made):
        cell["source"] = f"%%time\n{cell['source']}"


def _annotated(made: Notebook) -> None:
    """Write a word below each cell, and lines further apart."""
    for cell in _code(made):
        cell["source"] = f"{cell['source']}\n\n\n# seen"


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
    "answers alone": Change(_answers_only, moves=True),
    "other cells doctored": Change(_doctored, moves=True),
    "turned round": Change(lambda made: made["cells"].reverse(), moves=True),
    "all cells twice": Change(_doubled, moves=True),
    "all cells timed": Change(_timed, moves=True),
    "all cells commented": Change(_annotated),
    "answered in cells below": Change(_copied_below, moves=True),
    "a cell more": Change(_with_more),
    "magics and commands": Change(_commanded, moves=True),
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
            source = f"{source}\nby = {student!r}"
            is_plain = outcome[0] != "right" or change.moves or change.loses
            habit = HABITS["plainly" if is_plain else chance.choice(list(HABITS))]
            write(made, cells[slot.cell_id], slot, habit(source, ", ".join(slot.names)))
            outcomes[name] = ("unattempted", "") if change.loses else outcome
        change.do(made)
        path.write_bytes(
            _one(list(FILES.values()), turn)(json.dumps(made, ensure_ascii=False, indent=1))
        )
        expected[student] = outcomes
    return expected


def write(made: Notebook, cell: dict[str, Any], slot: Slot, written: Written) -> None:
    """Write an answer into a notebook."""
    cells = made["cells"]
    cell["source"] = written.cell
    place = cells.index(cell)
    check = next(c for c in cells[place:] if f'"{slot.exercise}"' in c["source"] and c != cell)
    if written.answer:
        edited = check["source"].replace(f", {slot.answer}", f", {written.answer}", 1)
        if edited == check["source"] or "exercises.fill(" in edited:
            cell["source"] = f"{', '.join(slot.names)} = {written.answer}"
        else:
            check["source"] = edited
    if written.in_check:
        check["source"] = f"{written.in_check}\n{check['source']}"
    below = cells.index(check) + 1
    cells[below:below] = [_own(source) for source in written.below]
    cells[place:place] = [_own(source) for source in written.above]


def _own(source: str) -> dict[str, Any]:
    parts = {"id": secrets.token_hex(4), "metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "source": source, **parts}


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
