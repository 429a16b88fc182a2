"""How answers to notebook 03 are judged: Kaggle's digits, and backpropagation."""

from typing import Any

from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

# On paper: a network of two inputs, two hidden units and two outputs, and one image.


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
    """Return what makes the pair of values that an answer gives, one after the other."""
    return lambda facts: [np.stack([_array(facts, name) for name in names])]


# Lines of backpropagation, for a batch.


def _of_batch(H: np.ndarray, dZ2: np.ndarray, *_: Any) -> Facts:
    """Return the sizes of a layer's gradient, and its products with two random vectors."""
    return {"shape": [H.shape[1], dZ2.shape[1]], "marks": _marks(H.T @ dZ2), "batch": len(H)}


def _marks(gradient: np.ndarray) -> list[float]:
    """Return a few numbers that tell one matrix from another."""
    rng = np.random.default_rng(3)
    rows, columns = rng.random((4, gradient.shape[0])), rng.random((gradient.shape[1], 4))
    return [float(number) for number in np.einsum("kr,rc,ck->k", rows, gradient, columns)]


def _gradient(answer: Any, H: np.ndarray, dZ2: np.ndarray) -> dict[str, Any]:
    found = np.asarray(answer, dtype=float)
    wanted = (H.shape[1], dZ2.shape[1])
    return {"shape": list(found.shape), "marks": _marks(found) if found.shape == wanted else None}


def _times(factor_of: Any) -> Any:
    """Return whether a gradient is the right one times a factor that the facts give.

    They agree to 1e-4, since the gradient may be TensorFlow's, in float32.
    """

    def judge(seen: Any, facts: Facts) -> bool:
        wanted = factor_of(facts) * np.array(facts["marks"])
        return seen["shape"] == facts["shape"] and np.allclose(seen["marks"], wanted, rtol=1e-4)

    return judge


def _of_planted(loss: Any, point: dict[str, np.ndarray], claimed: dict[str, np.ndarray]) -> Facts:
    """Return how far each claimed gradient is off what is measured, relative to its size."""
    off = {}
    for name, gradient in claimed.items():
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        measured = []
        for step in (1e-5, -1e-5):
            moved = point | {name: point[name].copy()}
            moved[name][place] += step
            measured.append(loss(**moved))
        slope = (measured[0] - measured[1]) / 2e-5
        off[name] = float(abs(slope - gradient[place]) / abs(gradient[place]))
    return {"off": off}


def _wrong_one(facts: Facts) -> str:
    return max(facts["off"], key=facts["off"].get)


# Other questions.


def _of_units(model: Any, images: np.ndarray) -> Facts:
    """Return for how many images each hidden unit is silent, and the number of images."""
    weights, biases = model.layers[1].get_weights()
    sums = images.reshape(len(images), -1) @ weights + biases
    return {"silent": (sums <= 0).sum(axis=0).tolist(), "images": len(images)}


def _is_quietest(answer: Any, facts: Facts) -> bool:
    unit, share = answer
    most = max(facts["silent"])
    if unit < 0:  # a list would count from its end
        return False
    # An image whose sum is 0 but for rounding may count on either side.
    return (
        facts["silent"][int(unit)] >= most - 2
        and abs(share - most / facts["images"]) < 5 / facts["images"] + 0.0005
    )


def _of_rates(reached: dict[float, float], n: int) -> Facts:
    """Return what each learning rate reached, and the number of images that it was measured on."""
    return {"rates": [[float(rate), float(share)] for rate, share in reached.items()], "n": int(n)}


def _good_rates(facts: Facts) -> list[float]:
    """Return the rates that are within noise of the best one: two standard errors of it."""
    best = max(share for _, share in facts["rates"])
    noise = 2 * np.sqrt(best * (1 - best) / facts["n"])
    return [rate for rate, share in facts["rates"] if share >= best - noise]


def _swept(answer: Any, *_: Any) -> dict[str, Any]:
    best, reached = answer
    return {
        "best": float(best),
        "rates": [[float(rate), float(share)] for rate, share in dict(reached).items()],
    }


def _is_swept(seen: Any, facts: Facts) -> bool:
    return (
        len(seen["rates"]) >= 5
        and max(r for r, _ in seen["rates"]) >= 30 * min(r for r, _ in seen["rates"])
        and all(0 <= share <= 1 for _, share in seen["rates"])
        and any(np.isclose(seen["best"], rate) for rate in _good_rates(seen | facts))
    )


def _steps(facts: Facts) -> int:
    return -(-facts["images"] // facts["batch"]) * facts["epochs"]


def _momentum(facts: Facts) -> float:
    return 1 / (1 - facts["momentum"])


_is_dw2 = Equals(lambda facts: _array(facts, "dW2"), within=0.02)
_is_dw1 = Equals(lambda facts: _array(facts, "dW1"), within=0.03)
_is_gradient = _times(lambda _: 1.0)


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
        right=_is_dw2,
        slips={
            "sign": slips.sign(_is_dw2),
            "transposed": slips.transposed(_is_dw2),
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
        right=_is_dw1,
        slips={
            "open gate": lambda answer, facts: np.allclose(
                answer, np.outer(facts["x"], facts["dH"]), atol=0.03
            ),
            "transposed": slips.transposed(_is_dw1),
            "sign": slips.sign(_is_dw1),
        },
    ),
    "digit-recognizer.blank": Exercise(
        facts=_of_batch,
        right=_is_gradient,
        slips={
            "transposed": lambda seen, facts: seen["shape"] == facts["shape"][::-1],
            "divided twice": _times(lambda facts: 1 / facts["batch"]),
            "sign": slips.sign(_is_gradient, "marks"),
        },
        measure=_gradient,
        ours=lambda H, dZ2: H.T @ dZ2,
    ),
    "digit-recognizer.planted-bug": Exercise(
        facts=_of_planted,
        right=Equals(lambda facts: [_wrong_one(facts), f"d{_wrong_one(facts)}"]),
        slips={
            "a right one": lambda answer, facts: facts["off"][answer] < 0.01,
        },
        varies=True,
    ),
    "digit-recognizer.quietest-unit": Exercise(
        facts=_of_units,
        right=_is_quietest,
        slips={
            # Said at 0 and 1 too, for the unit tells the slip from an odd answer.
            "share that speaks": lambda answer, facts: _is_quietest(
                [answer[0], 1 - answer[1]], facts
            ),
            "counted from 1": slips.counted_from(1, _is_quietest, 0),
            "loudest": lambda answer, facts: (
                facts["silent"][int(answer[0])] == min(facts["silent"])
            ),
        },
        varies=True,
    ),
    "digit-recognizer.learning-rate": Exercise(
        facts=lambda n: {"n": int(n)},
        right=_is_swept,
        slips={
            "too few": lambda seen, _: len(seen["rates"]) < 5,
            "too narrow": lambda seen, _: (
                max(r for r, _ in seen["rates"]) < 30 * min(r for r, _ in seen["rates"])
            ),
            "percentage": lambda seen, _: max(share for _, share in seen["rates"]) > 1,
            "not the best": lambda seen, facts: seen["best"] not in _good_rates(seen | facts),
        },
        measure=_swept,
    ),
    "digit-recognizer.steps": Exercise(
        facts=lambda images, batch, epochs: {"images": images, "batch": batch, "epochs": epochs},
        right=Equals(_steps),
        slips={
            "rest dropped": Equals(lambda f: f["images"] // f["batch"] * f["epochs"]),
            "rounded late": Equals(lambda f: -(-f["images"] * f["epochs"] // f["batch"])),
            "one epoch": Equals(lambda f: -(-f["images"] // f["batch"])),
        },
    ),
    "digit-recognizer.momentum": Exercise(
        facts=lambda momentum: {"momentum": float(momentum)},
        right=Equals(_momentum, within=0.02),
        slips={
            "two steps": Equals(lambda f: 1 + f["momentum"]),
            "running mean": Equals(lambda f: 1.0),
        },
    ),
}
