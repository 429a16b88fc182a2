"""How answers to notebook 04 are judged: fingerspelled letters, with a convolutional network."""

from typing import Any

from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, Facts, Judge
from workbook.exercises.judges import paired_means

import numpy as np

EDGES = {
    "alike": np.full((3, 3), 5.0),
    "bright above": np.array([[9.0] * 3, [5.0] * 3, [1.0] * 3]),
    "bright left": np.array([[9.0, 5.0, 1.0]] * 3),
}
"""Patches of 3 by 3 pixels that a filter answers to."""


def _answers(kernel: Any) -> dict[str, float]:
    """Return what a filter gives on each patch, as a share of the largest that it could give."""
    weights = np.asarray(kernel, dtype=float).reshape(3, 3)
    most = np.abs(weights).sum() * 9 or 1.0
    return {name: float((patch * weights).sum() / most) for name, patch in EDGES.items()}


def _finds_horizontal(kernel: Any, _: Facts) -> bool:
    found = _answers(kernel)
    return abs(found["alike"]) < 0.01 and found["bright above"] > 0.1 > 10 * abs(
        found["bright left"]
    )


def _stop(losses: list[float], patience: int) -> list[int]:
    """Return the epoch after which early stopping ends a training, and that of the weights."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return [epoch + 1, best + 1]
    return [len(losses), best + 1]


def _stops(facts: Facts) -> list[list[list[int]]]:
    return [[_stop(facts["losses"], patience) for patience in facts["patience"]]]


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


def _of_compared(compared: dict[str, dict[str, float]]) -> Facts:
    """Return the four accuracies on hands cut out, of both networks, by kind and network."""
    kinds = {name: compared[f"cut out{name}"] for name in ("", ", mirrored")}
    return {name or "as they are": dict(pair) for name, pair in kinds.items()}


def _break_even(facts: Facts) -> float:
    """Return the share of left hands from which the second network reads more; 1: from none."""
    right, left = facts["as they are"], facts[", mirrored"]
    lost, won = right["before"] - right["after"], left["after"] - left["before"]
    if lost <= 0:
        return 0.0
    return float(lost / (lost + won)) if won > 0 else 1.0


def _of_losses(right_of: dict[str, dict[str, np.ndarray]], groups: np.ndarray) -> Facts:
    """Return how much is lost under each disturbance by the second of two networks."""
    first, second = right_of.values()
    return paired_means.compared(
        {name: first[name].astype(int) - second[name] for name in first}, groups
    )


def _hit(facts: Facts) -> list[str]:
    """Return the disturbances that lose the most, as far as the groups can tell."""
    return [name for name, one in facts.items() if not paired_means.is_certain(one)]


def _of_mistakes(right_under: dict[str, np.ndarray], groups: np.ndarray) -> Facts:
    """Return the share of mistakes under each disturbance but the mirrored hand."""
    others = {name: right for name, right in right_under.items() if "mirrored" not in name}
    return paired_means.compared(
        {name: 1 - right.astype(int) for name, right in others.items()}, groups
    )


def _named(answer: Any) -> set[str]:
    names = [answer] if isinstance(answer, str) else answer
    return {name.strip().casefold() for name in names}


def _is_weakest(answer: Any, facts: Facts) -> bool:
    by_name = {name.casefold(): one for name, one in facts.items()}
    named = _named(answer)
    open_ = {name for name, one in by_name.items() if paired_means.is_open(one)}
    return open_ <= named and not any(paired_means.is_certain(by_name[name]) for name in named)


def _of_places(maps: np.ndarray, hand: np.ndarray) -> Facts:
    """Return for each picture how much of its map is on the hand, and how large the hand is.

    ``maps`` is (n, height, width), of which only what is above 0 counts; ``hand`` (n, height,
    width) bool.
    """
    above = np.clip(maps, 0, None)
    return {
        "on the hand": (above * hand).sum(axis=(1, 2), dtype=float).tolist(),
        "in all": above.sum(axis=(1, 2), dtype=float).tolist(),
        "area": hand.mean(axis=(1, 2)).tolist(),
        "with what is below 0": float((maps * hand).sum() / maps.sum()),
    }


def _share(facts: Facts) -> float:
    return sum(facts["on the hand"]) / sum(facts["in all"])


def _area(facts: Facts) -> float:
    return sum(facts["area"]) / len(facts["area"])


def _times(facts: Facts) -> list[float]:
    """Return how many times its share of the pictures the hand's share of the map is.

    All pictures together; or as the mean of the pictures' shares, or of their own ratios.
    """
    own = zip(facts["on the hand"], facts["in all"], facts["area"], strict=True)
    used = [(on / total, area) for on, total, area in own if total > 0 and area > 0]
    return [
        _share(facts) / _area(facts),
        sum(share for share, _ in used) / sum(area for _, area in used),
        sum(share / area for share, area in used) / len(used),
    ]


def _corner(facts: Facts, turned: bool = False, step: int = 1) -> np.ndarray:
    """Return the four sums at the upper left, of a filter laid on ``step`` pixels apart."""
    patch, kernel = np.array(facts["patch"]), np.array(facts["kernel"])
    kernel = kernel[::-1, ::-1] if turned else kernel
    places = (0, step)
    return np.array(
        [[(patch[r : r + 3, c : c + 3] * kernel).sum() for c in places] for r in places]
    )


def _counts(dense: int, convolution: int, dense_doubled: int, doubled: int) -> Judge:
    return Equals(lambda _: [np.array([dense, convolution, dense_doubled, doubled])])


DENSE = 28**2 * 28**2 * 32
FILTERS = 3 * 3 * 1 * 32


_is_corner = Equals(lambda facts: [_corner(facts), _corner(facts).ravel()])
_is_stops = Equals(_stops)
_is_even = Equals(_break_even, within=0.005)


EXERCISES: dict[str, Exercise] = {
    "sign-language-mnist.convolve": Exercise(
        facts=lambda patch, kernel: {
            "patch": np.asarray(patch).tolist(),
            "kernel": np.asarray(kernel).tolist(),
        },
        right=_is_corner,
        slips={
            "turned round": Equals(lambda facts: [_corner(facts, turned=True)]),
            "rows for columns": slips.transposed(_is_corner),
            "moved too far": Equals(lambda facts: [_corner(facts, step=3)]),
            "mean": Equals(lambda facts: [_corner(facts) / 9], within=0.01),
        },
    ),
    "sign-language-mnist.horizontal": Exercise(
        facts=dict,
        right=_finds_horizontal,
        slips={
            "other way round": slips.sign(_finds_horizontal),
            "vertical": slips.transposed(_finds_horizontal),
            "brightness": lambda answer, _: abs(_answers(answer)["alike"]) >= 0.01,
        },
    ),
    "sign-language-mnist.hand-or-sleeve": Exercise(
        facts=_of_places,
        right=Equals(_times, within=0.02),
        slips={
            "not compared": Equals(_share, within=0.01),
            "area": Equals(_area, within=0.005),
            "upside down": Equals(lambda facts: [1 / one for one in _times(facts)], within=0.02),
            "below 0": Equals(
                lambda facts: facts["with what is below 0"] / _area(facts),
                within=0.02,
            ),
        },
        varies=True,
    ),
    "sign-language-mnist.shift-off": Exercise(
        facts=_of_losses,
        right=Equals(_hit),
        slips={
            "the least": lambda answer, facts: (
                facts[answer]["mean"] <= min(one["mean"] for one in facts.values())
            ),
        },
        varies=True,
    ),
    "sign-language-mnist.count": Exercise(
        facts=dict,
        right=_counts(DENSE, FILTERS, 16 * DENSE, FILTERS),
        slips={
            "convolution grows": _counts(DENSE, FILTERS, 16 * DENSE, 4 * FILTERS),
            "outputs stay": _counts(DENSE, FILTERS, 4 * DENSE, FILTERS),
            "biases": _counts(
                DENSE + 28**2 * 32, FILTERS + 32, 16 * DENSE + 4 * 28**2 * 32, FILTERS + 32
            ),
            "one output channel": _counts(28**4, FILTERS, 56**4, FILTERS),
        },
    ),
    "sign-language-mnist.receptive-field": Exercise(
        facts=dict,
        right=Equals(lambda _: 22),
        slips={
            "without pooling": Equals(lambda _: 7),
            "one pooling short": Equals(lambda _: 18),
            "area": Equals(lambda _: 22 * 22),
        },
    ),
    "sign-language-mnist.patience": Exercise(
        facts=lambda losses, patience: {
            "losses": [float(loss) for loss in losses],
            "patience": [int(one) for one in patience],
        },
        right=_is_stops,
        slips={
            "counted from 0": slips.counted_from(0, _is_stops),
            "one too late": Equals(lambda facts: [[[e + 1, b] for e, b in _stops(facts)[0]]]),
            "sees the future": lambda answer, facts: all(
                pair[1] == facts["losses"].index(min(facts["losses"])) + 1 for pair in answer
            ),
        },
    ),
    "sign-language-mnist.weakest": Exercise(
        facts=_of_mistakes,
        right=_is_weakest,
        slips={
            "the lowest only": lambda answer, facts: (
                len(_named(answer)) == 1 and sum(map(paired_means.is_open, facts.values())) > 1
            ),
            "the other hand": lambda answer, _: any("mirrored" in name for name in _named(answer)),
            "too sure": lambda answer, facts: (
                _named(answer)
                < {n.casefold() for n, one in facts.items() if paired_means.is_open(one)}
            ),
            "not paired": lambda answer, facts: (
                _named(answer) <= {name.casefold() for name in facts}
                and _named(answer)
                >= {name.casefold() for name, one in facts.items() if paired_means.is_open(one)}
            ),
        },
        varies=True,
    ),
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
    "sign-language-mnist.break-even": Exercise(
        facts=_of_compared,
        right=_is_even,
        slips={
            "percentage": slips.percentage(_is_even),
            "the rest": slips.the_rest(_is_even),
            "odds": slips.odds(_is_even),
        },
        varies=True,
    ),
}
