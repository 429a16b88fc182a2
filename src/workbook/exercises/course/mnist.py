"""Exercises of notebook 01: MNIST, with dense layers."""

from workbook.exercises.course import facts
from workbook.exercises.exercise import (
    Exercise,
    Facts,
    Misconception,
    as_percentage,
    equals,
    turned_round,
)


def _gap(facts: Facts) -> float:
    return facts["accuracy"][-1] - facts["val_accuracy"][-1]


def _parameters(_: Facts) -> int:
    return (784 * 32 + 32) + (32 * 10 + 10)


EXERCISES: dict[str, Exercise] = {
    "mnist.gap": Exercise(
        facts.of_history,
        equals(_gap, within=0.0005),
        (
            "How much better does the network do on images that it has learned from?",
            'history.history["accuracy"] is a list with one number for each epoch.',
            "The last training accuracy minus the last validation accuracy, as a fraction.",
        ),
        "This is the generalisation gap: images that it has learned from, against new ones.",
        (as_percentage(_gap, within=0.0005), turned_round(_gap, within=0.0005)),
    ),
    "mnist.smaller-model": Exercise(
        dict,
        equals(_parameters),
        (
            "Two dense layers remain: 784 to 32, and 32 to 10.",
            "Each has a weight for each pair of an input and an output, and a bias for each "
            "output.",
            "model.count_params() adds them up.",
        ),
        "With a seventh of the parameters, and after 3 epochs only, expect an accuracy that is a "
        "few percentage points lower.",
        (
            Misconception(
                "no biases",
                equals(lambda _: 784 * 32 + 32 * 10),
                "These are the weights; each output has a bias, too.",
            ),
        ),
    ),
}
