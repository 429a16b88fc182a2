"""Answers of any type and size: told apart, shown in a line, and never an error."""

import dataclasses
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from workbook import exercises
from workbook.backend import keras, tf
from workbook.exercises import Exercise, answers
from workbook.exercises.exercise import Equals

import numpy as np
import pandas as pd
import pytest


def _exercise(*expected: Any) -> Exercise:
    return Exercise(facts=dict, right=Equals(lambda _: list(expected)))


KINDS = {
    "number": _exercise(25_450),
    "name": _exercise("bag"),
    "pair": _exercise({"bag", "shirt"}),
    "digits": _exercise({"0", "2"}),
}

Said = Callable[[str, Any], str]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Check an answer to a question of one of the kinds; return what is shown."""
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    for kind, exercise in KINDS.items():
        monkeypatch.setitem(exercises.EXERCISES, kind, exercise)

    def check(kind: str, answer: Any) -> str:
        exercises.check(kind, answer)
        return repr(shown[-1])

    return check


@pytest.mark.parametrize("answer", ["25450 weights", "2,5450", [25_450, 1], "", ("a", "b"), object])
def test_an_answer_of_the_wrong_kind_is_wrong_and_no_error(answer: Any, said: Said) -> None:
    assert said("number", answer).startswith("Not yet: got ")


@pytest.mark.parametrize("answer", [3, ["bag", "bag"], np.str_("coat")])
def test_a_name_is_expected_where_a_name_is_asked_for(answer: Any, said: Said) -> None:
    assert said("name", answer).startswith("Not yet: got ")


@pytest.mark.parametrize(
    "answer", ["shirt", 5, object, ["bag", "shirt", "coat"], [["bag"], ["shirt"]]]
)
def test_a_set_is_expected_where_several_are_asked_for(answer: Any, said: Said) -> None:
    assert said("pair", answer).startswith("Not yet: got ")


def test_numbers_are_said_as_students_write_them(said: Said) -> None:
    assert said("number", np.float64(4)).startswith("Not yet: got 4. ")


@pytest.mark.parametrize("answer", [3, np.int64(4)])
def test_any_of_several_right_answers_is_right(answer: Any) -> None:
    either = Equals(lambda _: [3, 4])
    assert either(answer, {}) and not either(5, {})


def test_a_long_answer_is_not_printed_whole(said: Said) -> None:
    for answer in (np.zeros(10_000, bool), [0.5] * 10_000, 10**400):
        assert len(said("number", answer)) < 500


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
def test_several_names_count_in_whatever_they_come(answer: Any, said: Said) -> None:
    assert said("pair", answer)[:5] == "Right"


@pytest.mark.parametrize("answer", [{0, 2}, np.array([2, 0]), (2.0, np.float32(0)), ["0", 2]])
def test_digits_count_as_the_names_of_classes(answer: Any, said: Said) -> None:
    assert said("digits", answer)[:5] == "Right"


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
        " 25,450 ",
        "25,450.0",
        [25_450],
    ],
    ids=lambda answer: f"{type(answer).__name__}",
)
def test_a_number_counts_in_whatever_type(answer: Any, said: Said) -> None:
    assert said("number", answer)[:5] == "Right"


def test_a_name_counts_in_an_array_of_one(said: Said) -> None:
    for answer in (np.array("bag"), np.array(["BAG"]), pd.Series(["bag"])):
        assert said("name", answer)[:5] == "Right"


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


class Choice(NamedTuple):
    threshold: float
    share: Any


@dataclasses.dataclass
class Pair:
    won: int
    lost: float


class HostileList(list):
    __iter__ = __repr__ = __len__ = Hostile._never_ends


HOSTILE_ARRAY = np.empty(2, dtype=object)
HOSTILE_ARRAY[0] = Hostile()
LOOP: list[Any] = []
LOOP.append(LOOP)


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
def test_no_answer_is_an_error_or_fills_the_page(answer: Any, said: Said) -> None:
    for kind in KINDS:
        if kind == "name" and isinstance(answer, bytes):
            continue  # that is one
        text = said(kind, answer)
        assert text.startswith("Not yet: got ") and len(text) < 500 and "\n" not in text, kind


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
        (14_421.0, "14,421"),
        (14_420.5, "14,420.5"),
        (-1234.0, "-1,234"),
        (1e20, "1e+20"),
        (Choice(0.5, "a"), "(0.5, 'a')"),
        (Pair(1, 2.0), "(1, 2)"),
        ([7] * 20, f"[{'7, ' * 19}7]"),
        ([7] * 21, f"[{'7, ' * 19}7, … (21 in all)]"),
    ],
    ids=range(16),
)
def test_what_was_answered_is_shown(answer: Any, shown: str, said: Said) -> None:
    assert said("number", answer).startswith(f"Not yet: got {shown}. ")


def test_an_answer_as_json_is_judged_as_the_answer_itself() -> None:
    for answer, expected in (
        (np.float32(0.5), 0.5),
        (Fraction(1, 4), 0.25),
        (np.array(["bag"]), "bag"),
        ({"bag", "shirt"}, {"shirt", "bag"}),
        (tf.constant([1, 2]), [1, 2]),
        (float("nan"), float("nan")),
    ):
        assert answers.same(answers.as_json(answer), expected, 0)
    for answer in (Hostile(), LOOP, 10**400, [0] * 2000, 1 + 2j):
        with pytest.raises(answers.NoAnswerError):
            answers.as_json(answer)


def test_named_tuples_and_data_classes_are_their_values() -> None:
    assert answers.as_json(Choice(np.float32(0.5), [1, "a"])) == [0.5, [1, "a"]]
    assert answers.as_json([Pair(1, 2), Pair(3, Fraction(1, 2))]) == [[1, 2], [3, 0.5]]
    with pytest.raises(answers.NoAnswerError):
        answers.as_json(Choice(0.5, Hostile()))


@pytest.mark.parametrize(
    "value",
    [True, np.True_, 1, 1.0, "True", "t", " YES ", "y", "1", np.array([1]), pd.Series(["T"])],
)
def test_what_means_true(value: Any) -> None:
    assert answers.truth(value) is True


@pytest.mark.parametrize("value", [False, np.False_, 0, 0.0, "False", "F", "no", "N", "0"])
def test_what_means_false(value: Any) -> None:
    assert answers.truth(value) is False


@pytest.mark.parametrize("value", [2, -1, 0.5, "maybe", "", None, [], Hostile(), float("nan"), ...])
def test_what_means_neither(value: Any) -> None:
    assert answers.truth(value) is None
