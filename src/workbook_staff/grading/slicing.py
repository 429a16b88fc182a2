"""The program slice behind an answer: which of a student's own cells make it.

Backwards from the names that an answer uses, each name leads to the last cell before that binds it
or changes its value, and on to the names which that one uses. What the course's own cells bind
comes from the course's run. Weiser (1984): Program slicing. IEEE Transactions on Software
Engineering 10.
"""

import ast
import builtins
import copy
import functools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from workbook_staff.grading import code_cells
from workbook_staff.grading.code_cells import ANYTHING, Effects, Names

from nbformat import NotebookNode

MOST_CHARACTERS = 50_000
"""The longest cell that is looked at."""

MOST_IN_ALL = 500_000
"""How long all of a student's own cells may be, together."""

MOST_PARTS = 2_000

_CHECKS = ("check", "fill")


@dataclass(frozen=True)
class Check:
    """A call that checks an answer: of which exercise, and the answer's expression."""

    exercise: str
    answer: str


@dataclass(frozen=True)
class Part:
    """Statements of one cell that run together, or one call that checks.

    ``cell`` is the cell's place in the notebook, ``count`` its execution count (0: none).
    ``fault`` says why they cannot run, "" where they can.
    """

    cell: int
    count: int
    source: str
    names: Names
    is_course: bool
    check: Check | None = None
    fault: str = ""


@dataclass(frozen=True)
class Slice:
    """What makes some names: parts, by their places, and names that come from the course's run.

    ``nowhere`` are names that no cell above binds.
    """

    parts: tuple[int, ...]
    course: frozenset[str]
    nowhere: frozenset[str]


@dataclass(frozen=True)
class CourseCode:
    """The course's own cells: their statements, what their functions do, and what they bind."""

    cells: frozenset[tuple[str, ...]]
    effects: Effects
    binds: frozenset[str]


@functools.cache
def course_code(sources: frozenset[str]) -> CourseCode:
    """Return what is known of the course's own cells."""
    cells: set[tuple[str, ...]] = set()
    effects, binds = Effects(), set[str]()
    for source in sources:
        try:
            statements = code_cells.parsed(source)
        except (SyntaxError, ValueError):
            continue
        cells.add(tuple(map(ast.unparse, statements)))
        effects.learn(statements)
        binds |= code_cells.names(statements, Effects()).binds
    return CourseCode(frozenset(cells), effects, frozenset(binds))


def parts(notebook: NotebookNode, course: CourseCode, exercises: Iterable[str]) -> list[Part]:
    """Return the code of a hand-in, in the notebook's order."""
    exercises = set(exercises)
    left, cells = MOST_IN_ALL, []
    effects = replace(copy.deepcopy(course.effects), views={})
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        statements, fault = _statements(cell.source, left)
        if tuple(map(ast.unparse, statements)) not in course.cells:
            left -= len(cell.source)
            effects.learn(statements)
        cells.append((place, cell, statements, fault))
    found: list[Part] = []
    for place, cell, statements, fault in cells:
        count = cell.get("execution_count")
        count = count if isinstance(count, int) else 0
        if fault:
            nothing = Names(*[frozenset[str]()] * 6)
            found.append(Part(place, count, "", nothing, is_course=False, fault=fault))
            continue
        for group, is_course, check in _groups(statements, course.cells, exercises):
            names = code_cells.names(group, effects)
            text = "\n".join(map(ast.unparse, group))
            found.append(Part(place, count, text, names, is_course, check))
    return found[:MOST_PARTS]


def _statements(source: str, left: int) -> tuple[list[ast.stmt], str]:
    """Return a cell's statements, and why they cannot run."""
    if len(source) > min(MOST_CHARACTERS, left):
        return [], f"too large: its cell is longer than {MOST_CHARACTERS:,} characters"
    try:
        statements = code_cells.parsed(source)
        code_cells.names(statements, Effects())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [], f"{type(error).__name__}: {error}"[:300]
    return statements, ""


def _groups(
    statements: list[ast.stmt], course: frozenset[tuple[str, ...]], exercises: set[str]
) -> list[tuple[list[ast.stmt], bool, Check | None]]:
    """Return a cell's statements in groups: the course's, the student's, and those that check."""
    theirs = _of_course(statements, course)
    groups: list[tuple[list[ast.stmt], bool, Check | None]] = []
    for statement, is_course in zip(statements, theirs, strict=True):
        check = _check(statement, exercises)
        last = groups[-1] if groups else None
        if last and not check and not last[2] and last[1] == is_course:
            last[0].append(statement)
        else:
            groups.append(([statement], is_course, check))
    return groups


def _of_course(statements: list[ast.stmt], course: frozenset[tuple[str, ...]]) -> list[bool]:
    """Return which statements are the course's own: those of whole cells of it, if any.

    Where a student's line before one of them binds what it uses, they are the student's.
    """
    texts = [ast.unparse(statement) for statement in statements]
    found = [False] * len(texts)
    for cell in sorted(course, key=lambda cell: (-len(cell), cell)):
        rest, of_cell = list(cell), []
        for n, text in enumerate(texts):
            if rest and text == rest[0] and not found[n]:
                rest.pop(0)
                of_cell.append(n)
        for n in of_cell if not rest else ():
            found[n] = True
    changed: set[str] = set()
    for statement, is_course in zip(statements, found, strict=True):
        names = code_cells.names([statement], Effects())
        if is_course and changed & (names.uses | names.later):
            return [False] * len(texts)
        if not is_course:
            changed |= names.binds | names.changes
    return found


def _check(statement: ast.stmt, exercises: set[str]) -> Check | None:
    """Return what a statement checks, if it does."""
    match statement:
        case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call):
            pass
        case _:
            return None
    match call:
        case ast.Call(
            func=ast.Attribute(attr=name) | ast.Name(id=name),
            args=[ast.Constant(value=str(exercise)), *given],
            keywords=named,
        ) if name in _CHECKS and exercise in exercises:
            given += [one.value for one in named if one.arg == "answer"]
            return Check(exercise, ast.unparse(given[0])) if given else None
    return None


def used(expression: str) -> frozenset[str]:
    """Return the names of the notebook that an expression uses."""
    names = code_cells.names(code_cells.parsed(expression), Effects())
    return names.uses | names.later


class Slicer:
    """Finds slices in the parts of one notebook."""

    def __init__(self, parts: Sequence[Part]) -> None:  # noqa: D107 - the class says it
        self._parts = parts
        self._places: dict[str, list[int]] = {}
        for place, part in enumerate(parts):
            for name in part.names.binds | (frozenset() if part.is_course else part.names.changes):
                self._places.setdefault(name, []).append(place)

    def slice(
        self,
        names: Iterable[str],
        before: int,
        is_given: Callable[[str], bool] = lambda _: False,
    ) -> Slice:
        """Return what makes names that are used just before a part.

        ``is_given`` says which come from the course's run whatever the student's cells do, but for
        the names of the answer itself.
        """
        chosen: set[int] = set()
        course: set[str] = set()
        nowhere: set[str] = set()
        done: set[tuple[str, int]] = set()
        todo = [(name, before) for name in names]
        wanted = set(names)

        while todo:
            name, end = todo.pop()
            if (name, end) in done:
                continue
            done.add((name, end))
            if name not in wanted and is_given(name):
                course.add(name)
                continue
            for place in self._binders(name, end):
                part = self._parts[place]
                if part.is_course:
                    course.add(name)
                    break
                if place not in chosen:
                    chosen.add(place)
                    todo += [(used, place) for used in part.names.uses]
                    todo += [(used, before) for used in part.names.later]
                if name in part.names.surely:
                    break
            else:
                course.add(name)
                if not hasattr(builtins, name):
                    nowhere.add(name)
        return Slice(tuple(sorted(chosen)), frozenset(course), frozenset(nowhere))

    def _binders(self, name: str, end: int) -> Iterable[int]:
        """Give the parts before one that bind or change a name, the last first.

        A part that leaves it at ``...`` is one of them only where there is no other.
        """
        places = self._places.get(name, [])
        hidden = self._places.get(ANYTHING, [])
        both = {*places[: bisect_left(places, end)], *hidden[: bisect_left(hidden, end)]}
        closed = {place for place in both if name not in self._parts[place].names.opens}
        return sorted(closed or both, reverse=True)

    def after(self, name: str, place: int) -> Part | None:
        """Return the first part from a place on that binds a name."""
        later = [p for p in self._places.get(name, []) if p >= place]
        return self._parts[later[0]] if later else None
