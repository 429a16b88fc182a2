"""The student's cell, made from the solution; and what a check cell asks."""

from workbook_staff.notebooks import solutions

import pytest


def test_the_students_cell_is_made_from_the_solution() -> None:
    solution = (
        "# Count from 1.\n"
        "losses = history.history['val_loss']\n"
        "best_epoch = int(\n    np.argmin(losses)  # lowest\n) + 1\n"
        "model.fit(X_train)\n"
        "a, b = best_epoch, 2\n"
    )
    assert solutions.unsolved(solution) == "# Count from 1.\na = ...\nb = ..."


def test_a_solution_may_use_magics() -> None:
    solution = "# Time it.\n%matplotlib inline\ntaken = %timeit -o -n1 -r1 sum(range(9))\n!true\n"
    assert solutions.unsolved(solution) == "# Time it.\ntaken = ..."


@pytest.mark.parametrize(
    "solution",
    ["def relu(x):\n    return x", "n: int = 3", "model.trainable = False", "x += 1", "print(1)"],
)
def test_a_solution_that_names_no_answer_is_refused(solution: str) -> None:
    with pytest.raises(ValueError, match="none to a name"):
        solutions.unsolved(solution)


def test_a_comment_inside_a_statement_is_part_of_the_solution() -> None:
    solution = "# Kept.\nx = (\n# the answer is\n    3\n)\ny = '''\n# 3\n'''\n"
    assert solutions.unsolved(solution) == "# Kept.\ny = ..."


def test_blank_lines_before_a_solution_keep_its_comments_in_place() -> None:
    solution = '\n \n\n# Why\ns = """\n# secret\n"""\nbest = 7'
    assert solutions.unsolved(solution) == "# Why\nbest = ..."


def test_the_answer_is_what_the_check_takes_wherever_it_is_assigned() -> None:
    solution = "X = 1\ny = X + 1\nX = y\nprint(X)\nplot = 3\n"
    assert solutions.unsolved(solution, ("y", "X")) == "y = ...\nX = ..."
    assert solutions.unsolved("def relu(x):\n    return x", ("relu",)) == "relu = ..."
    with pytest.raises(ValueError, match="does not assign z"):
        solutions.unsolved(solution, ("y", "z"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('exercises.check("a.b", x, history)', ("check", "a.b", ("x",))),
        ('X, y = exercises.fill("a.b", (X, y), data)', ("fill", "a.b", ("X", "y"))),
        ('exercises.predict(\n    "a.b", [p, q, p]\n)\nmore()', ("predict", "a.b", ("p", "q"))),
    ],
)
def test_what_a_check_asks(source: str, expected: tuple[str, str, tuple[str, ...]]) -> None:
    asked = solutions.asked(source)
    assert (asked.call, asked.exercise, asked.names) == expected


def test_a_reason_is_left_open_and_is_no_part_of_the_answer() -> None:
    asked = solutions.asked('exercises.check("a.b", x, history, because=why)')
    assert (asked.names, asked.reason) == (("x",), ("why",))
    solution = "y = 2\nx = y\nwhy = 'since it is two'"
    assert solutions.unsolved(solution, asked.names + asked.reason) == "x = ...\nwhy = ..."


@pytest.mark.parametrize("source", ["", "x = 1", "check('a', x)", "exercises.check(name, x)"])
def test_what_asks_nothing_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"expected exercises\.check"):
        solutions.asked(source)
