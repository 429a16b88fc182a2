"""Which of a student's own cells an answer is made of, found in their code alone."""

from pathlib import Path

from workbook_staff.grading import code_cells, course, submission
from workbook_staff.grading.code_cells import Effects

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from small_course import S, answered, put

FIELD = f'exercises.check("{S}.receptive-field", field)'


def made(small: Path, tmp_path: Path, *cells: str, answer: str = "field = ...") -> tuple[str, ...]:
    """Return the code that answers an exercise, with cells of the student's own above it."""
    notebook = answered({"receptive-field": answer})
    place = next(n for n, c in enumerate(notebook.cells) if c.id == "receptive-field-answer")
    notebook.cells[place:place] = [new_code_cell(source) for source in cells]
    return _read(small, tmp_path, notebook)


def _read(small: Path, tmp_path: Path, notebook: NotebookNode) -> tuple[str, ...]:
    path = put(tmp_path / "small.ipynb", notebook)
    _, found, _ = submission.answers(path, course.courses([small]), "small.ipynb")
    attempts = found[f"{S}.receptive-field"].attempts
    return attempts[-1].cells if attempts else ()


ABOVE = {
    "a function": ("def double(x):\n    return 2 * x", "field = double(11)"),
    "a function that calls another below it": (
        "def twice(x):\n    return double(x)",
        "def double(x):\n    return 2 * x",
        "field = twice(11)",
    ),
    "an import": ("import math as m", "field = m.ceil(21.5)"),
    "a star import": ("from math import *", "field = ceil(21.5)"),
    "a class": ("class Box:\n    size = 22", "field = Box().size"),
    "a loop": ("for size in (3, 22):\n    pass", "field = size"),
    "a with": ("import io\nwith io.StringIO() as file:\n    n = 22", "field = n"),
    "a try": ("try:\n    n = 22\nexcept Exception:\n    n = 0", "field = n"),
    "an assignment expression": ("print(n := 22)", "field = n"),
    "a tuple": ("n, (m, *rest) = 22, (1, 2)", "field = n"),
    "a global": ("def put():\n    global n\n    n = 22", "put()", "field = n"),
    "a list that grows": ("sizes = []", "sizes.append(22)", "field = sizes[0]"),
    "an item": ("sizes = {}", "sizes['x'] = 22", "field = sizes['x']"),
    "a view": (
        "a = np.zeros(4)",
        "b = a.reshape(2, 2)",
        "b[0, 0] = 22",
        "field = a[0]",
    ),
    "a function that changes what it is given": (
        "def grow(sizes):\n    sizes.append(22)",
        "sizes = []",
        "done = grow(sizes)",
        "field = sizes[0]",
    ),
    "a function that changes what is not its own": (
        "sizes = []",
        "def grow():\n    sizes.append(22)",
        "grow()",
        "field = sizes[0]",
    ),
    "an attribute": ("class Box:\n    pass", "Box.size = 22", "field = Box.size"),
    "in place": ("n = 20", "n += 2", "field = n"),
    "%time": ("%time n = 22", "field = n"),
    "%%time": ("%%time\nn = 22", "field = n"),
    "%%capture": ("%%capture out\nn = 22\nprint(n)", "field = n"),
    "lambda": ("half = lambda x: x / 2", "field = half(44)"),
    "a default": ("n = 22", "def size(x=n):\n    return x", "field = size()"),
    "a decorator": (
        "def same(f):\n    return f",
        "@same\ndef size():\n    return 22",
        "field = size()",
    ),
    "annotations": ("n: int = 22", "field: int = n"),
    "a comprehension": ("sizes = [20, 22]", "field = max(s for s in sizes)"),
    "exec": ("exec('n = 22')", "field = n"),
    "match": ("match 22:\n    case n:\n        pass", "field = n"),
}


@pytest.mark.parametrize("cells", ABOVE.values(), ids=ABOVE)
def test_what_an_answer_needs_is_found_and_nothing_else(
    cells: tuple[str, ...], small: Path, tmp_path: Path
) -> None:
    noise = ["unused = 3", "print('hello')", "np.mean?"]
    found = made(small, tmp_path, *noise, *cells[:-1], answer=cells[-1])
    plain = ["\n".join(map(code_cells.ast.unparse, code_cells.parsed(cell))) for cell in cells]
    assert list(found) == plain


def test_of_several_definitions_the_last_before_the_check_counts(
    small: Path, tmp_path: Path
) -> None:
    found = made(small, tmp_path, "n = 1", "n = 22", answer="field = n")
    assert found == ("n = 22", "field = n")


def test_a_cell_that_is_left_open_hides_no_answer_above_it(small: Path, tmp_path: Path) -> None:
    assert made(small, tmp_path, "field = 22") == ("field = 22",)


@pytest.mark.parametrize(
    ("given", "answers"), [("...", []), ("11 * 2", ["11 * 2"]), ("answer=11 * 2", ["11 * 2"])]
)
def test_what_a_check_is_given_is_the_answer_but_for_three_dots(
    given: str, answers: list[str], small: Path, tmp_path: Path
) -> None:
    notebook = answered({"receptive-field": "field = ..."})
    check = next(cell for cell in notebook.cells if cell.id == "receptive-field-check")
    check.source = check.source.replace("field)", f"{given})")
    path = put(tmp_path / "small.ipynb", notebook)
    _, found, _ = submission.answers(path, course.courses([small]), "small.ipynb")
    assert [one.answer for one in found[f"{S}.receptive-field"].attempts] == answers


def test_what_the_course_binds_comes_from_its_run(small: Path, tmp_path: Path) -> None:
    path = put(tmp_path / "small.ipynb", answered({"receptive-field": "field = len(losses) * 2"}))
    _, found, _ = submission.answers(path, course.courses([small]), "small.ipynb")
    (attempt,) = found[f"{S}.receptive-field"].attempts
    assert attempt.course >= {"losses"} and attempt.cells == ("field = len(losses) * 2",)


def test_a_course_cell_with_a_line_more_is_still_the_course_s(small: Path, tmp_path: Path) -> None:
    notebook = answered({"receptive-field": "field = len(losses) * 2 + extra"})
    cell = next(cell for cell in notebook.cells if cell.id == "made")
    cell.source = f"%%time\n{cell.source}  # as it was\nextra = 0"
    assert _read(small, tmp_path, notebook) == ("extra = 0", "field = len(losses) * 2 + extra")


def test_several_cells_of_the_course_in_one_are_still_the_course_s(
    small: Path, tmp_path: Path
) -> None:
    notebook = answered({"receptive-field": "field = len(compared) * extra"})
    cells = {cell.id: cell for cell in notebook.cells}
    cells["made"].source += f"\n{cells['trained'].source}\nextra = 11"
    notebook.cells.remove(cells["trained"])
    assert _read(small, tmp_path, notebook) == ("extra = 11", "field = len(compared) * extra")


@pytest.mark.parametrize(
    ("source", "binds", "uses", "changes"),
    [
        ("x = y", {"x"}, {"y"}, set()),
        ("x = 1\ny = x", {"x", "y"}, set(), set()),
        ("x += 1", {"x"}, {"x"}, {"x"}),
        ("import a.b", {"a"}, set(), set()),
        ("def f(a, b=c):\n    return a + d", {"f"}, {"c"}, set()),
        ("[i for i in x]", set(), {"x"}, set()),
        ("x.sort()\nx", set(), {"x"}, {"x"}),
        ("x.mean()", set(), {"x"}, set()),
        ("x.mean()\n1", set(), {"x"}, {"x"}),
        ("x.fit(y)", set(), {"x", "y"}, {"x"}),
        ("h = x.fit(y)", {"h"}, {"x", "y"}, {"x"}),
        ("import random\nrandom.shuffle(x)", {"random"}, {"x"}, {"x"}),
        ("x[0].y = 3", set(), {"x"}, {"x"}),
        ("del x[0]", set(), {"x"}, {"x"}),
    ],
)
def test_names(source: str, binds: set[str], uses: set[str], changes: set[str]) -> None:
    effects = Effects()
    statements = code_cells.parsed(source)
    effects.learn(statements)
    found = code_cells.names(statements, effects)
    assert (set(found.binds), set(found.uses), set(found.changes)) == (binds, uses, changes)


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%time x = 3", "x = 3"),
        ("%%time\nx = 3\n%matplotlib inline", "x = 3\npass"),
        ("x = %time 3", "x = 3"),
        ("np.mean?", "pass"),
        ("?np.mean\nx = 3", "pass\nx = 3"),
        ("!pip install x\nx = 3", "pass\nx = 3"),
        ("files = !ls", "files = []"),
        ("x = (a\n!= b)", "x = a != b"),
        ("%%bash\nrm x", "pass"),
        ("%timeit x = 3", "pass"),
        ("    x = 3", "x = 3"),
        (">>> x = 3", "x = 3"),
        ("if x:\n    !ls\n    y = 1", "if x:\n    pass\n    y = 1"),
    ],
)
def test_cells_are_read_as_ipython_reads_them(source: str, python: str) -> None:
    assert "\n".join(map(code_cells.ast.unparse, code_cells.parsed(source))) == python


def test_a_cell_of_a_thousand_magics_is_no_python() -> None:
    with pytest.raises(SyntaxError):
        code_cells.parsed("%time x = 1\n" * 1000)


def test_text_in_place_of_code_is_told(small: Path, tmp_path: Path) -> None:
    notebook = answered({})
    place = next(n for n, c in enumerate(notebook.cells) if c.id == "receptive-field-answer")
    notebook.cells[place] = new_markdown_cell("field = 22", id="receptive-field-answer")
    path = put(tmp_path / "small.ipynb", notebook)
    _, found, _ = submission.answers(path, course.courses([small]), "small.ipynb")
    answer = found[f"{S}.receptive-field"]
    assert answer.outcome == "unattempted" and "a cell of text" in answer.why
    assert found[f"{S}.patience"].why == "no cell gives stops a value"
