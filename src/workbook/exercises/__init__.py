"""Exercises that check themselves.

A notebook asks in Markdown, answers in a cell tagged ``solution`` and checks in a cell tagged
``check``::

    best_epoch = int(np.argmin(history.history["val_loss"])) + 1

    exercises.check("mnist.best-epoch", best_epoch, history)

The solution is written there and nowhere else: the student's cell is made from it.
What the answer has to be is computed here, from the facts that the check hands over, so that it
holds for whatever data and training the student has. What was answered, and by which facts it was
judged, is recorded as an output in the notebook (see :mod:`workbook.exercises.records`).
"""

from workbook.exercises.calls import check, fill, hint, predict, recall
from workbook.exercises.exercise import Exercise, Facts, Prediction, Statement, Verdict, judged
from workbook.exercises.judges import EXERCISES, RECALL

__all__ = [
    "EXERCISES",
    "RECALL",
    "Exercise",
    "Facts",
    "Prediction",
    "Statement",
    "Verdict",
    "check",
    "fill",
    "hint",
    "judged",
    "predict",
    "recall",
]
