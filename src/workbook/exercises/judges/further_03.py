"""How answers to the further notebook 03 are judged: gradients, silent units, momentum."""

from typing import Any

from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, Facts, Judge

import numpy as np


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
    """Return how far each claimed gradient is off what is measured, relative to its size.

    And of the one that is furthest off, the slope that is measured and the one that is claimed.
    """
    off, slopes, claims = {}, {}, {}
    for name, gradient in claimed.items():
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        measured = []
        for step in (1e-5, -1e-5):
            moved = point | {name: point[name].copy()}
            moved[name][place] += step
            measured.append(loss(**moved))
        slopes[name], claims[name] = (measured[0] - measured[1]) / 2e-5, float(gradient[place])
        off[name] = float(abs(slopes[name] - claims[name]) / abs(claims[name]))
    wrong = max(off, key=lambda name: off[name])
    return {"off": off, "slope": slopes[wrong], "claimed": claims[wrong]}


def _wrong_one(facts: Facts) -> str:
    return max(facts["off"], key=facts["off"].get)


_names_it = Equals(lambda facts: [_wrong_one(facts), f"d{_wrong_one(facts)}"])


def _sloped(*factors: float) -> Judge:
    """Return the judge of the wrong array's name, and its measured slope times one of ``factors``.

    It may be off by a twentieth, since a large step crosses the bends of relu; the claimed one is
    off by more.
    """

    def judge(answer: Any, facts: Facts) -> bool:
        name, slope = answer
        name = name[0] if isinstance(name, list) and len(name) == 1 else name
        near = (abs(slope / facts["slope"] / factor - 1) < 0.05 for factor in factors)
        return _names_it(name, facts) and any(near)

    return judge


_is_measured = _sloped(1)


def _is_found(answer: Any, facts: Facts) -> bool:
    """Return whether the wrong array is named, with its slope; before release 2, named alone."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return (_names_it if isinstance(answer, str) else _is_measured)(answer, facts)


def _copied(answer: Any, facts: Facts) -> bool:
    """Return whether the slope is that which is claimed for the wrong array."""
    name, slope = answer
    return _names_it(name, facts) and bool(np.isclose(slope, facts["claimed"], rtol=0.02))


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


def _steps(facts: Facts) -> int:
    return -(-facts["images"] // facts["batch"]) * facts["epochs"]


def _momentum(facts: Facts) -> float:
    return 1 / (1 - facts["momentum"])


_is_gradient = _times(lambda _: 1.0)


EXERCISES: dict[str, Exercise] = {
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
    "digit-recognizer.steps": Exercise(
        facts=lambda images, batch, epochs: {"images": images, "batch": batch, "epochs": epochs},
        right=Equals(_steps),
        slips={
            "rest dropped": Equals(lambda f: f["images"] // f["batch"] * f["epochs"]),
            "rounded late": Equals(lambda f: -(-f["images"] * f["epochs"] // f["batch"])),
            "one epoch": Equals(lambda f: -(-f["images"] // f["batch"])),
        },
    ),
    "digit-recognizer.planted-bug": Exercise(
        facts=_of_planted,
        right=_is_found,
        slips={
            "a right one": lambda answer, facts: (
                facts["off"][answer if isinstance(answer, str) else answer[0]] < 0.01
            ),
            "claimed": _copied,
            "not divided": _sloped(*(ways * 10.0**-k for k in range(2, 9) for ways in (1, 2))),
            "half the way": _sloped(2),
            "sign": slips.sign(_is_measured, 1),
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
    "digit-recognizer.momentum": Exercise(
        facts=lambda momentum: {"momentum": float(momentum)},
        right=Equals(_momentum, within=0.02),
        slips={
            "two steps": Equals(lambda f: 1 + f["momentum"]),
        },
    ),
}
