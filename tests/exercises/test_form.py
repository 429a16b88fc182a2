"""What is said to the form of a wrong answer, so that none is told "Not yet" alone."""

from typing import Any

from workbook.exercises import form
from workbook.exercises.exercise import Equals, Exercise

import numpy as np
import pytest


def _exercise(wanted: Any, within: float = 0.0) -> Exercise:
    return Exercise(facts=dict, right=Equals(lambda _: wanted, within), form="a thing, such as `1`")


@pytest.mark.parametrize(
    ("wanted", "answer", "said"),
    [
        (0.25, "a quarter", "text"),
        (0.25, [0.25, 1], "one number, not 2"),
        (np.array([0.25, 0.5]), [[0.25, 0.5]], "The numbers are right, the shape is not"),
        (np.array([0.25, 0.5]), [[0.1, 0.5]], "(2,), got (1, 2)"),
        (np.array([0.25, 0.5]), 0.25, "2 numbers, got 1"),
        (np.array([0.25, 0.5]), [[1, 2], [3]], "rows"),
        (np.array([0.25, 0.5]), [0.5, 0.25], "The form is right, the value is not"),
        ("bag", ["bag", "shirt"], "one name"),
        ("bag", 3, "a name, as text"),
        ({"bag", "shirt"}, "bag, shirt", "one by one"),
    ],
)
def test_the_form_is_told(wanted: Any, answer: Any, said: str) -> None:
    assert said in form.remark(_exercise(wanted, 0.001), answer, {})


def test_rounded_too_early_is_no_other_slip() -> None:
    two = _exercise(np.array([[0.123, 0.987], [0, -0.555]]), 0.006)
    assert form.too_few_digits(two, [[0.1, 1.0], [0, -0.6]], {})
    assert not form.too_few_digits(two, [[0.2, 1.0], [0, -0.6]], {})
    assert not form.too_few_digits(two, [[0.12, 0.98], [0, -0.6]], {})
    assert not form.too_few_digits(_exercise(0.4), 0, {})
    assert not form.too_few_digits(_exercise(0.13), 0.1, {})  # as good as a guess
    assert form.too_few_digits(_exercise(0.1314), 0.13, {})
    assert not form.too_few_digits(_exercise("bag"), 0.5, {})
