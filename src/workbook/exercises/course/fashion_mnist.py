"""Exercises of notebook 02: Fashion-MNIST, with dense layers."""

from workbook.exercises.course import facts
from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import Exercise, Facts, Misconception, equals


def _best_epoch(facts: Facts) -> int:
    losses = [float("inf") if loss is None else loss for loss in facts["val_loss"]]
    return losses.index(min(losses)) + 1


EXERCISES: dict[str, Exercise] = {
    "fashion-mnist.best-epoch": Exercise(
        facts.of_history,
        equals(_best_epoch),
        (
            "The validation loss falls, and then rises: where is it lowest?",
            'history.history["val_loss"] is a list: np.argmin finds its lowest.',
            "np.argmin counts from 0, epochs from 1.",
        ),
        "The loss also sees how sure the network is of its mistakes: its best epoch is often an "
        "earlier one than that of the accuracy.",
        (
            Misconception(
                "counted from 0",
                equals(lambda facts: _best_epoch(facts) - 1),
                "You counted from 0: epochs count from 1.",
            ),
        ),
    ),
}

RECALL = (
    Statement(
        False,
        "A training accuracy of 100% says nothing about new images: only the validation curves "
        "show whether the network overfits.",
    ),
)
