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
import re
import textwrap
from collections import deque
from collections.abc import Callable, KeysView, Set, ValuesView
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """What an answer has to be: ``expected`` computes it from what :func:`check` is given.

    A list holds several right answers. Numbers may differ by ``within``. ``hint`` is for a wrong
    answer; ``why`` says, after a right one, what it is good for.
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
    right = expected if isinstance(expected, list) else [expected]
    if any(_same(answer, one, exercise.within) for one in right):
        print(f"Right. {exercise.why}")
    else:
        print(f"Not yet: got {_say(answer)}.\nHint: {exercise.hint}")


def unsolved(source: str) -> str:
    """Return the student's cell for a solution: its comments, and ``name = ...`` for the answer.

    The answer is what the last assignment names. All before it is a way there, and is left out.

    Raises:
        SyntaxError: The solution is not what a notebook's cell can hold.
        ValueError: It assigns nothing, or not to names: there is no answer to leave out.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    source = re.sub(r"\A\s*\n", "", source)  # as the transformer does, so that lines are its own
    python = TransformerManager().transform_cell(source)  # the same lines, without magics
    statements = ast.parse(python).body
    inside = {n for s in statements for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
    kept = {
        number: line
        for number, line in enumerate(source.splitlines(), start=1)
        if line.startswith("#") and number not in inside
    }
    assignments = [s for s in statements if isinstance(s, ast.Assign)]
    targets = [node for t in assignments[-1].targets for node in _parts(t)] if assignments else []
    names = [node.id for node in targets if isinstance(node, ast.Name)]
    if not names or len(names) < len(targets):
        raise ValueError("its last assignment is none to a name; expected name = …, the answer")
    kept[assignments[-1].lineno] = "\n".join(f"{name} = ..." for name in names)
    return "\n".join(line for _, line in sorted(kept.items()))


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


_KNOWN = {
    *("builtins", "collections", "decimal", "fractions"),
    *("jaxlib", "keras", "numpy", "pandas", "tensorflow", "torch"),
}
"""Packages whose objects are asked what they hold; code of anyone else's may fail or never end."""

_LONG = 1000  # parts, or characters, of what is longer than any answer


class _NoAnswerError(Exception):
    """A value that is no number, no text and no collection of these."""


def _same(answer: Any, expected: Any, within: float) -> bool:
    try:
        got = _plain(answer)
        if isinstance(expected, str):
            return isinstance(got, str) and _name(got) == _name(expected)
        if isinstance(expected, set):
            return isinstance(got, list) and set(map(_name, got)) == set(map(_name, expected))
        wanted = np.asarray(expected, dtype=float)
        numbers = np.asarray(_numbers(got))
    except Exception:  # whatever a conversion raises: it is no such answer
        return False
    if numbers.size == wanted.size == 1:
        numbers = numbers.reshape(wanted.shape)
    return numbers.shape == wanted.shape and bool(
        np.allclose(numbers, wanted, rtol=0, atol=within, equal_nan=True)
    )


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a value of a known package as text, a number, None or a list of such.

    Raises:
        _NoAnswerError: It is of another kind, or longer or deeper than an answer can be.
    """
    kind = type(value)
    if kind.__module__.partition(".")[0] not in _KNOWN or depth > 4:
        raise _NoAnswerError
    if kind is bytes or issubclass(kind, str):
        text = value[:_LONG]
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    if value is None or kind in (bool, int, float, complex, Decimal, Fraction):
        return value
    if hasattr(kind, "__array__"):
        values = np.asarray(value.detach().cpu() if hasattr(kind, "detach") else value)
        if values.size > _LONG:
            raise _NoAnswerError
        value = values.item() if values.size == 1 else values.tolist()
        if isinstance(value, np.generic):  # of no type of Python's, as the longest floats are
            value = float(value)
        return _plain(value, depth + 1)
    if not issubclass(kind, list | tuple | Set | KeysView | ValuesView | range | deque):
        raise _NoAnswerError
    if len(value) > _LONG:
        raise _NoAnswerError
    return [_plain(part, depth + 1) for part in value]


def _numbers(plain: Any) -> Any:
    """Return plain values as floats: text too, and complex numbers on the real line.

    Raises:
        TypeError, ValueError, OverflowError: One of them is no number.
    """
    if isinstance(plain, list):
        return [_numbers(part) for part in plain]
    if isinstance(plain, complex) and plain.imag == 0:
        plain = plain.real
    return float(plain)


def _name(value: Any) -> str:
    """Return how a class is called: a digit may come as a number, a word in other case."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()


def _say(value: Any, depth: int = 0) -> str:
    """Return a value as a student would write it: no NumPy type around a number, nothing long."""
    try:
        kind = type(value)
        known = kind.__module__.partition(".")[0] in _KNOWN
        if known and hasattr(kind, "__array__") and np.size(value) > _LONG:
            return f"{np.size(value):,} values, of shape {tuple(np.shape(value))}"
        if issubclass(kind, list | tuple | Set) and known and depth < 4:
            shown = ", ".join(_say(part, depth + 1) for part in islice(value, 20))
            more = f", … ({len(value):,} in all)" if len(value) > 20 else ""
            opening, closing = "()" if kind is tuple else "[]" if kind is list else "{}"
            return textwrap.shorten(f"{opening}{shown}{more}{closing}", 200, placeholder=" …")
        plain = _plain(value)
        if isinstance(plain, list):
            return _say(plain, depth + 1)
        if isinstance(plain, float):
            return f"{plain:.4g}"
        if isinstance(plain, int) and plain.bit_length() > 200:
            return f"a whole number of about {int(plain.bit_length() * 0.30103) + 1:,} digits"
        return _short(repr(plain) if isinstance(plain, str) else str(plain))
    except Exception:  # of an unknown kind, or a fraction of more digits than Python writes
        return f"a value of type {_short(type(value).__name__)}"


def _short(text: str) -> str:
    return textwrap.shorten(text[:_LONG], 200, placeholder=" …")


def _best_epoch(history: Any) -> int:
    # A training that diverged ends with NaN, which np.argmin would take for the lowest.
    return int(np.argmin(np.nan_to_num(history.history["val_loss"], nan=np.inf))) + 1


def _gap(history: Any) -> float:
    return float(history.history["accuracy"][-1] - history.history["val_accuracy"][-1])


def _hardest_pairs(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> list[set[str]]:
    """Return the two classes most often taken for each other; arguments are (n,) whole numbers."""
    confused = np.zeros((len(class_names), len(class_names)), int)
    np.add.at(confused, (labels, predicted), 1)
    both = np.triu(confused + confused.T, k=1)
    return [{str(class_names[k]) for k in pair} for pair in np.argwhere(both == both.max())]


def _worst_classes(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> list[str]:
    accuracy = [np.mean(predicted[labels == k] == k) for k in range(len(class_names))]
    return [str(class_names[k]) for k in np.flatnonzero(accuracy == np.min(accuracy))]


def _weakest(accuracy_under: dict[str, float]) -> list[str]:
    others = {name: value for name, value in accuracy_under.items() if "mirrored" not in name}
    return [name for name, value in others.items() if value == min(others.values())]


def _within_two(labels: np.ndarray, probabilities: np.ndarray) -> float:
    top_two = np.argsort(probabilities, axis=1)[:, -2:]
    return float((top_two == labels[:, np.newaxis]).any(axis=1).mean())


def _sure_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    sure = probabilities.max(axis=1) > 0.9
    return float((probabilities.argmax(axis=1) == labels)[sure].mean())


EXERCISES: dict[str, Exercise] = {
    "mnist.gap": Exercise(
        _gap,
        "The last value of training accuracy minus the last of validation, as a fraction: 2% is "
        "0.02.",
        "This gap is overfitting, measured: images it has seen against images it has not.",
        within=0.0005,
    ),
    "mnist.hardest-pair": Exercise(
        _hardest_pairs,
        "Add up each pair of counts that mirror each other in the confusion matrix. The answer is "
        'a set of two class names, such as {"0", "1"}.',
        "Digits that share most of their strokes are confused, by people too.",
    ),
    "mnist.second-guesses": Exercise(
        _within_two,
        "np.argsort puts the most probable classes last: compare the last two with the label.",
        "For most mistakes the right class was the second guess, though often a far less probable "
        "one.",
        within=0.00005,
    ),
    "mnist.smaller-model": Exercise(
        lambda: (784 * 32 + 32) + (32 * 10 + 10),
        "Two dense layers remain: 784 to 32, and 32 to 10. model.count_params() adds them up.",
        "With a seventh of the parameters, and after 3 epochs only, expect an accuracy that is a "
        "few percentage points lower.",
    ),
    "fashion-mnist.best-epoch": Exercise(
        _best_epoch,
        'history.history["val_loss"] is a list: np.argmin finds its lowest, counted from 0.',
        "The loss also sees how sure the network is of its mistakes: its best epoch is often an "
        "earlier one than that of the accuracy.",
    ),
    "fashion-mnist.hardest-pair": Exercise(
        _hardest_pairs,
        "Add up each pair of counts that mirror each other in the confusion matrix. The answer is "
        "a set of two class names.",
        "Garments alike in outline are confused. Would you tell them apart, at 28 by 28 pixels?",
    ),
    "fashion-mnist.worst-class": Exercise(
        _worst_classes,
        "For each class, take the mean of y_pred_test == label over the images of that class.",
        "One number for the whole test set hides the class that a customer would complain about.",
    ),
    "fashion-mnist.when-sure": Exercise(
        _sure_accuracy,
        "Choose the images by their largest probability, and then compare y_pred_test with y_test "
        "on those only.",
        "It is above the overall accuracy: what a network is unsure of can be left to a person.",
        within=0.00005,
    ),
    "digit-recognizer.steps": Exercise(
        lambda X_train, history: math.ceil(len(X_train) / 32) * len(history.epoch),
        "One step for each batch of 32, the last of which may be smaller, in each of the epochs.",
        "Each of these steps is the one that you have worked out by hand.",
    ),
    "digit-recognizer.gradient": Exercise(
        lambda db2: float(db2[0]),
        "The loss at b2[0] + 1e-5 minus that at b2[0] - 1e-5, divided by 2e-5.",
        "Measuring a derivative is slow, but it needs no algebra: this is how people find the "
        "mistakes in their gradients.",
        within=1e-7,
    ),
    "digit-recognizer.silent-units": Exercise(
        lambda Z1: float(np.mean(Z1 <= 0)),
        "np.mean of dZ1 == 0. In which places was Z1 negative?",
        "Where the weighted sum was negative, relu passes no gradient back: the unit learns "
        "nothing from that image.",
        within=0.0005,
    ),
    "digit-recognizer.learning-rate": Exercise(
        lambda: 0.1,
        "Compare the validation accuracy after the same number of epochs.",
        "With steps that are too small too little has happened yet; with steps that are too large "
        "each one lands beyond the valley. The learning rate is the first thing to try.",
        within=1e-9,
    ),
    "sign-language-mnist.best-epoch": Exercise(
        _best_epoch,
        'history.history["val_loss"] is a list: np.argmin finds its lowest, counted from 0.',
        "Early stopping keeps the weights of this epoch, whatever comes after.",
    ),
    "sign-language-mnist.count": Exercise(
        lambda: (28 * 28 * 28 * 28 * 32, 3 * 3 * 1 * 32),
        "Dense: each input is joined to each output. Convolution: 3 by 3 weights for each filter, "
        "wherever in the picture it is used.",
        "To look at 3 by 3 neighbours only, and to use the same filter everywhere, together save "
        "all but a few hundred of twenty million weights.",
    ),
    "sign-language-mnist.other-hand": Exercise(
        lambda accuracy_under: (
            accuracy_under["as stored"] - accuracy_under["mirrored (other hand)"]
        ),
        'Both numbers are in accuracy_under. Take "as stored" minus the other.',
        "Who is not in the training data is not served: a horizontal flip among the augmentation "
        "layers would teach both hands.",
        within=0.0005,
    ),
    "sign-language-mnist.worst-disturbance": Exercise(
        _weakest,
        "min(names, key=accuracy_under.get) finds the name with the least value. Which names are "
        "left without the mirrored hand?",
        "Augmentation helps against what it imitates; this is where the next effort should go.",
    ),
}
