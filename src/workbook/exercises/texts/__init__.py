"""The words of exercises, to edit or translate without Python: a TOML file for each notebook.

An exercise has a ``title``, three ``hints``, a ``why`` that a right answer opens, and ``slips``:
what is said to the wrong answers that ``judges`` recognises under the same name. What a notebook
asks first about the earlier ones has ``statements``.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.exercises.exercise import Statement

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Texts:
    """The words of one notebook: an exercise's fields by its name, and statements by theirs."""

    exercises: dict[str, dict[str, Any]]
    recall: dict[str, tuple[Statement, ...]]


def read(notebook: str) -> Texts:
    """Return the words of a notebook's exercises.

    Raises:
        FileNotFoundError: There is no file of that name.
    """
    content = tomllib.loads((FOLDER / f"{notebook}.toml").read_text(encoding="utf-8"))
    exercises, recall = {}, {}
    for name, words in content.items():
        if "statements" in words:
            recall[name] = tuple(
                Statement(one["true"], _markdown(one["why"])) for one in words["statements"]
            )
        else:
            exercises[name] = {
                "title": words["title"],
                "hints": tuple(map(_markdown, words["hints"])),
                "why": _markdown(words["why"]),
                "messages": {n: _markdown(text) for n, text in words.get("slips", {}).items()},
            }
    return Texts(exercises, recall)


def _markdown(text: str) -> str:
    """Return a text with each paragraph in one line."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
