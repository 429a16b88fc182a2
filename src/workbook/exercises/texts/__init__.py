"""The words of exercises, to edit or translate without Python: a TOML file for each notebook.

Texts are Markdown, where a line break is a space and a blank line begins a paragraph. An exercise
has a ``title``; a ``form``, an example of an answer; three ``hints``; a ``why`` that a right answer
opens, and perhaps ``show``, with the answer's own numbers; and ``slips``, the messages to the wrong
answers that ``judges`` recognises under the same names; those in ``common.toml`` are looked for in
every exercise, and an exercise may have its own message to one. The questions on earlier notebooks
have ``statements``. Where a prediction is asked for, with an exercise or without one,
``prediction`` gives its form: one of ``choices``, or ``parts`` numbers ``between`` two.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.exercises.exercise import Prediction, Statement

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Texts:
    """The words of one notebook: of its exercises, statements and predictions, each by name."""

    exercises: dict[str, dict[str, Any]]
    recall: dict[str, tuple[Statement, ...]]
    predictions: dict[str, Prediction]


def read(notebook: str) -> Texts:
    """Return the words of a notebook's exercises.

    Raises:
        FileNotFoundError: There is no file of that name.
    """
    content = tomllib.loads((FOLDER / f"{notebook}.toml").read_text(encoding="utf-8"))
    exercises, recall, predictions = {}, {}, {}
    for name, words in content.items():
        if "statements" in words:
            recall[name] = tuple(
                Statement(one["true"], _markdown(one["why"])) for one in words["statements"]
            )
        if "prediction" in words:
            form = words["prediction"]
            predictions[name] = Prediction(**{key: _tuple(part) for key, part in form.items()})
        if "hints" in words:
            exercises[name] = {
                "title": words["title"],
                "hints": tuple(map(_markdown, words["hints"])),
                "why": _markdown(words["why"]),
                "show": _markdown(words.get("show", "")),
                "form": _markdown(words["form"]),
                "messages": {n: _markdown(text) for n, text in words.get("slips", {}).items()},
            }
    return Texts(exercises, recall, predictions)


def common() -> dict[str, str]:
    """Return the messages to the slips that are looked for in every exercise, by their names."""
    slips: dict[str, str] = tomllib.loads((FOLDER / "common.toml").read_text(encoding="utf-8"))
    return slips


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _markdown(text: str) -> str:
    """Return a text with each paragraph in one line."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
