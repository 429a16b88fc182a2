"""A statement to be called true or false."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """Whether a statement of a notebook is ``true``, and ``why`` (or why not); Markdown."""

    true: bool
    why: str
