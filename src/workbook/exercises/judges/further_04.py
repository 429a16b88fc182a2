"""How answers to the companion of notebook 04 are judged: on whose hands a network was tried."""

from typing import Any

from workbook.exercises import answers
from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np


def _of_fold(
    in_fold: Any, groups: np.ndarray, labels: np.ndarray, in_first: np.ndarray
) -> dict[str, Any]:
    """Return how a fold holds groups together, and what share of each class's groups it takes."""
    held = np.asarray(in_fold)
    if held.dtype.kind in "iu":  # positions of the images held out
        held = np.isin(np.arange(len(labels)), held)
    if held.dtype != bool:
        raise TypeError("neither a mask nor positions")
    both = np.intersect1d(groups[held], groups[~held])
    shares = [
        len(np.unique(groups[held & (labels == k)])) / len(np.unique(groups[labels == k]))
        for k in np.unique(labels)
    ]
    return {
        "images": len(held),
        "groups on both sides": len(both),
        "groups of the first fold": len(np.intersect1d(groups[held], groups[in_first])),
        "lowest share": float(min(shares)),
        "highest share": float(max(shares)),
    }


def _of_groups(groups: np.ndarray, labels: np.ndarray, _: np.ndarray) -> Facts:
    """Return the number of images, and of the groups of the smallest class."""
    sizes = [len(np.unique(groups[labels == k])) for k in np.unique(labels)]
    return {"images": len(labels), "fewest groups": min(sizes)}


def _is_second_fold(split: Any, facts: Facts) -> bool:
    # A class of few groups cannot be cut at a tenth exactly: one group more or less is as good.
    room = max(0.03, 1 / facts["fewest groups"])
    return (
        split["images"] == facts["images"]
        and split["groups on both sides"] == 0
        and split["groups of the first fold"] == 0
        and split["lowest share"] > 0
        and split["lowest share"] >= 0.1 - room
        and split["highest share"] <= 0.1 + room
    )


def _of_layer(layer: Any, picture: np.ndarray) -> dict[str, Any]:
    """Return how often a layer turns a picture round while training, and whether it rests later."""
    image = np.asarray(picture, dtype="float32").reshape(1, 28, 28, 1)
    many = np.repeat(image, 256, axis=0)
    seen = np.asarray(layer(many, training=True), dtype=float).reshape(256, -1)
    forms = [image, image[:, :, ::-1], image[:, ::-1], image[:, ::-1, ::-1]]
    alike = np.stack([_correlation(seen, form.ravel()) for form in forms], axis=1)
    shares = np.bincount(alike.argmax(axis=1), minlength=4) / 256
    later = np.asarray(layer(image, training=False), dtype=float)
    return {
        "mirrored": float(shares[1]),
        "upside down": float(shares[2:].sum()),
        "at rest later": bool(np.allclose(later, image, atol=1e-5)),
    }


def _correlation(rows: np.ndarray, with_: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(axis=1, keepdims=True)
    with_ = with_ - with_.mean()
    return rows @ with_ / (np.linalg.norm(rows, axis=1) * np.linalg.norm(with_) + 1e-9)


def _of_maps(maps: np.ndarray, hand: np.ndarray) -> Facts:
    """Return for each picture by what factor its map is concentrated on the hand, and as a share.

    ``maps`` is (n, height, width), of which only what is above 0 counts; ``hand`` (n, height,
    width) bool. Pictures without either are left out.
    """
    above = np.clip(maps, 0, None)
    used = (above.sum(axis=(1, 2)) > 0) & hand.any(axis=(1, 2))
    above, hand = above[used], hand[used]
    shares = (above * hand).sum(axis=(1, 2), dtype=float) / above.sum(axis=(1, 2), dtype=float)
    return {
        "ratios": _rounded(shares / hand.mean(axis=(1, 2))),
        "shares": _rounded(shares),
    }


def _rounded(numbers: np.ndarray) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers]


def _of(ratios: str, middle: Any = np.median) -> Equals:
    """Return the judge of the middle, the lowest and the highest of what the facts hold."""

    def wanted(facts: Facts) -> np.ndarray:
        numbers = facts[ratios]
        return np.array([middle(numbers), min(numbers), max(numbers)])

    return Equals(wanted, within=0.01)


def _in_another_order(answer: Any, facts: Facts) -> bool:
    low, middle, high = sorted(answers.numbers(answer))
    return _of("ratios")([middle, low, high], facts)


def _of_compared(compared: dict[str, dict[str, float]]) -> Facts:
    """Return what share of right and of left hands each of two networks reads."""
    right, left = (list(map(float, pair.values())) for pair in compared.values())
    return {"right hands": right, "left hands": left}


def _break_even(facts: Facts) -> float:
    """Return the share of left hands above which the second network reads more."""
    right, left = facts["right hands"], facts["left hands"]
    lost, won = right[0] - right[1], left[1] - left[0]
    return float(lost / (lost + won))


EXERCISES: dict[str, Exercise] = {
    "sign-language-mnist.second-fold": Exercise(
        facts=_of_groups,
        right=_is_second_fold,
        slips={
            "the first fold again": lambda split, _: split["groups of the first fold"] > 0,
            "groups torn": lambda split, _: split["groups on both sides"] > 0,
            "letters left out": lambda split, _: split["lowest share"] == 0,
            "not stratified": lambda split, _: split["highest share"] > 2 * split["lowest share"],
            "wrong share": lambda split, _: (
                not 0.07 <= (split["lowest share"] + split["highest share"]) / 2 <= 0.13
            ),
        },
        measure=_of_fold,
    ),
    "sign-language-mnist.both-hands": Exercise(
        facts=lambda *_: {},
        right=lambda seen, _: (
            0.2 <= seen["mirrored"] <= 0.8 and seen["upside down"] < 0.02 and seen["at rest later"]
        ),
        slips={
            "upside down": lambda seen, _: seen["upside down"] >= 0.02,
            "always": lambda seen, _: seen["mirrored"] > 0.8,
            "never": lambda seen, _: seen["mirrored"] < 0.02,
            "at inference": lambda seen, _: not seen["at rest later"],
        },
        measure=_of_layer,
    ),
    "sign-language-mnist.hand-or-sleeve": Exercise(
        facts=_of_maps,
        right=_of("ratios"),
        slips={
            "another order": _in_another_order,
            "mean": _of("ratios", np.mean),
            "not compared": _of("shares"),
        },
        varies=True,
    ),
    "sign-language-mnist.break-even": Exercise(
        facts=_of_compared,
        right=Equals(_break_even, within=0.002),
    ),
}
