"""The exercises: what is said to each kind of answer, and that notebooks and specs agree."""

import ast
import time
from collections import deque
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from workbook import exercises, paths
from workbook.backend import keras, tf
from workbook.reports import editions

import nbformat
import numpy as np
import pandas as pd
import pytest

HISTORY = SimpleNamespace(
    epoch=[0, 1, 2],
    history={"accuracy": [0.9, 0.99], "val_accuracy": [0.92, 0.95], "val_loss": [0.3, 0.2, 0.4]},
)
LABELS = np.array([0, 0, 1, 1, 2, 2])
PREDICTED = np.array([0, 0, 1, 2, 0, 0])
PROBABILITIES = np.array([[0.95, 0.04, 0.01], [0.95, 0.01, 0.04], [0.6, 0.4, 0], [0.02, 0, 0.98]])
NAMES = ("shirt", "coat", "bag")
UNDER = {"as stored": 0.99, "mirrored (other hand)": 0.4, "on clutter": 0.5, "noisy": 0.6}

# For each exercise: what the notebook hands over, the right answer worked out by hand, a wrong one.
CASES: dict[str, tuple[tuple[Any, ...], Any, Any]] = {
    "mnist.gap": ((HISTORY,), 0.04, 4.0),
    "mnist.hardest-pair": ((LABELS, PREDICTED, NAMES), ["bag", "shirt"], {"bag", "coat"}),
    "mnist.second-guesses": ((np.array([0, 1, 1, 0]), PROBABILITIES), 0.75, 0.25),
    "mnist.smaller-model": ((), 25_450, 25_408),
    "fashion-mnist.best-epoch": ((HISTORY,), 2, 1),
    "fashion-mnist.hardest-pair": ((LABELS, PREDICTED, NAMES), {"bag", "shirt"}, "bag"),
    "fashion-mnist.worst-class": ((LABELS, PREDICTED, NAMES), "Bag", "coat"),
    "fashion-mnist.when-sure": ((np.array([0, 1, 1, 2]), PROBABILITIES), 2 / 3, 0.5),
    "digit-recognizer.steps": ((np.zeros(65), HISTORY), 9, 6),
    "digit-recognizer.gradient": ((np.array([0.02, 0.3]),), 0.02 + 1e-9, -0.02),
    "digit-recognizer.silent-units": ((np.array([[-1, 2], [0, 3]]),), 0.5, 0.25),
    "digit-recognizer.learning-rate": ((), 0.1, 10.0),
    "sign-language-mnist.best-epoch": ((HISTORY,), 2, 3),
    "sign-language-mnist.count": ((), np.array([19_668_992, 288]), (19_668_992, 320)),
    "sign-language-mnist.other-hand": ((UNDER,), 0.59, -0.59),
    "sign-language-mnist.worst-disturbance": ((UNDER,), "on clutter", "mirrored (other hand)"),
}

NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def test_every_exercise_has_a_case() -> None:
    assert set(CASES) == set(exercises.EXERCISES)


@pytest.mark.parametrize("name", CASES)
def test_answers_are_told_apart(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    given, right, wrong = CASES[name]
    exercise = exercises.EXERCISES[name]
    exercises.check(name, right, *given)
    assert capsys.readouterr().out == f"Right. {exercise.why}\n"
    exercises.check(name, wrong, *given)
    said = capsys.readouterr().out
    assert said.startswith("Not yet: got ")
    assert said.endswith(f"Hint: {exercise.hint}\n")
    exercises.check(name, ..., *given)
    assert capsys.readouterr().out.startswith("Not attempted yet")


@pytest.mark.parametrize("answer", ["25450 weights", None, [25_450, 1], "", NAMES, object])
def test_an_answer_of_the_wrong_kind_is_wrong_and_no_error(
    answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    exercises.check("mnist.smaller-model", answer)
    assert capsys.readouterr().out.startswith("Not yet: got ")


@pytest.mark.parametrize("answer", [3, None, ["bag"], np.str_("coat")])
def test_a_name_is_expected_where_a_name_is_asked_for(
    answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    exercises.check("fashion-mnist.worst-class", answer, LABELS, PREDICTED, NAMES)
    assert capsys.readouterr().out.startswith("Not yet: got ")


@pytest.mark.parametrize(
    "answer", ["shirt", 5, None, object, ["bag", "shirt", "coat"], [["bag"], ["shirt"]]]
)
def test_a_set_is_expected_where_several_are_asked_for(
    answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    exercises.check("mnist.hardest-pair", answer, LABELS, PREDICTED, NAMES)
    assert capsys.readouterr().out.startswith("Not yet: got ")


def test_numbers_are_said_as_students_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    exercises.check("mnist.gap", np.float64(4), HISTORY)
    assert "got 4.\n" in capsys.readouterr().out


def test_a_wrong_answer_is_not_told_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    exercises.check("fashion-mnist.worst-class", "coat", LABELS, PREDICTED, NAMES)
    assert "bag" not in capsys.readouterr().out


@pytest.mark.parametrize("answer", [{"shirt", "coat"}, {"coat", "bag"}])
def test_any_of_several_right_answers_is_right(
    answer: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    predicted = np.array([0, 1, 1, 2, 2, 2])
    exercises.check("mnist.hardest-pair", answer, LABELS, predicted, NAMES)
    assert capsys.readouterr().out.startswith("Right.")


def test_the_best_epoch_of_a_diverged_training_is_one_with_a_loss(
    capsys: pytest.CaptureFixture[str],
) -> None:
    history = SimpleNamespace(history={"val_loss": [0.9, 0.6, float("nan")]})
    exercises.check("fashion-mnist.best-epoch", 2, history)
    assert capsys.readouterr().out.startswith("Right.")


def test_an_unknown_exercise_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"mnist\.gap"):
        exercises.check("mnist.gaps", 1)


def test_the_students_cell_is_made_from_the_solution() -> None:
    solution = (
        "# Count from 1.\n"
        "losses = history.history['val_loss']\n"
        "best_epoch = int(\n    np.argmin(losses)  # lowest\n) + 1\n"
        "model.fit(X_train)\n"
        "a, b = best_epoch, 2\n"
    )
    assert exercises.unsolved(solution) == "# Count from 1.\na = ...\nb = ..."


def test_a_solution_may_use_magics() -> None:
    solution = "# Time it.\n%matplotlib inline\ntaken = %timeit -o -n1 -r1 sum(range(9))\n!true\n"
    assert exercises.unsolved(solution) == "# Time it.\ntaken = ..."


def _tagged(notebook: nbformat.NotebookNode, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def _names(source: str, context: type[ast.expr_context]) -> set[str]:
    nodes = ast.walk(ast.parse(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solutions_and_checks_belong_together(path: Any) -> None:
    notebook = nbformat.read(path, 4)
    checks = _tagged(notebook, "check")
    assert len(checks) >= (4 if path.stem[:2] in ("01", "02", "03", "04") else 1)
    solutions = [c.source for c in _tagged(notebook, "solution") if c.cell_type == "code"]
    assert len(solutions) == len(checks)
    for solution, check in zip(solutions, checks, strict=True):
        answer = ast.parse(check.source).body[0].value.args[1].id
        assert _names(exercises.unsolved(solution), ast.Store) == {answer}
        # What the solution worked out as run and stored: nbval compares it on every run.
        assert check.outputs[0].text.startswith("Right."), check.source
        assert "nbval-check-output" in check.metadata.tags


@pytest.mark.skipif(not NOTEBOOKS, reason="no notebooks in this checkout")
def test_every_exercise_is_asked_once() -> None:
    asked = [
        ast.parse(cell.source).body[0].value.args[0].value
        for path in NOTEBOOKS
        for cell in _tagged(nbformat.read(path, 4), "check")
    ]
    assert sorted(asked) == sorted(exercises.EXERCISES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_unattempted_notebook_runs_to_its_end(
    path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    solved, student = nbformat.read(path, 4), editions.student(nbformat.read(path, 4))
    awaited: set[str] = set()
    for cell, theirs in zip(
        [c for c in solved.cells if c.cell_type == "code"],
        [c for c in student.cells if c.cell_type == "code"],
        strict=True,
    ):
        if "solution" in cell.metadata.get("tags", []):
            awaited |= _names(cell.source, ast.Store)
            answers: dict[str, Any] = {"exercises": exercises}
            exec(theirs.source, answers)
        elif "check" in cell.metadata.get("tags", []):
            others = dict.fromkeys(_names(cell.source, ast.Load) - set(answers))
            exec(theirs.source, others | answers)
            assert "Not attempted" in capsys.readouterr().out
        elif not cell.source.startswith("%"):
            # Nothing else may need what only a solution works out.
            awaited -= _names(cell.source, ast.Store)
            assert not awaited & _names(cell.source, ast.Load), cell.source


@pytest.mark.parametrize(
    ("name", "answer", "given"),
    [
        ("sign-language-mnist.count", (19_668_993, 288), ()),
        ("mnist.smaller-model", [25_450, 25_450], ()),
        (
            "fashion-mnist.when-sure",
            0.75,
            (
                np.array([0, 1, 1, 0]),
                np.array([[0.95, 0.05], [0.95, 0.05], [0.2, 0.8], [0.8, 0.2]]),
            ),
        ),
        (
            "fashion-mnist.worst-class",
            "shirt",
            (np.array([0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 0, 0, 0]), ("shirt", "coat")),
        ),
    ],
    ids=["Q1", "Q4", "Q2", "Q6"],
)
def test_a_near_miss_is_wrong(name, answer, given, capsys):
    exercises.check(name, answer, *given)
    assert capsys.readouterr().out.startswith("Not yet")


@pytest.mark.parametrize(
    "solution",
    ["def relu(x):\n    return x", "n: int = 3", "model.trainable = False", "x += 1", "print(1)"],
)
def test_a_solution_that_names_no_answer_is_refused(solution: str) -> None:
    with pytest.raises(ValueError, match="none to a name"):
        exercises.unsolved(solution)


def test_a_comment_inside_a_statement_is_part_of_the_solution() -> None:
    solution = "# Kept.\nx = (\n# the answer is\n    3\n)\ny = '''\n# 3\n'''\n"
    assert exercises.unsolved(solution) == "# Kept.\ny = ..."


def test_blank_lines_before_a_solution_keep_its_comments_in_place() -> None:
    solution = '\n \n\n# Why\ns = """\n# secret\n"""\nbest = 7'
    assert exercises.unsolved(solution) == "# Why\nbest = ..."


def test_a_long_answer_is_not_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    for answer in (np.zeros(10_000, bool), [0.5] * 10_000, 10**400):
        exercises.check("mnist.smaller-model", answer)
    assert len(capsys.readouterr().out) < 2000


def _said(capsys: pytest.CaptureFixture[str], name: str, answer: Any, *given: Any) -> str:
    exercises.check(name, answer, *given)
    return capsys.readouterr().out


PAIR = ["Bag", "shirt "]


@pytest.mark.parametrize(
    "answer",
    [
        np.array(PAIR),
        np.array(PAIR, object),
        pd.Series(PAIR),
        pd.Index(PAIR),
        tf.constant(PAIR),
        frozenset(PAIR),
        dict.fromkeys(PAIR).keys(),
        dict(enumerate(PAIR)).values(),
        deque(PAIR),
        tuple(PAIR),
        [np.str_(name) for name in PAIR],
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_several_names_count_in_whatever_they_come(answer, capsys):
    assert _said(capsys, "mnist.hardest-pair", answer, LABELS, PREDICTED, NAMES)[:5] == "Right"


@pytest.mark.parametrize("answer", [{0, 2}, np.array([2, 0]), (2.0, np.float32(0)), ["0", 2]])
def test_digits_count_as_the_names_of_classes(answer, capsys):
    given = LABELS, PREDICTED, ("0", "1", "2")
    assert _said(capsys, "mnist.hardest-pair", answer, *given)[:5] == "Right"


@pytest.mark.parametrize(
    "answer",
    [
        np.float32(25_450),
        np.array(25_450),
        np.array([25_450]),
        np.array([[25_450]]),
        Decimal("25450.0"),
        Fraction(50_900, 2),
        tf.constant(25_450),
        tf.Variable([25_450.0]),
        pd.Series([25_450]),
        25_450 + 0j,
        "25450",
        [25_450],
    ],
    ids=lambda answer: f"{type(answer).__name__}",
)
def test_a_number_counts_in_whatever_type(answer, capsys):
    assert _said(capsys, "mnist.smaller-model", answer)[:5] == "Right"


def test_a_name_counts_in_an_array_of_one(capsys):
    given = LABELS, PREDICTED, NAMES
    for answer in (np.array("bag"), np.array(["BAG"]), pd.Series(["bag"])):
        assert _said(capsys, "fashion-mnist.worst-class", answer, *given)[:5] == "Right"


class Hostile:
    """Whatever is asked of it fails, or never ends."""

    def _fails(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    def _never_ends(self, *_: Any, **__: Any) -> Any:
        while True:
            pass

    __eq__ = __str__ = __float__ = __len__ = _fails
    __repr__ = __array__ = __iter__ = __int__ = __format__ = _never_ends
    __hash__ = object.__hash__


class HostileList(list):
    __iter__ = __repr__ = __len__ = Hostile._never_ends


HOSTILE_ARRAY = np.empty(2, dtype=object)
HOSTILE_ARRAY[0] = Hostile()
LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize("name", ["mnist.smaller-model", "mnist.hardest-pair", "mnist.gap"])
@pytest.mark.parametrize(
    "answer",
    [
        10**10_000,
        -(10**100_000),
        [10**10_000, 1],
        Fraction(10**10_000, 3),
        Decimal("1e999999"),
        Decimal("sNaN"),
        float("nan"),
        float("inf"),
        1 + 2j,
        True,
        None,
        b"bag",
        Hostile(),
        [Hostile(), Hostile()],
        {Hostile()},
        HOSTILE_ARRAY,
        Hostile,
        HostileList([1]),
        LOOP,
        (n for n in iter(int, 1)),
        iter([1, 2]),
        print,
        keras.Input((2,)),
        {"bag": 1},
        "x" * 10**7,
        "1" * 10**6,
        range(10**15),
        np.zeros((3000, 3000)),
        np.array([np.nan, 1]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(2, [("a", int)]),
        list(range(10**6)),
        {str(n) for n in range(10**5)},
        [[[[[[1]]]]]],
        pd.DataFrame({"a": [1, None]}),
        tf.ragged.constant([[1], [2, 3]]),
        NotImplemented,
        slice(1),
        type("X" * 10**6, (), {})(),
    ],
    ids=lambda answer: type(answer).__name__[:20],
)
def test_no_answer_is_an_error_or_takes_long_or_fills_the_page(name, answer, capsys):
    given = {"mnist.hardest-pair": (LABELS, PREDICTED, NAMES), "mnist.gap": (HISTORY,)}
    started = time.perf_counter()
    said = _said(capsys, name, answer, *given.get(name, ()))
    assert time.perf_counter() - started < 1
    assert said.startswith("Not yet: got ") and len(said) < 500 and said.count("\n") == 2


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (np.float32(0.25), "0.25"),
        (10**10_000, "a whole number of about 10,001 digits"),
        ([np.float64(0.5), 1], "[0.5, 1]"),
        (("a", np.int64(3)), "('a', 3)"),
        (Hostile(), "a value of type Hostile"),
        ((n for n in ()), "a value of type generator"),
        (np.array([1, 2]), "[1, 2]"),
        (np.zeros((3000, 3000)), "9,000,000 values, of shape (3000, 3000)"),
        (None, "None"),
    ],
    ids=range(9),
)
def test_what_was_answered_is_shown(answer, shown, capsys):
    assert f"got {shown}.\n" in _said(capsys, "mnist.smaller-model", answer)
