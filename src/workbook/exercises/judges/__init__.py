"""How answers are judged: a module for each notebook, named by the notebook's number.

``lab_01`` belongs to ``notebooks/01_….ipynb``, ``further_01`` to ``notebooks/further/01_….ipynb``:
names that begin with a letter, since Python cannot import one that begins with a digit. What is
said to answers is in ``texts/``, under the notebook's whole name.
Where students' code runs for grading, neither of the two folders is to be seen.
"""

import importlib
from collections import UserDict
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

from workbook.exercises import slips, texts
from workbook.exercises.exercise import Exercise, Prediction, Statement

MODULES = {
    "01_mnist_dense": "lab_01",
    "02_fashion_mnist_dense": "lab_02",
    "03_kaggle_mnist_3layer": "lab_03",
    "04_asl_cnn": "lab_04",
    "01_inside_and_moved": "further_01",
    "02_when_to_trust_it": "further_02",
    "03_every_last_digit": "further_03",
    "04_on_whose_hands": "further_04",
}
"""The module that judges a notebook's answers, by the notebook's name without its ending."""

_TEXTS = {notebook: texts.read(notebook) for notebook in MODULES}

_COMMON = texts.common()


def _complete(exercise: Exercise, words: dict[str, Any]) -> Exercise:
    """Return an exercise with its words, and with the slips that all have after its own."""
    common = {name: slip(exercise.right) for name, slip in slips.COMMON.items()}
    return replace(
        exercise,
        **words | {"messages": _COMMON | words["messages"]},
        slips=dict(exercise.slips) | {n: s for n, s in common.items() if n not in exercise.slips},
    )


def of(notebook: str) -> dict[str, Exercise]:
    """Return the exercises of a notebook by their names."""
    judged = importlib.import_module(f"{__name__}.{MODULES[notebook]}").EXERCISES
    words = _TEXTS[notebook].exercises
    return {name: _complete(exercise, words[name]) for name, exercise in judged.items()}


class _Exercises(UserDict[str, Any]):
    """Exercises by name; until one is asked for, in its place stands the name of its notebook.

    A notebook's run is of the code that it imports: were it all judges, a change to one would have
    every notebook executed again.
    """

    def __getitem__(self, name: str) -> Any:
        if isinstance(self.data[name], str):
            self.data |= of(self.data[name])
        return self.data[name]


EXERCISES: MutableMapping[str, Exercise] = _Exercises(
    {name: notebook for notebook, one in _TEXTS.items() for name in one.exercises}
)
"""The exercises of all notebooks by name, in the order of their texts."""

RECALL: dict[str, tuple[Statement, ...]] = {
    name: statements for one in _TEXTS.values() for name, statements in one.recall.items()
}
"""What a notebook asks first about the earlier ones: is the statement true?"""

PREDICTIONS: dict[str, Prediction] = {
    name: form for one in _TEXTS.values() for name, form in one.predictions.items()
}
"""What a prediction looks like, where one is asked for."""
