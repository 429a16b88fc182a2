"""How answers to notebook 03 are judged: Kaggle's digits, and backpropagation."""

from typing import Any

from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

EPOCHS = 2
"""For how many epochs the exercise asks to train at each learning rate."""


def _of_paper(x: Any, y: Any, W1: Any, W2: Any) -> Facts:
    """Return every value and gradient of one step without biases, as nested lists.

    ``x`` is (2,), ``y`` (2,) one-hot, the weights are (inputs, outputs). The loss is the
    cross-entropy of a softmax (Rumelhart, Hinton and Williams, 1986).
    """
    from workbook.explain import backpropagation

    return {name: value.tolist() for name, value in backpropagation(x, y, W1, W2).items()}


def _array(facts: Facts, name: str) -> np.ndarray:
    return np.asarray(facts[name], dtype=float)


def _pair(*names: str) -> Any:
    """Return what makes the pair of values that an answer gives, one after the other.

    Each may be a row of its own, as an image is among several.
    """

    def pairs(facts: Facts) -> list[np.ndarray]:
        pair = np.stack([_array(facts, name) for name in names])
        return [pair, pair[:, None]]

    return pairs


def _swept(answer: Any, *_: Any) -> dict[str, Any]:
    """Return the best rate, and what each rate's history ends with; None for what is no history.

    And for how many epochs each was trained, and at which rate, where its model still tells.
    """
    best, histories = answer
    several = {float(rate): history for rate, history in dict(histories).items()}
    curves = [_accuracies(history) for history in several.values()]
    return {
        "best": float(best),
        "rates": [
            [rate, curve[-1] if curve else None]
            for rate, curve in zip(several, curves, strict=True)
        ],
        "epochs": [len(curve) for curve in curves],
        "trained at": _trained_at(list(several.values())),
    }


def _accuracies(history: Any) -> list[float]:
    """Return the validation accuracies of the epochs; none for what is no history."""
    values = getattr(history, "history", history)
    return [float(value) for value in values["val_accuracy"]] if hasattr(values, "keys") else []


def _trained_at(histories: list[Any]) -> list[float | None]:
    """Return the learning rate of each history's model.

    It is None where there is no model, or where one model served several: it knows its last rate.
    """
    models = [getattr(history, "model", None) for history in histories]
    return [
        float(model.optimizer.learning_rate)
        if model is not None and sum(other is model for other in models) == 1
        else None
        for model in models
    ]


def _good_rates(seen: Any, facts: Facts) -> list[float]:
    """Return the rates that are within noise of the best one: two standard errors of it."""
    best = max(share for _, share in seen["rates"])
    noise = 2 * np.sqrt(best * (1 - best) / facts["n"])
    return [rate for rate, share in seen["rates"] if share >= best - noise]


def _is_narrow(seen: Any, _: Facts) -> bool:
    rates = [rate for rate, _ in seen["rates"]]
    return max(rates) < 9.99 * min(rates)


def _is_of_other_epochs(seen: Any, _: Facts) -> bool:
    return any(epochs != EPOCHS for epochs in seen.get("epochs", []))


def _is_at_other_rates(seen: Any, _: Facts) -> bool:
    """Return whether a model was trained at another rate than the one that its history is under."""
    pairs = zip(seen["rates"], seen.get("trained at", []), strict=False)
    return any(at is not None and not np.isclose(at, rate) for (rate, _), at in pairs)


def _is_swept(seen: Any, facts: Facts) -> bool:
    good = _good_rates(seen, facts)
    return (
        len(seen["rates"]) >= 5
        and not _is_narrow(seen, facts)
        and not _is_of_other_epochs(seen, facts)
        and not _is_at_other_rates(seen, facts)
        and any(np.isclose(seen["best"], rate) for rate in good)
    )


EXERCISES: dict[str, Exercise] = {
    "digit-recognizer.paper-forward": Exercise(
        facts=_of_paper,
        right=Equals(_pair("H", "P"), within=0.006),
        slips={
            "silent unit": lambda answer, facts: min(answer[0]) < 0,
            "no softmax": lambda answer, facts: np.allclose(answer[1], facts["Z2"], atol=0.01),
            "not shares": lambda answer, facts: (
                len(answer[1]) == 2 and not np.isclose(sum(answer[1]), 1, atol=0.02)
            ),
        },
    ),
    "digit-recognizer.paper-output": Exercise(
        facts=_of_paper,
        right=Equals(lambda facts: _array(facts, "dW2"), within=0.02),
        slips={
            "before relu": lambda answer, facts: np.allclose(
                answer, np.outer(facts["Z1"], facts["dZ2"]), atol=0.02
            ),
            "P in place of P - Y": lambda answer, facts: np.allclose(
                answer, np.outer(facts["H"], facts["P"]), atol=0.02
            ),
        },
    ),
    "digit-recognizer.paper-hidden": Exercise(
        facts=_of_paper,
        right=Equals(lambda facts: _array(facts, "dW1"), within=0.03),
        slips={
            "open gate": lambda answer, facts: np.allclose(
                answer, np.outer(facts["x"], facts["dH"]), atol=0.03
            ),
        },
    ),
    "digit-recognizer.learning-rate": Exercise(
        facts=lambda n: {"n": int(n)},
        right=_is_swept,
        slips={
            "no histories": lambda seen, _: any(share is None for _, share in seen["rates"]),
            "too few": lambda seen, _: len(seen["rates"]) < 5,
            "other epochs": _is_of_other_epochs,
            "other rates": _is_at_other_rates,
            "too narrow": _is_narrow,
            "not the best": lambda seen, facts: seen["best"] not in _good_rates(seen, facts),
        },
        measure=_swept,
    ),
}
