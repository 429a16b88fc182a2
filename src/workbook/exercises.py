"""Exercises that check themselves.

A notebook asks in Markdown, answers in a cell tagged ``solution`` and checks in a cell tagged
``check``::

    best_epoch = int(np.argmin(history.history["val_loss"])) + 1

    exercises.check("mnist.best-epoch", best_epoch, history)

The solution is written there and nowhere else: :func:`unsolved` makes the student's cell from it.
What the answer has to be is computed here, from the facts that the check hands over, so that it
holds for whatever data and training the student has.
"""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """What an answer has to be: ``expected`` computes it from what :func:`check` is given.

    Numbers may differ by ``within``. ``hint`` is for a wrong answer; ``why`` says, after a right
    one, what it is good for.
    """

    expected: Callable[..., Any]
    hint: str
    why: str
    within: float = 0.0


def check(name: str, answer: Any, *given: Any) -> None:
    """Print whether ``answer`` is right, and what to think about next.

    ``name`` is one of :data:`EXERCISES`; ``given`` is what its ``expected`` takes. An answer that
    is still ``...`` counts as not attempted.

    Raises:
        KeyError: There is no such exercise.
    """
    if name not in EXERCISES:
        raise KeyError(f"no exercise is called {name!r}; there are {', '.join(EXERCISES)}")
    exercise = EXERCISES[name]
    if answer is ...:
        print("Not attempted yet: write your answer in place of ... above, and run both cells.")
        return
    expected = exercise.expected(*given)
    if _same(answer, expected, exercise.within):
        print(f"Right. {exercise.why}")
    else:
        print(f"Not yet: got {_say(answer)}, expected {_say(expected)}.\nHint: {exercise.hint}")


def unsolved(source: str) -> str:
    """Return the student's cell for a solution: its comments, and ``name = ...`` for each answer.

    Everything else in the solution is a way to the answers, and is left out.

    Raises:
        SyntaxError: The solution is not Python.
    """
    lines = source.splitlines()
    kept = {number: line for number, line in enumerate(lines, start=1) if line.startswith("#")}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            names = (
                node.id for node in ast.walk(statement.targets[0]) if isinstance(node, ast.Name)
            )
            kept[statement.lineno] = "\n".join(f"{name} = ..." for name in names)
    return "\n".join(line for _, line in sorted(kept.items()))


def _same(answer: Any, expected: Any, within: float) -> bool:
    if isinstance(expected, str):
        return isinstance(answer, str) and answer.strip().lower() == expected.lower()
    if isinstance(expected, set):
        return isinstance(answer, list | tuple | set) and set(answer) == expected
    try:
        got, wanted = np.asarray(answer, dtype=float), np.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        return False
    return got.shape == wanted.shape and bool(np.allclose(got, wanted, rtol=0, atol=within))


def _say(value: Any) -> str:
    """Return a value as a student would write it: no NumPy type around a number."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, set):
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return repr(value)


def _best_epoch(history: Any) -> int:
    return int(np.argmin(history.history["val_loss"])) + 1


def _gap(history: Any) -> float:
    return 100 * (history.history["accuracy"][-1] - history.history["val_accuracy"][-1])


def _class_accuracy(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the accuracy of each class; both arguments are (n,) whole numbers."""
    return np.array([np.mean(predicted[labels == k] == k) for k in range(labels.max() + 1)])


def _worst(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> str:
    return str(class_names[_class_accuracy(labels, predicted).argmin()])


def _taken_for(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> str:
    """Return what the class with the least accuracy is most often mistaken for."""
    worst = _class_accuracy(labels, predicted).argmin()
    mistakes = predicted[(labels == worst) & (predicted != worst)]
    return str(class_names[np.bincount(mistakes, minlength=len(class_names)).argmax()])


def _confident_mistakes(labels: np.ndarray, probabilities: np.ndarray) -> int:
    wrong = probabilities.argmax(axis=1) != labels
    return int((wrong & (probabilities.max(axis=1) > 0.9)).sum())


EXERCISES: dict[str, Exercise] = {
    "mnist.parameters": Exercise(
        lambda: 784 * 200 + 200,
        "Each of the 200 units has a weight for each of the 784 pixels. What else has it?",
        "Most of a dense network's parameters sit in its first layer, next to the pixels.",
    ),
    "mnist.best-epoch": Exercise(
        _best_epoch,
        'history.history["val_loss"] is a list: np.argmin finds its lowest, counted from 0.',
        "After this epoch the network learns more about its training images than about digits: "
        "early stopping keeps the weights from here.",
    ),
    "mnist.gap": Exercise(
        _gap,
        "Take the last value of training accuracy minus the last of validation, times 100.",
        "This gap is overfitting, measured: images it has seen against images it has not.",
        within=0.05,
    ),
    "mnist.smaller-model": Exercise(
        lambda: (784 * 32 + 32) + (32 * 10 + 10),
        "Two dense layers remain: 784 to 32, and 32 to 10. model.count_params() adds them up.",
        "A seventh of the parameters loses a percent or two of accuracy, not six sevenths of it.",
    ),
    "fashion-mnist.parameters": Exercise(
        lambda: 178_110,
        "The three layers are 784 to 200, 200 to 100, and 100 to 10, each with its biases.",
        "It is the network that read digits: what is harder here is the images.",
    ),
    "fashion-mnist.worst-class": Exercise(
        _worst,
        "For each class, take the mean of y_pred == label over the images of that class.",
        "One number for the whole test set hides the class that a customer would complain about.",
    ),
    "fashion-mnist.taken-for": Exercise(
        _taken_for,
        "Look along that class's row of the confusion matrix for the largest count off the "
        "diagonal.",
        "Garments alike in outline are confused: at 28 by 28 pixels the outline is most of what "
        "there is to see.",
    ),
    "fashion-mnist.confident-mistakes": Exercise(
        _confident_mistakes,
        "Both have to hold: the class of the largest probability is wrong, and it is above 0.9.",
        "A network's confidence is not its accuracy: a threshold lets mistakes through.",
    ),
    "digit-recognizer.softmax-gradient": Exercise(
        lambda: [0.2, -0.3, 0.1],
        "For softmax with cross-entropy the gradient is the probabilities minus the truth, with 1 "
        "at the true class.",
        "This is why the pair is used: the gradient is the error itself, whatever the network.",
        within=1e-9,
    ),
    "digit-recognizer.update": Exercise(
        lambda: 0.5 - 0.1 * 0.2,
        "Subtract the learning rate times the gradient from the weight.",
        "Training is this line, once for every weight and every batch.",
        within=1e-9,
    ),
    "digit-recognizer.steps": Exercise(
        lambda images, batch_size: math.ceil(images / batch_size),
        "Divide the number of training images by the batch size; the last batch may be smaller.",
        "Smaller batches mean more steps in an epoch: more learning, and more time.",
    ),
    "digit-recognizer.loss": Exercise(
        lambda: -math.log(0.25),
        "The loss of one image is minus the natural logarithm of its true class's probability.",
        "The loss sees what accuracy does not: a right answer that was a close call still costs.",
        within=0.005,
    ),
    "sign-language-mnist.left-out": Exercise(
        lambda: {"J", "Z"},
        "Compare the 24 class names with the alphabet.",
        "These two letters are drawn in the air: one picture cannot hold a movement.",
    ),
    "sign-language-mnist.feature-map": Exercise(
        lambda: 26,
        "The 3 by 3 window starts at 0, 1, 2 ... and must not leave the 28 pixels.",
        'Without padding each convolution trims the edge; padding="same" keeps 28.',
    ),
    "sign-language-mnist.parameters": Exercise(
        lambda: 32 * (3 * 3 * 1 + 1),
        "Each of the 32 filters has 3 by 3 weights for the one channel, and a bias.",
        "A filter is used at every place in the image, so a convolution needs few parameters.",
    ),
    "sign-language-mnist.worst-letter": Exercise(
        _worst,
        "For each letter, take the mean of y_pred == label over the images of that letter.",
        "The letters left over are fists and near-fists: only a thumb tells them apart.",
    ),
}
