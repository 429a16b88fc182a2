"""Slips that recur: the answer would be right if one thing that was done to it were undone.

Each function takes the judge of right answers, and returns the judge of answers with the slip.
``part`` names the part of an answer of several parts that has it: a position, or the name of a
value that the exercise measures.
"""

from collections.abc import Callable
from typing import Any

from workbook.exercises import answers
from workbook.exercises.exercise import Facts, Judge, holds

import numpy as np

Part = int | str | None


def percentage(right: Judge, part: Part = None) -> Judge:
    """Return the judge of percentages where fractions are asked for."""
    return _undone(_neither_none_nor_all(right, part), lambda numbers: numbers / 100, part)


def the_rest(right: Judge, part: Part = None) -> Judge:
    """Return the judge of 1 minus what is asked for."""
    return _undone(_neither_none_nor_all(right, part), lambda numbers: 1 - numbers, part)


def turned_round(right: Judge) -> Judge:
    """Return the judge of several numbers in the opposite order."""
    return _undone(right, lambda numbers: numbers[::-1])


def counted_from(first: int, right: Judge, part: Part = None) -> Judge:
    """Return the judge of places counted from ``first``, 0 or 1, where the other is asked for."""
    return _undone(right, lambda numbers: numbers + (1 - 2 * first), part)


def sign(right: Judge, part: Part = None) -> Judge:
    """Return the judge of numbers that all have the opposite sign."""
    return _undone(right, lambda numbers: -numbers, part)


def transposed(right: Judge) -> Judge:
    """Return the judge of matrices whose rows and columns are exchanged."""
    return _undone(right, np.transpose)


def _neither_none_nor_all(right: Judge, part: Part) -> Judge:
    """Return the judge of right shares, silent where 0 or 1 is right: a slip cannot be told there.

    100 times 0 is 0, and 1 minus 0 is all.
    """

    ends = [_undone(right, end, part) for end in (np.zeros_like, np.ones_like)]

    def judge(answer: Any, facts: Facts) -> bool:
        return right(answer, facts) and not any(end(answer, facts) for end in ends)

    return judge


def _undone(right: Judge, undo: Callable[[np.ndarray], np.ndarray], part: Part = None) -> Judge:
    def judge(answer: Any, facts: Facts) -> bool:
        if part is None:
            return right(_changed(answer, undo), facts)
        parts = answer.copy()  # a list or a dictionary
        parts[part] = _changed(parts[part], undo)
        return right(parts, facts)

    return judge


def _changed(plain: Any, undo: Callable[[np.ndarray], np.ndarray]) -> Any:
    return undo(np.asarray(answers.numbers(plain), dtype=float)).tolist()


def _in_any_part(slip: Callable[[Judge, Part], Judge]) -> Callable[[Judge], Judge]:
    """Return what makes the judge of answers that have a slip as a whole, or in one part."""

    def judge_of(right: Judge) -> Judge:
        def judge(answer: Any, facts: Facts) -> bool:
            parts = range(len(answer)) if isinstance(answer, list) else ()
            return any(holds(slip(right, part), answer, facts) for part in (None, *parts))

        return judge

    return judge_of


COMMON: dict[str, Callable[[Judge], Judge]] = {
    "percentage": _in_any_part(percentage),
    "the rest": _in_any_part(the_rest),
    "order": turned_round,
    "sign": sign,
    "transposed": transposed,
}
"""What is looked for in every exercise, after its own slips; the words are in texts/common.toml."""
