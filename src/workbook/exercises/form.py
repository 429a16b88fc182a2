"""What is said to the form of a wrong answer: its kind, its shape, its digits."""

from typing import Any

from workbook.exercises import answers
from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

FITS = "The form is right, the value is not."


def too_few_digits(exercise: Exercise, answer: Any, facts: Facts) -> bool:
    """Return whether an answer (JSON) would be right but for having been rounded too early."""
    if not isinstance(exercise.right, Equals):
        return False
    found = _numbers(answer)
    if found is None:
        return False
    digits = max((_digits(number) for number in found.ravel()), default=0)
    half = 0.5 * 10.0**-digits
    # One number of one digit may as well be a guess.
    if sum(_significant(number) for number in found.ravel()) < 2:
        return False
    return digits > 0 and any(
        (wanted := _numbers(one)) is not None
        and wanted.shape == found.shape
        and bool(np.all(np.abs(found - wanted) <= half + 1e-9))
        for one in exercise.right.several(facts)
    )


def _digits(number: float) -> int:
    """Return how many digits after the point a number is written with; many if by a power of 10."""
    text = repr(float(number))
    return len(text.partition(".")[2]) if "e" not in text else 15


def _significant(number: float) -> int:
    """Return how many digits a number has from its first one that is not 0."""
    return len(repr(float(number)).partition("e")[0].replace(".", "").strip("-0"))


def remark(exercise: Exercise, answer: Any, facts: Facts) -> str:
    """Return a line on the form of a wrong answer (JSON), in Markdown; "" if nothing is to say."""
    if answer is None:
        return ""
    if isinstance(exercise.right, Equals):
        for wanted in exercise.right.several(facts)[:1]:
            return _beside(answer, wanted)
    return ""


def _beside(answer: Any, wanted: Any) -> str:
    """Return how the kind or the shape of an answer differs from that of a right one."""
    if isinstance(wanted, str):
        if isinstance(answer, list):
            return f"Expected one name, not a collection of {len(answer)}."
        return "" if isinstance(answer, str) else "Expected a name, as text."
    if isinstance(wanted, set):
        is_one = isinstance(answer, str) and "," in answer
        return "That is one text: give the names one by one, as a list or a set." if is_one else ""
    found, numbers = _numbers(answer), np.asarray(wanted, dtype=float)
    if found is None:
        if isinstance(answer, str):
            return "That is text: expected a number, without quotation marks."
        return "Not all of this is numbers, or the rows are of different lengths."
    if found.shape == numbers.shape:
        return FITS
    if found.size == numbers.size and np.allclose(found.ravel(), numbers.ravel(), atol=1e-2):
        return (
            f"The numbers are right, the shape is not: got {found.shape}, expected {numbers.shape}."
        )
    if numbers.size == 1:
        return f"Expected one number, not {found.size}."
    if found.size != numbers.size:
        return f"Expected {numbers.size} numbers, got {found.size}."
    return f"Expected numbers of the shape {numbers.shape}, got {found.shape}."


def _numbers(value: Any) -> np.ndarray | None:
    """Return an answer's numbers as an array of floats, None if it is of another kind."""
    try:
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        return np.asarray(answers.numbers(plain), dtype=float)
    except (TypeError, ValueError, OverflowError):
        return None
