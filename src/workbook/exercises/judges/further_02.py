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
    for threshold in np.arange(FINE + 1) / FINE:
        answered = sure >= threshold
        share = float(answered.mean())
        right = float(is_right[answered].mean()) if answered.any() else 1.0
        rows.append([round(float(threshold), 3), round(share, 5), round(right, 5)])
    return {"thresholds": rows}


FINE = 200
"""How many parts the thresholds of the facts cut the probabilities from 0 to 1 into."""


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


def _is_bold(threshold: float, facts: Facts) -> bool:
    """Return whether too few answers are right at a threshold.

    Between two thresholds of the facts nobody knows exactly: the better one of them counts, and
    half an answer in a thousand.
    """
    place = min(max(threshold, 0), 1) * FINE
    beside = {round(place)} if abs(place - round(place)) < 1e-4 else {int(place), int(place) + 1}
    best = max(facts["thresholds"][k][2] for k in beside)
    return bool(best < (WANTED if len(beside) == 1 else WANTED - 0.0005))


def _is_chosen(answer: Any, facts: Facts) -> bool:
    threshold, said = answer
    answered, _ = _at(threshold, facts)
    return (
        abs(said - answered) <= NEAR
        and not _is_bold(threshold, facts)
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


def _of_squares(won: int, lost: int) -> list[float]:
    """Return the probabilities that McNemar's chi-squared gives, as it is and corrected."""
    from scipy.stats import chi2

    squares = [max(0, abs(won - lost) - less) ** 2 / max(1, won + lost) for less in (0, 1)]
    return [float(chi2.sf(square, 1)) for square in squares]


def _is_counted(answer: Any, facts: Facts) -> bool:
    won, lost, _ = answer
    return abs(won - facts["won"]) <= 2 and abs(lost - facts["lost"]) <= 2  # ties of floats


def _is_p(said: Any, wanted: float) -> bool:
    """Return whether a probability is the wanted one, or it rounded to two digits or more."""
    if type(said) is bool:
        return False
    rounded = any(np.isclose(said, round(wanted, digits), atol=1e-9) for digits in range(2, 7))
    return rounded or bool(np.isclose(said, wanted, rtol=0.02, atol=1e-9))


def _is_compared(answer: Any, facts: Facts) -> bool:
    won, lost, p = answer
    exact, squares = _p(int(won), int(lost)), _of_squares(int(won), int(lost))
    return _is_counted(answer, facts) and any(_is_p(p, one) for one in (exact, *squares))


def _of_changes(once: np.ndarray, often: np.ndarray, labels: np.ndarray) -> Facts:
    changed = once != often
    matters = (once == labels) != (often == labels)
    return {"changed": float(changed.mean()), "matters": float(matters.mean())}


def _of_classes(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> Facts:
    accuracy = [float(np.mean(predicted[labels == k] == k)) for k in range(len(class_names))]
    counts = [int(np.sum(labels == k)) for k in range(len(class_names))]
    return {"accuracy": accuracy, "counts": counts, "shirt": list(class_names).index("Shirt")}


def _expected(facts: Facts, weight: float, counts: Any = 1) -> float:
    """Return the accuracy in a shop where shirts are so many times as common as each other kind.

    ``counts`` are how common the kinds are but for that, such as in the validation images.
    """
    weights = np.ones(len(facts["accuracy"])) * counts
    weights[facts["shirt"]] *= weight
    return float(np.average(facts["accuracy"], weights=weights))


EXERCISES: dict[str, Exercise] = {
    "fashion-mnist.threshold": Exercise(
        facts=_of_certainty,
        right=_is_chosen,
        slips={
            "too cautious": lambda answer, facts: (
                _at(answer[0], facts)[0] < _most_answered(facts) - NEAR
            ),
            "too bold": lambda answer, facts: _is_bold(answer[0], facts),
        },
        varies=True,
    ),
    "fashion-mnist.many-shirts": Exercise(
        facts=_of_classes,
        # By kinds as the question says, or by images, of which the kinds have nearly as many each.
        right=Equals(
            lambda facts: [_expected(facts, 10), _expected(facts, 10, facts.get("counts", 1))],
            within=0.0015,
        ),
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
            "one side": lambda answer, facts: (
                _is_counted(answer, facts)
                and _is_p(answer[2], _p(int(answer[0]), int(answer[1])) / 2)
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
