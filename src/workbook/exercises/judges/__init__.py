"""How answers are judged: a module for each notebook, named by the notebook's number.

``lab_01`` belongs to ``notebooks/01_….ipynb``, ``further_01`` to ``notebooks/further/01_….ipynb``:
names that begin with a letter, since Python cannot import one that begins with a digit. What is
said to answers is in ``texts/``, under the notebook's whole name.
Where students' code runs for grading, neither of the two folders is to be seen.
"""

from dataclasses import replace
from typing import Any

from workbook.exercises import slips, texts
from workbook.exercises.exercise import Exercise, Prediction, Statement
from workbook.exercises.judges import (
    further_01,
    further_02,
    further_03,
    further_04,
    lab_01,
    lab_02,
    lab_03,
    lab_04,
)

_JUDGED: dict[str, dict[str, Exercise]] = {
    "01_mnist_dense": lab_01.EXERCISES,
    "02_fashion_mnist_dense": lab_02.EXERCISES,
    "03_kaggle_mnist_3layer": lab_03.EXERCISES,
    "04_asl_cnn": lab_04.EXERCISES,
    "01_inside_and_moved": further_01.EXERCISES,
    "02_when_to_trust_it": further_02.EXERCISES,
    "03_every_last_digit": further_03.EXERCISES,
    "04_on_whose_hands": further_04.EXERCISES,
}

_TEXTS = {notebook: texts.read(notebook) for notebook in _JUDGED}

_COMMON = texts.common()


def _complete(exercise: Exercise, words: dict[str, Any]) -> Exercise:
    """Return an exercise with its words, and with the slips that all have after its own."""
    common = {name: slip(exercise.right) for name, slip in slips.COMMON.items()}
    return replace(
        exercise,
        **words | {"messages": _COMMON | words["messages"]},
        slips=dict(exercise.slips) | {n: s for n, s in common.items() if n not in exercise.slips},
    )


NOTEBOOKS: dict[str, dict[str, Exercise]] = {
    notebook: {
        name: _complete(exercise, _TEXTS[notebook].exercises[name])
        for name, exercise in exercises.items()
    }
    for notebook, exercises in _JUDGED.items()
}
"""The exercises of each notebook, by the notebook's name without its ending."""

EXERCISES: dict[str, Exercise] = {n: e for some in NOTEBOOKS.values() for n, e in some.items()}

RECALL: dict[str, tuple[Statement, ...]] = {
    name: statements for one in _TEXTS.values() for name, statements in one.recall.items()
}
"""What a notebook asks first about the earlier ones: is the statement true?"""

PREDICTIONS: dict[str, Prediction] = {
    name: form for one in _TEXTS.values() for name, form in one.predictions.items()
}
"""What a prediction looks like, where one is asked for."""
