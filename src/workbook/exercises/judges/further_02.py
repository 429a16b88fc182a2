"""How answers to the further notebook 02 are judged: when to trust a network."""

from typing import Any

from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

WANTED = 0.97


def _of_certainty(labels: np.ndarray, probabilities: np.ndarray) -> Facts:
    """Return rows of a threshold, the share that is answered, and the share right of that."""
    sure = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in np.arange(201) / 200:
        answered = sure >= threshold
        share = float(answered.mean())
        right = float(is_right[answered].mean()) if answered.any() else 1.0
        rows.append([round(float(threshold), 3), round(share, 5), round(right, 5)])
    return {"thresholds": rows}


def _at(threshold: float, facts: Facts) -> tuple[float, float]:
    """Return the share answered at a threshold, and the share right of it."""
    thresholds, answered, right = np.array(facts["thresholds"]).T
    return (
        float(np.interp(threshold, thresholds, answered)),
        float(np.interp(threshold, thresholds, right)),
    )


def _most_answered(facts: Facts) -> float:
    return max(answered for _, answered, right in facts["thresholds"] if right >= WANTED)


NEAR = 0.01


def _is_chosen(answer: Any, facts: Facts) -> bool:
    threshold, said = answer
    answered, right = _at(threshold, facts)
    return (
        abs(said - answered) <= NEAR
        and right >= WANTED - 0.002
        and answered >= _most_answered(facts) - NEAR
    )


def _of_two(first: np.ndarray, second: np.ndarray, before: np.ndarray, labels: np.ndarray) -> Facts:
    """Return how the mean of two networks' probabilities does against a third's predictions."""
    together = ((first + second) / 2).argmax(axis=1) == labels
    alone = before == labels
    won, lost = int((together & ~alone).sum()), int((~together & alone).sum())
    return {"won": won, "lost": lost, "images": len(labels), "p": _p(won, lost)}


def _p(won: int, lost: int) -> float:
    """Return McNemar's exact probability of a difference at least as large by chance."""
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def _is_compared(answer: Any, facts: Facts) -> bool:
    won, lost, p = answer
    counts = abs(won - facts["won"]) <= 2 and abs(lost - facts["lost"]) <= 2  # ties of floats
    return type(p) is not bool and counts and abs(p - _p(int(won), int(lost))) < 0.005


def _of_changes(once: np.ndarray, often: np.ndarray, labels: np.ndarray) -> Facts:
    changed = once != often
    matters = (once == labels) != (often == labels)
    return {"changed": float(changed.mean()), "matters": float(matters.mean())}


def _of_classes(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> Facts:
    accuracy = [float(np.mean(predicted[labels == k] == k)) for k in range(len(class_names))]
    return {"accuracy": accuracy, "shirt": list(class_names).index("Shirt")}


def _expected(facts: Facts, weight: float) -> float:
    """Return the accuracy in a shop where shirts are so many times as common as each other kind."""
    weights = [weight if k == facts["shirt"] else 1.0 for k in range(len(facts["accuracy"]))]
    return float(np.average(facts["accuracy"], weights=weights))


EXERCISES: dict[str, Exercise] = {
    "fashion-mnist.threshold": Exercise(
        facts=_of_certainty,
        right=_is_chosen,
        slips={
            "too cautious": lambda answer, facts: (
                _at(answer[0], facts)[0] < _most_answered(facts) - NEAR
            ),
            "too bold": lambda answer, facts: _at(answer[0], facts)[1] < WANTED - 0.002,
        },
        varies=True,
    ),
    "fashion-mnist.many-shirts": Exercise(
        facts=_of_classes,
        right=Equals(lambda facts: _expected(facts, 10), within=0.0015),
        slips={
            "unweighted": Equals(lambda facts: _expected(facts, 1), within=0.0002),
        },
        varies=True,
    ),
    "fashion-mnist.together": Exercise(
        facts=_of_two,
        right=_is_compared,
        slips={
            "turned round": lambda answer, facts: _is_compared(
                [answer[1], answer[0], answer[2]], facts
            ),
            "all right ones": lambda answer, facts: answer[0] > facts["images"] / 2,
        },
        varies=True,
    ),
    "fashion-mnist.changes": Exercise(
        facts=_of_changes,
        right=Equals(lambda facts: facts["changed"], within=0.0002),
        slips={
            "won and lost": Equals(lambda facts: facts["matters"], within=0.0002),
        },
        varies=True,
    ),
}
