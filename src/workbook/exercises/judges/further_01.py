"""How answers to the companion of notebook 01 are judged: inside a network, and moved digits."""

from typing import Any

from workbook.exercises.exercise import Equals, Exercise, Facts
from workbook.exercises.judges.lab_01 import read

import numpy as np

MOST_CHANGED = 30
"""How many pixels may be changed to fool the network: 4% of them, and several times the need."""

FURTHEST = 4
"""How many pixels images are moved, at most: hardly any ink leaves them."""


def _gates(model: Any, image: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the weights of three dense layers, and which units of the hidden two pass on."""
    W1, b1, W2, b2, W3, _ = (part.astype(float) for part in model.get_weights())
    sums_1 = image.reshape(-1).astype(float) @ W1 + b1
    sums_2 = np.maximum(sums_1, 0) @ W2 + b2
    return [W1, W2, W3], [sums_1 > 0, sums_2 > 0]


def _of_gates(model: Any, image: np.ndarray) -> Facts:
    """Return how many units of each hidden layer pass their sum on, and how many there are."""
    _, gates = _gates(model, image)
    return {"active": [int(gate.sum()) for gate in gates], "units": [len(gate) for gate in gates]}


def _to_logits(model: Any, image: np.ndarray) -> np.ndarray:
    """Return what a pixel adds to a logit, (pixels, logits), where no unit changes sides."""
    (W1, W2, W3), (first, second) = _gates(model, image)
    return (W1 * first) @ (W2 * second) @ W3


def _of_matrix(answer: Any, model: Any, image: np.ndarray) -> dict[str, Any]:
    """Return how far a matrix is from the right one, and from those of known slips."""
    found = np.asarray(answer, dtype=float)
    (W1, W2, W3), (first, second) = _gates(model, image)
    others = {
        "right": (W1 * first) @ (W2 * second) @ W3,
        "no gates": W1 @ W2 @ W3,
        "first gate": (W1 * first) @ W2 @ W3,
        "second gate": W1 @ (W2 * second) @ W3,
    }
    others["transposed"] = others["right"].T
    return {
        "shape": list(found.shape),
        "off": {
            name: float(np.abs(found - one).max() / np.abs(one).max())
            for name, one in others.items()
            if found.shape == one.shape
        },
    }


def _near(answer: Any, name: str) -> bool:
    return bool(answer["off"].get(name, 1.0) < 0.005)


def _of_gaps(plain: Any, decayed: Any) -> Facts:
    """Return the last epoch's gaps of two training runs, (accuracy, loss), and what is left."""
    gaps = [
        (h["accuracy"][-1] - h["val_accuracy"][-1], h["val_loss"][-1] - h["loss"][-1])
        for h in (plain.history, decayed.history)
    ]
    left = [float(after / before) for before, after in zip(*gaps, strict=True)]
    return {"gaps": [[float(gap) for gap in pair] for pair in gaps], "left": left}


def _of_reading(model: Any, images: np.ndarray) -> Facts:
    """Return what the network reads in the first image as it is."""
    return {"reads": int(model.predict(images[:1], verbose=0).argmax())}


def _changed(answer: Any, model: Any, images: np.ndarray) -> dict[str, Any]:
    """Return what the network reads in the changed image, and how many pixels are others."""
    pixels = np.asarray(answer, dtype=float).reshape(images[0].shape)
    reads = int(model.predict(pixels[None].astype("float32"), verbose=0).argmax())
    return {
        "reads": reads,
        "changed": int((np.abs(pixels - images[0]) > 1e-6).sum()),
        "lowest": float(pixels.min()),
        "highest": float(pixels.max()),
    }


def _darkened(model: Any, images: np.ndarray) -> np.ndarray:
    """Return the first image with pixels turned, the most telling first, until it is misread."""
    image = images[0].astype("float32")
    weights, reads = _to_logits(model, image), _of_reading(model, images)["reads"]
    other = int(np.argsort(model.predict(images[:1], verbose=0)[0])[-2])
    telling = (weights[:, other] - weights[:, reads]).reshape(image.shape)
    gain = np.where(telling > 0, 1 - image, -image) * telling
    for place in np.argsort(-gain.ravel())[:MOST_CHANGED]:
        image.flat[place] = float(telling.flat[place] > 0)
        if model.predict(image[None], verbose=0).argmax() != reads:
            break
    return image


def _of_moved(model: Any, images: np.ndarray, labels: np.ndarray) -> Facts:
    """Return the accuracy on images where they are, and where they were moved to."""
    return {
        "in place": _accuracy(model, images[1::2], labels[1::2]),
        "moved": _accuracy(model, _moved(images[1::2]), labels[1::2]),
    }


def _brought_back(
    answer: Any, model: Any, images: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """Return the accuracy on moved images after the student's function had them.

    It is given every other image only: the notebook's own images, returned, are others.
    """
    moved = _moved(images[1::2])
    back = np.asarray(answer(moved.copy()), dtype="float32")
    same = back.shape == moved.shape
    return {"same shape": same, "accuracy": _accuracy(model, back, labels[1::2]) if same else 0.0}


def _moved(images: np.ndarray) -> np.ndarray:
    """Return images moved by whole pixels at random, black coming in at the edges."""
    shifts = np.random.default_rng(28).integers(-FURTHEST, FURTHEST + 1, (len(images), 2))
    padded = np.pad(images, ((0, 0), (FURTHEST, FURTHEST), (FURTHEST, FURTHEST)))
    height, width = images.shape[1:]
    moved = [
        image[FURTHEST - down :][:height, FURTHEST - right :][:, :width]
        for image, (down, right) in zip(padded, shifts, strict=True)
    ]
    return np.stack(moved)


def _accuracy(model: Any, images: np.ndarray, labels: np.ndarray) -> float:
    return float(1 - read(model, images, labels)[1].mean())


def _left(facts: Facts) -> np.ndarray:
    return np.array(facts["left"])


def _is_fooled(answer: Any, facts: Facts) -> bool:
    return bool(answer["reads"] != facts["reads"])


def _is_an_image(answer: Any) -> bool:
    return bool(answer["lowest"] > -1e-6 and answer["highest"] < 1 + 1e-6)


def _is_back(answer: Any, facts: Facts) -> bool:
    # By the bounding box two thirds of what was lost come back, by the centre of mass all; by rows
    # or columns alone it is half.
    lost = facts["in place"] - facts["moved"]
    return bool(answer["same shape"] and answer["accuracy"] >= facts["moved"] + 0.6 * lost)


EXERCISES: dict[str, Exercise] = {
    "mnist.linear": Exercise(
        facts=_of_gates,
        right=lambda answer, _: _near(answer, "right"),
        slips={
            "transposed": lambda answer, _: _near(answer, "transposed"),
            "no gates": lambda answer, _: _near(answer, "no gates"),
            "one gate": lambda answer, _: (
                _near(answer, "first gate") or _near(answer, "second gate")
            ),
            "another shape": lambda answer, _: answer["shape"] != [784, 10],
        },
        measure=_of_matrix,
        ours=_to_logits,
        varies=True,
    ),
    "mnist.fool": Exercise(
        facts=_of_reading,
        right=lambda answer, facts: (
            _is_fooled(answer, facts) and answer["changed"] <= MOST_CHANGED and _is_an_image(answer)
        ),
        slips={
            "grey levels": lambda answer, _: answer["highest"] > 2,
            "beyond black and white": lambda answer, _: not _is_an_image(answer),
            "unchanged": lambda answer, _: answer["changed"] == 0,
            "too many pixels": lambda answer, facts: (
                _is_fooled(answer, facts) and answer["changed"] > MOST_CHANGED
            ),
            "not fooled": lambda answer, facts: not _is_fooled(answer, facts),
        },
        measure=_changed,
        ours=_darkened,
        varies=True,
    ),
    "mnist.gap": Exercise(
        facts=_of_gaps,
        right=Equals(_left, within=0.01),
        slips={
            "turned round": Equals(lambda facts: 1 / _left(facts), within=0.01),
            "not compared": Equals(
                lambda facts: [np.array(gaps) for gaps in facts["gaps"]], within=0.001
            ),
        },
        varies=True,
    ),
    "mnist.centring": Exercise(
        facts=_of_moved,
        right=_is_back,
        slips={
            "no function": lambda answer, _: answer is None,
            "another shape": lambda answer, _: not answer["same shape"],
            "the wrong way": lambda answer, facts: answer["accuracy"] < facts["moved"] - 0.05,
            "unmoved": lambda answer, facts: abs(answer["accuracy"] - facts["moved"]) <= 0.05,
            "half the way": lambda answer, facts: answer["accuracy"] > facts["moved"] + 0.05,
        },
        measure=_brought_back,
        varies=True,
    ),
}
