"""What is said to an answer, what is recorded of it, and that notebooks and specs agree."""

import ast
import builtins
import dataclasses
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from workbook import exercises
from workbook.errors import UnknownExerciseError
from workbook.exercises import Exercise, calls, judges, records, slips
from workbook.exercises.exercise import Equals, Prediction
from workbook_staff.notebooks import find, solutions, student_edition

import nbformat
import numpy as np
import pandas as pd
import pytest

NOTEBOOKS = find.own()


def _half(facts: exercises.Facts) -> float:
    return facts["whole"] / 2


_is_half = Equals(_half, within=0.001)

HALF = Exercise(
    facts=lambda whole: {"whole": whole},
    right=_is_half,
    slips={
        "percentage": slips.percentage(_is_half),
        "the rest": slips.the_rest(_is_half),
        "whole": Equals(lambda facts: facts["whole"]),
    },
    title="Half",
    hints=("the idea", "the tool", "nearly there"),
    why="Two halves make a whole.",
    messages={
        "percentage": "That is a percentage.",
        "the rest": "That is the share of all the others.",
        "whole": "That is the whole.",
    },
)

SIZE = Exercise(
    facts=lambda: {},
    right=lambda answer, _: answer == [2],
    title="Size",
    hints=("a", "b", "c"),
    why="Two it is.",
    measure=lambda answer: list(answer.shape),
    ours=lambda: "ours",
)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {"test.half": HALF, "test.size": SIZE}
    monkeypatch.setattr(records, "opened", Counter())
    monkeypatch.setattr(records, "predicted", {})
    for name, exercise in mine.items():
        monkeypatch.setitem(exercises.EXERCISES, name, exercise)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[records.Said]:
    """What is displayed, in order."""
    said: list[records.Said] = []
    monkeypatch.setattr("IPython.display.display", said.append)
    return said


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (exercises.Statement(True, "As we saw."), exercises.Statement(False, "It is not."))
    monkeypatch.setitem(exercises.RECALL, "test.recall", both)


def test_a_right_answer_opens_the_explanation(shown: list[records.Said]) -> None:
    exercises.check("test.half", 0.2, 0.4)
    assert repr(shown[0]) == "Right. Two halves make a whole."
    assert shown[0].record == {
        "exercise": "test.half",
        "outcome": "right",
        "hints": 0,
        "prediction": None,
        "facts": {"whole": 0.4},
        "answer": 0.2,
        "said": "0.2",
        "misconception": None,
    }


@pytest.mark.parametrize(
    ("answer", "name", "said"),
    [
        (20, "percentage", "That is a percentage."),
        (0.8, "the rest", "the share of all the others"),
        (0.4, "whole", "That is the whole."),
        (0.3, None, "For help"),
        ("half", None, "For help"),
        (object(), None, "For help"),
    ],
)
def test_a_wrong_answer_is_diagnosed_and_not_told(
    answer: Any, name: str | None, said: str, shown: list[records.Said]
) -> None:
    exercises.check("test.half", answer, 0.4)
    text = repr(shown[0])
    assert text.startswith("Not yet: got ") and said in text and "halves" not in text
    assert text.endswith('exercises.hint("test.half").')
    assert shown[0].record is not None and shown[0].record["misconception"] == name


def test_a_record_is_judged_later_as_it_was_then(shown: list[records.Said]) -> None:
    for answer in (0.2, 20, 0.3, "half", object(), float("nan")):
        exercises.check("test.half", answer, 0.4)
        record = json.loads(json.dumps(shown[-1].record))
        verdict = exercises.judged(HALF, record["answer"], record["facts"])
        slip = verdict.misconception
        assert (verdict.outcome, slip and slip.name) == (
            record["outcome"],
            record["misconception"],
        )


def test_the_output_has_the_record_beside_the_text(shown: list[records.Said]) -> None:
    exercises.check("test.half", 0.2, 0.4)
    bundle = shown[0]._repr_mimebundle_()
    assert bundle["application/vnd.workbook.exercise+json"]["outcome"] == "right"
    assert bundle["text/markdown"] == "**Right.** Two halves make a whole."
    assert bundle["text/plain"] == "Right. Two halves make a whole."


def test_without_an_answer_nothing_is_asked_of_what_is_given(shown: list[records.Said]) -> None:
    exercises.check("test.half", ...)
    assert repr(shown[0]).startswith("Not attempted yet.")
    exercises.check("test.half", (..., 1))
    exercises.check("test.half", None)
    assert [said.record and said.record["outcome"] for said in shown] == ["unattempted"] * 3


def test_what_cannot_be_judged_is_no_traceback(shown: list[records.Said]) -> None:
    exercises.check("mnist.gap", (0.1, 0.1), None, None)
    assert repr(shown[0]).startswith("This cannot be judged: ")
    assert "AttributeError" in repr(shown[0]) and shown[0].record is None


def test_hints_come_one_after_the_other(shown: list[records.Said]) -> None:
    for _ in range(4):
        exercises.hint("test.half")
    exercises.check("test.half", 0.2, 0.4)
    assert repr(shown[0]) == "1. the idea"
    assert repr(shown[2]) == repr(shown[3]) == "1. the idea\n2. the tool\n3. nearly there"
    assert shown[4].record is not None and shown[4].record["hints"] == 3


def test_the_first_prediction_stays_and_is_shown_again(
    shown: list[records.Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(calls.PREDICTIONS, "test.half", Prediction())
    exercises.predict("test.half", ...)
    exercises.predict("test.half", 0.3)
    exercises.predict("test.half", 0.2)
    exercises.check("test.half", 0.2, 0.4)
    assert repr(shown[0]).startswith("No prediction yet.")
    assert repr(shown[1]).startswith("Noted: 0.3. Now run")
    assert "Your first prediction, 0.3, stays." in repr(shown[2])
    assert "You predicted 0.3." in repr(shown[3])
    assert shown[2].record == {
        "exercise": "test.half",
        "outcome": "predicted",
        "prediction": "0.3",
    }


def test_a_blank_goes_on_with_the_answer_where_it_is_right(shown: list[records.Said]) -> None:
    right, wrong = SimpleNamespace(shape=(2,)), SimpleNamespace(shape=(3,))
    assert exercises.fill("test.size", right) is right
    assert exercises.fill("test.size", wrong) == "ours"
    assert exercises.fill("test.size", ...) == "ours"
    assert exercises.fill("test.size", "of no shape") == "ours"
    assert repr(shown[0]) == "Right. Two it is."
    assert repr(shown[1]).startswith("Not yet. The cells below go on with the workbook's own.")
    assert repr(shown[2]).startswith("Not attempted yet. The cells below go on")
    assert [said.record and said.record.get("answer") for said in shown] == [[2], [3], None, None]


def test_a_blank_filled_with_a_list_goes_on_as_an_array(
    shown: list[records.Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"facts": lambda: {}, "right": Equals(lambda _: np.ones(2)), "ours": lambda: np.ones(2)}
    pair = Exercise(**ours)
    monkeypatch.setitem(exercises.EXERCISES, "test.pair", pair)
    for written in ([1, 1], (1.0, 1.0), pd.Series([1, 1])):
        filled = exercises.fill("test.pair", written)
        assert isinstance(filled, np.ndarray) and (filled * 2.0).sum() == 4


def test_statements_are_answered_one_by_one(shown: list[records.Said], statements: None) -> None:
    exercises.recall("test.recall", [True, True])
    assert repr(shown[0]) == "1. Right: that is true. As we saw.\n2. Think again. It is not."
    assert shown[0].record == {"exercise": "test.recall", "outcome": "recalled", "right": 1}
    exercises.recall("test.recall", ...)
    assert repr(shown[1]) == "1. Not answered yet.\n2. Not answered yet."
    exercises.recall("test.recall", [True, False])
    assert "2. Right: that is false. It is not." in repr(shown[2])


@pytest.mark.parametrize(
    "replies",
    [
        [1, 0],
        (True, False),
        ["True", "False"],
        ["T", "F"],
        np.array([True, False]),
        np.array([1, 0]),
        pd.Series([True, False]),
        pd.Series(["yes", "no"]),
        [np.True_, np.False_],
    ],
    ids=repr,
)
def test_replies_may_come_in_many_ways(
    replies: Any, shown: list[records.Said], statements: None
) -> None:
    exercises.recall("test.recall", replies)
    assert shown[0].record is not None and shown[0].record["right"] == 2


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([True], "expected a list of 2 replies, each True or False, got 1 of them"),
        (np.ones(3, bool), "got 3 of them"),
        (True, "got True"),
        ({True, False}, "expected a list of 2 replies"),
        ("TF", "got 'TF'"),
        ([True, 3], "2. Expected True or False, got 3."),
        ([True, None], "2. Not answered yet."),
    ],
    ids=repr,
)
def test_replies_that_are_none_are_told_why(
    replies: Any, said: str, shown: list[records.Said], statements: None
) -> None:
    exercises.recall("test.recall", replies)
    assert said in repr(shown[0]) and "Think again" not in repr(shown[0])


def test_statements_have_no_hints(shown: list[records.Said], statements: None) -> None:
    exercises.hint("test.recall")
    assert "have no hints" in repr(shown[0])


@pytest.mark.parametrize("call", ["check", "fill", "predict", "hint", "recall"])
def test_an_unknown_name_names_the_known_ones(call: str) -> None:
    arguments = ("mnist.gaps",) if call == "hint" else ("mnist.gaps", 1)
    with pytest.raises(KeyError, match=r"mnist\.gap" if call != "recall" else r"\.recall"):
        getattr(exercises, call)(*arguments)


def test_an_unknown_name_is_a_line_with_the_nearest_of_its_notebook() -> None:
    with pytest.raises(UnknownExerciseError) as raised:
        exercises.check("mnist.fools", 1)
    (line,) = raised.value._render_traceback_()
    assert "'mnist.fools'" in line and "mnist.fool" in line and "digit" not in line
    with pytest.raises(UnknownExerciseError) as raised:
        exercises.hint("fashion-mnist.xyzzy")
    assert "fashion-mnist.train" in str(raised.value) and "sign-language" not in str(raised.value)


@pytest.mark.parametrize(
    ("form", "taken", "refused"),
    [
        (Prediction(between=(0, 1)), [0, 0.8, "0.8", np.float32(1)], ["80%", -1, 5, [0, 1], "x"]),
        (Prediction(parts=2), [(1, 2), [0.5, -3], np.zeros(2)], [1, (1, 2, 3), "1, 2"]),
        (Prediction(choices=("larger", "smaller")), ["larger", " Smaller"], ["same", 1, []]),
    ],
)
def test_a_prediction_has_the_form_that_is_expected(
    form: Prediction,
    taken: list[Any],
    refused: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    shown: list[records.Said],
) -> None:
    monkeypatch.setitem(calls.PREDICTIONS, "test.guess", form)
    for prediction in refused:
        exercises.predict("test.guess", prediction)
        assert "No prediction yet: expected" in repr(shown[-1]) and shown[-1].record is None
    for prediction in taken:
        exercises.predict("test.guess", prediction)
        assert repr(shown[-1]).startswith("Noted"), prediction


def test_a_reason_is_shown_beside_ours_recorded_and_not_judged(
    shown: list[records.Said],
) -> None:
    exercises.check("test.half", 0.2, 0.4, because="half of `0.4` is **0.2**")
    exercises.check("test.half", 0.3, 0.4, because="I guessed")
    exercises.check("test.half", 0.2, 0.4, because=...)
    said = repr(shown[0])
    assert "You wrote: half of '0.4' is **0.2**. The workbook's: Two halves" in said
    reasons = [one.record and one.record.get("because", "") for one in shown[1:]]
    assert reasons == ["I guessed", ""]
    assert repr(shown[2]) == "Right. Two halves make a whole."


def test_a_right_answer_shows_itself_and_its_text_stays_the_same(
    shown: list[records.Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    showing = dataclasses.replace(HALF, show="Half of {facts[whole]:.1%} is {answer:.1%}.")
    monkeypatch.setitem(exercises.EXERCISES, "test.half", showing)
    exercises.check("test.half", 0.2, 0.4)
    bundle = shown[0]._repr_mimebundle_()
    assert bundle["text/markdown"].endswith("\n\nHalf of 40.0% is 20.0%.")
    assert bundle["text/plain"] == "Right. Two halves make a whole."


def test_code_in_a_hint_keeps_its_stars() -> None:
    said = records.Said("1. **Call** `loss(**(a | b))`.")
    assert repr(said) == "1. Call loss(**(a | b))."


# The notebooks and the specs agree.


def _tagged(notebook: nbformat.NotebookNode, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def _names(source: str, context: type[ast.expr_context]) -> set[str]:
    nodes = ast.walk(ast.parse(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


def _stored(check: nbformat.NotebookNode) -> list[dict[str, Any]]:
    return [o.data[records.MIME_TYPE] for o in check.outputs if records.MIME_TYPE in o.data]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solutions_and_checks_belong_together(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    checks = _tagged(notebook, "check")
    answers = [c for c in _tagged(notebook, "solution") if c.cell_type == "code"]
    assert len(answers) == len(checks)
    assert sum("solution" in cell.metadata.get("tags", []) for cell in notebook.cells) == len(
        checks
    )
    for solution, check in zip(answers, checks, strict=True):
        asked = solutions.asked(check.source)
        assert asked.call in ("check", "fill", "predict", "recall"), check.source
        left = solutions.unsolved(solution.source, asked.names)
        assert _names(left, ast.Store) == set(asked.names), check.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_the_right_answer(path: Path) -> None:
    # nbval compares it on every run.
    for check in _tagged(nbformat.read(path, 4), "check"):
        assert "nbval-check-output" in check.metadata.tags, check.source
        asked, (record,) = solutions.asked(check.source), _stored(check)
        assert record["exercise"] == asked.exercise
        if asked.call in ("check", "fill"):
            exercise = exercises.EXERCISES[asked.exercise]
            assert record["outcome"] == "right", check.source
            assert len(json.dumps(record["facts"])) < 20_000, asked.exercise
            judged = exercises.judged(exercise, record["answer"], record["facts"])
            assert judged.outcome == "right", asked.exercise
        if asked.call == "recall":
            assert record["right"] == len(exercises.RECALL[asked.exercise]) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_exercise_of_a_notebook_is_asked_once_in_it(path: Path) -> None:
    asked = [solutions.asked(cell.source) for cell in _tagged(nbformat.read(path, 4), "check")]
    judged = [one.exercise for one in asked if one.call in ("check", "fill")]
    assert sorted(judged) == sorted(judges.of(path.stem))
    assert len(judged) >= 4
    assert {one.exercise for one in asked if one.call == "predict"} <= set(judged)
    recalled = [one.exercise for one in asked if one.call == "recall"]
    asks = not path.stem.startswith("01") and not find.is_further(path)
    assert len(recalled) == asks


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_unattempted_notebook_runs_to_its_end(path: Path, shown: list[records.Said]) -> None:
    solved, student = nbformat.read(path, 4), student_edition.student(nbformat.read(path, 4))
    claims = _tagged(solved, "claim")
    awaited: set[str] = set()
    answers: dict[str, Any] = {}
    for cell, theirs in zip(
        [c for c in solved.cells if c.cell_type == "code" and c not in claims],
        [c for c in student.cells if c.cell_type == "code"],
        strict=True,
    ):
        if "solution" in cell.metadata.get("tags", []):
            awaited |= _names(cell.source, ast.Store)
            answers = {"exercises": exercises}
            exec(theirs.source, answers)
        elif "check" in cell.metadata.get("tags", []):
            if solutions.asked(cell.source).call != "fill":  # that one goes on with ours
                made_above = _names(cell.source, ast.Load) - set(answers) - set(dir(builtins))
                others = {name: MagicMock() for name in made_above}  # nothing is asked of it
                exec(theirs.source, others | answers)
                said = repr(shown[-1])
                assert any(
                    word in said for word in ("Not attempted", "No prediction", "Not answered yet")
                ), said
            awaited -= _names(cell.source, ast.Store)
        elif not cell.source.startswith("%"):
            # Nothing else may need what only a solution works out.
            awaited -= _names(cell.source, ast.Store)
            assert not awaited & _names(cell.source, ast.Load), cell.source


def test_every_exercise_has_three_hints_that_do_not_tell() -> None:
    for name, exercise in exercises.EXERCISES.items():
        assert len(exercise.hints) == 3 and len(set(exercise.hints)) == 3, name
        assert all(exercise.hints) and exercise.why, name


def test_a_share_of_nothing_is_no_right_answer_and_no_error(
    shown: list[records.Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    share = Exercise(
        facts=dict,
        right=Equals(lambda _: 1 / 0),
        slips={"halves": lambda answer, _: answer < 1 / 0},
        messages={"halves": "?"},
        hints=("a", "b", "c"),
    )
    monkeypatch.setitem(exercises.EXERCISES, "test.share", share)
    exercises.check("test.share", 0.5)
    assert repr(shown[0]).startswith("Not yet: got 0.5.")


def test_a_right_answer_that_does_not_fit_into_its_line_is_right_all_the_same(
    shown: list[records.Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    share = Exercise(
        facts=dict, right=Equals(lambda _: 0.25), why="So it is.", show="{answer:.1%}."
    )
    monkeypatch.setitem(exercises.EXERCISES, "test.share", share)
    for answer in (0.25, "0.25", [0.25], np.array([[0.25]])):
        exercises.check("test.share", answer)
        assert shown[-1]._repr_mimebundle_()["text/markdown"].endswith("So it is.\n\n25.0%.")
    monkeypatch.setitem(exercises.EXERCISES, "test.share", replace(share, show="{answer[1]}"))
    exercises.check("test.share", 0.25)
    assert shown[-1]._repr_mimebundle_()["text/markdown"].endswith("So it is.")
