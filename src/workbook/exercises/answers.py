"""What a student answered, of whatever type: compared, shown in a line, and made plain JSON.

An answer may be of any type and any size, and may do harm when it is asked something: only values
of known packages are asked at all.
"""

import dataclasses
import math
import re
import textwrap
from collections import deque
from collections.abc import KeysView, Set, ValuesView
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

_KNOWN = {
    *("builtins", "collections", "decimal", "fractions"),
    *("keras", "numpy", "pandas", "tensorflow"),
}
"""Packages whose objects are asked what they hold; code of anyone else's may fail or never end."""

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")

_TRUE, _FALSE = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0"}

_LONG = 1000  # parts, or characters, of what is longer than any answer


class NoAnswerError(Exception):
    """A value that is no number, no text and no collection of these."""


def same(answer: Any, expected: Any, within: float) -> bool:
    """Return whether an answer is the expected text, set of names, number or numbers.

    ``within`` is how far a number may be off. A class may be named in any case, a digit as a
    number; several names may come in any collection. Nothing that a value does is an error here.
    """
    try:
        got = _plain(answer)
        if isinstance(expected, str):
            return isinstance(got, str) and _name(got) == _name(expected)
        if isinstance(expected, set):
            return isinstance(got, list) and set(map(_name, got)) == set(map(_name, expected))
        wanted = np.asarray(expected, dtype=float)
        found = np.asarray(numbers(got))
    except Exception:  # whatever a conversion raises: it is no such answer
        return False
    if found.size == wanted.size == 1:
        found = found.reshape(wanted.shape)
    return found.shape == wanted.shape and bool(
        np.allclose(found, wanted, rtol=0, atol=within, equal_nan=True)
    )


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a value of a known package as text, a number, None or a list of such.

    Raises:
        NoAnswerError: It is of another kind, or longer or deeper than an answer can be.
    """
    kind = type(value)
    if (fields := _fields(value)) is not None:
        value, kind = fields, list
    if kind.__module__.partition(".")[0] not in _KNOWN or depth > 4:
        raise NoAnswerError
    if kind is bytes or issubclass(kind, str):
        text = value[:_LONG]
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    if value is None or kind in (bool, int, float, complex, Decimal, Fraction):
        return value
    if hasattr(kind, "__array__"):
        values = np.asarray(value)
        if values.size > _LONG:
            raise NoAnswerError
        value = values.item() if values.size == 1 else values.tolist()
        if isinstance(value, np.generic):  # of no type of Python's, as the longest floats are
            value = float(value)
        return _plain(value, depth + 1)
    if not issubclass(kind, list | tuple | Set | KeysView | ValuesView | range | deque):
        raise NoAnswerError
    if len(value) > _LONG:
        raise NoAnswerError
    return [_plain(part, depth + 1) for part in value]


def _fields(value: Any) -> list[Any] | None:
    """Return the values of a named tuple or a dataclass, whose own code is not asked."""
    kind = type(value)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return list(tuple.__iter__(value))
    if dataclasses.is_dataclass(kind):
        return [object.__getattribute__(value, field) for field in kind.__dataclass_fields__]
    return None


def numbers(plain: Any) -> Any:
    """Return plain values as floats: text such as "14,440" too, and complex numbers if real.

    Raises:
        TypeError, ValueError, OverflowError: One of them is no number.
    """
    if isinstance(plain, list):
        return [numbers(part) for part in plain]
    if isinstance(plain, complex) and plain.imag == 0:
        plain = plain.real
    if isinstance(plain, str) and _THOUSANDS.fullmatch(plain.strip()):
        plain = plain.replace(",", "")
    return float(plain)


def _name(value: Any) -> str:
    """Return how a class is called: a digit may come as a number, a word in other case."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()


def say(value: Any, depth: int = 0) -> str:
    """Return a value as a student would write it: no NumPy type around a number, nothing long."""
    try:
        if (fields := _fields(value)) is not None:
            value = tuple(fields)
        kind = type(value)
        known = kind.__module__.partition(".")[0] in _KNOWN
        if known and hasattr(kind, "__array__") and np.size(value) > _LONG:
            return f"{np.size(value):,} values, of shape {tuple(np.shape(value))}"
        if issubclass(kind, list | tuple | Set) and known and depth < 4:
            shown = ", ".join(say(part, depth + 1) for part in islice(value, 20))
            more = f", … ({len(value):,} in all)" if len(value) > 20 else ""
            opening, closing = "()" if kind is tuple else "[]" if kind is list else "{}"
            return textwrap.shorten(f"{opening}{shown}{more}{closing}", 200, placeholder=" …")
        plain = _plain(value)
        if isinstance(plain, list):
            return say(plain, depth + 1)
        if isinstance(plain, float):
            return _float(plain)
        if isinstance(plain, int) and plain.bit_length() > 200:
            return f"a whole number of about {int(plain.bit_length() * 0.30103) + 1:,} digits"
        return _short(repr(plain) if isinstance(plain, str) else str(plain))
    except Exception:  # of an unknown kind, or a fraction of more digits than Python writes
        return f"a value of type {_short(type(value).__name__)}"


def _float(number: float) -> str:
    """Return a number as students write it: 14,420 rather than 1.442e+04."""
    if 1000 <= abs(number) < 1e15:
        return f"{number:,.0f}" if number.is_integer() else f"{number:,.1f}"
    return f"{number:.4g}"


def is_missing(value: Any) -> bool:
    """Return whether an answer is still None or ``...``, or a part of several is ``...``."""
    is_part_open = type(value) is tuple and any(part is ... for part in value)
    return value is ... or value is None or is_part_open


def parts(value: Any) -> list[Any] | None:
    """Return the parts of a list, a tuple, an array or a series in order; None for all else."""
    kind = type(value)
    if kind.__module__.partition(".")[0] not in _KNOWN or isinstance(value, str | bytes | Set):
        return None
    if hasattr(kind, "__array__"):
        value = np.asarray(value).tolist()
    return list(value) if isinstance(value, list | tuple | deque) else None


def truth(value: Any) -> bool | None:
    """Return whether a reply means True or False, as words and 0 or 1 do too; None for neither."""
    try:
        said = _name(_plain(value))
    except Exception:  # of a kind that is not asked
        return None
    return True if said in _TRUE else False if said in _FALSE else None


def line(text: Any) -> str:
    """Return a text in one short line; "" for all else."""
    return _short(text) if type(text) is str else ""


def _short(text: str) -> str:
    return textwrap.shorten(text[:_LONG], 200, placeholder=" …")


def as_json(answer: Any) -> Any:
    """Return an answer as JSON holds it, to be judged elsewhere by :func:`same` with one outcome.

    Raises:
        NoAnswerError: It is no number, no text and no collection of these, or is too long.
    """
    return _json(_plain(answer))


def _json(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_json(part) for part in plain]
    if plain is None or isinstance(plain, bool | str):
        return plain
    if isinstance(plain, complex):
        if plain.imag:
            raise NoAnswerError
        plain = plain.real
    if isinstance(plain, int) and plain.bit_length() <= 53:
        return plain
    try:
        number = float(plain)
    except (OverflowError, ValueError):  # longer than any float, or a signalling NaN
        raise NoAnswerError from None
    return number if math.isfinite(number) else str(number)  # JSON has no NaN
