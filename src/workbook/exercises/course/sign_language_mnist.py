"""Exercises of notebook 04: fingerspelled letters, with a convolutional network."""

from typing import Any

from workbook.exercises.course import undecided
from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import (
    Exercise,
    Facts,
    Judge,
    Misconception,
    as_percentage,
    equals,
    the_rest,
)

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


def _off(by_stop: int, by_best: int) -> Judge:
    """Return the judge of answers whose epochs are off by so many."""
    return equals(lambda facts: [[[e + by_stop, b + by_best] for e, b in _stops(facts)[0]]])


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
    return undecided.compared(
        {name: first[name].astype(int) - second[name] for name in first}, groups
    )


def _hit(facts: Facts) -> list[str]:
    """Return the disturbances that lose the most, as far as the groups can tell."""
    return [name for name, one in facts.items() if not undecided.is_certain(one)]


def _of_mistakes(right_under: dict[str, np.ndarray], groups: np.ndarray) -> Facts:
    """Return the share of mistakes under each disturbance but the mirrored hand."""
    others = {name: right for name, right in right_under.items() if "mirrored" not in name}
    return undecided.compared(
        {name: 1 - right.astype(int) for name, right in others.items()}, groups
    )


def _named(answer: Any) -> set[str]:
    names = [answer] if isinstance(answer, str) else answer
    return {name.strip().casefold() for name in names}


def _is_weakest(answer: Any, facts: Facts) -> bool:
    by_name = {name.casefold(): one for name, one in facts.items()}
    named = _named(answer)
    open_ = {name for name, one in by_name.items() if undecided.is_open(one)}
    return open_ <= named and not any(undecided.is_certain(by_name[name]) for name in named)


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
    return equals(lambda _: [np.array([dense, convolution, dense_doubled, doubled])])


DENSE = 28**2 * 28**2 * 32
FILTERS = 3 * 3 * 1 * 32


EXERCISES: dict[str, Exercise] = {
    "sign-language-mnist.convolve": Exercise(
        lambda patch, kernel: {
            "patch": np.asarray(patch).tolist(),
            "kernel": np.asarray(kernel).tolist(),
        },
        equals(lambda facts: [_corner(facts), _corner(facts).ravel()]),
        (
            "Lay the filter on the upper left corner: nine pixels lie under nine weights.",
            "Multiply each pixel by the weight that lies on it, and add up the nine products. "
            "Then move the filter by one pixel.",
            "The places are rows 0 to 2 and columns 0 to 2, then columns 1 to 3; then the same "
            "columns of rows 1 to 3. Three of the nine products are 0.",
        ),
        "Each of these sums is one pixel of a feature map. A layer with 32 filters does it 32 "
        "times at each place, with weights that it has learned.",
        (
            Misconception(
                "turned round",
                equals(lambda facts: [_corner(facts, turned=True)]),
                "The signs are turned round: the filter is laid on as it is, not upside down.",
            ),
            Misconception(
                "rows for columns",
                equals(lambda facts: [_corner(facts).T]),
                "The four sums are right, but the second one belongs to the place on the *right*.",
            ),
            Misconception(
                "moved too far",
                equals(lambda facts: [_corner(facts, step=3)]),
                "The filter moves by one pixel, not by its own width.",
            ),
            Misconception(
                "mean",
                equals(lambda facts: [_corner(facts) / 9], within=0.01),
                "That is the mean of the nine products: add them up.",
            ),
        ),
    ),
    "sign-language-mnist.horizontal": Exercise(
        dict,
        _finds_horizontal,
        (
            "The filter for vertical edges compares left with right. What has to be compared here?",
            "On pixels that are all alike the nine products have to cancel: the weights add up "
            "to 0.",
            "Weights of one sign in the top row, of the other sign in the bottom row, alike from "
            "left to right.",
        ),
        "Turned by a quarter, the same nine numbers ask another question. A network has both "
        "kinds, and slanted ones: nobody designs them, they are learned.",
        (
            Misconception(
                "other way round",
                lambda answer, facts: _finds_horizontal(-np.asarray(answer, float), facts),
                "It finds horizontal edges, but answers with a negative number where the *top* "
                "is brighter; relu would make nothing of it.",
            ),
            Misconception(
                "vertical",
                lambda answer, facts: _finds_horizontal(np.asarray(answer, float).T, facts),
                "It answers where left and right differ: that is a vertical edge.",
            ),
            Misconception(
                "brightness",
                lambda answer, _: abs(_answers(answer)["alike"]) >= 0.01,
                "It also answers where all nine pixels are alike: its weights do not add up to 0.",
            ),
        ),
    ),
    "sign-language-mnist.hand-or-sleeve": Exercise(
        _of_places,
        equals(_times, within=0.02),
        (
            "If it did not matter where the square lies, what share of the orange would be on the "
            "hand?",
            "np.clip(occluded, 0, None) leaves what is above 0; multiplied by "
            "on_hand, what of it is on the hand; on_hand.mean() is the hand's share of the "
            "pictures.",
            "Divide the share of the orange that is on the hand by the share of the pictures that "
            "is hand.",
        ),
        "A share alone says nothing: of an orange thrown at random, too, much would land on a "
        "hand that fills much of the picture. Only what is above 1 speaks for the hand. (The "
        "outline is the cutter's, and a square is wider than a finger: it is a rough measure.)",
        (
            Misconception(
                "not compared",
                equals(_share, within=0.01),
                "That is the share on the hand. Of the pictures, the hand is a large part as it "
                "is: how many times as much is it as chance would give?",
            ),
            Misconception(
                "area",
                equals(_area, within=0.005),
                "That is the share of the pictures that is hand.",
            ),
            Misconception(
                "upside down",
                equals(lambda facts: [1 / one for one in _times(facts)], within=0.02),
                "Upside down: which of the two shares is divided by which?",
            ),
            Misconception(
                "below 0",
                equals(
                    lambda facts: facts["with what is below 0"] / _area(facts),
                    within=0.02,
                ),
                "What is below 0 was counted, too: there the square *helped*.",
            ),
        ),
    ),
    "sign-language-mnist.shift-off": Exercise(
        _of_losses,
        equals(_hit),
        (
            "Which change of the picture had the network met only because of that augmentation?",
            "pairs[name] holds both accuracies: subtract, and look for the largest loss.",
            "max(names, key=...) finds the name for which a function gives the most.",
        ),
        "A filter finds a finger wherever it is, but the dense layer after it has a weight for "
        "each place: it has to have *seen* hands in other places. Pooling forgives a pixel or "
        "two, no more.",
        (
            Misconception(
                "the least",
                lambda answer, facts: (
                    facts[answer]["mean"] <= min(one["mean"] for one in facts.values())
                ),
                "That one loses least, or gains: which of the two is subtracted from which?",
            ),
        ),
    ),
    "sign-language-mnist.count": Exercise(
        dict,
        _counts(DENSE, FILTERS, 16 * DENSE, FILTERS),
        (
            "In a dense layer each output has a weight for each input; in a convolution layer a "
            "filter's weights serve in all places.",
            "Dense: the number of inputs times the number of outputs. Convolution: height times "
            "width of a filter, times channels, times filters.",
            "With height and width doubled, a dense layer has four times the inputs *and* four "
            "times the outputs. Which of a filter's numbers changes?",
        ),
        "To look at 3 by 3 neighbours only, and to use the same filter everywhere, saves all but "
        "a few hundred of twenty million weights; and a larger picture costs a convolution layer "
        "time, but not one weight.",
        (
            Misconception(
                "convolution grows",
                _counts(DENSE, FILTERS, 16 * DENSE, 4 * FILTERS),
                "Does a filter of 3 by 3 have more weights when the picture is larger?",
            ),
            Misconception(
                "outputs stay",
                _counts(DENSE, FILTERS, 4 * DENSE, FILTERS),
                "With the picture doubled, there are four times as many inputs. And outputs?",
            ),
            Misconception(
                "biases",
                _counts(
                    DENSE + 28**2 * 32, FILTERS + 32, 16 * DENSE + 4 * 28**2 * 32, FILTERS + 32
                ),
                "That counts the biases, too: leave them out.",
            ),
            Misconception(
                "one output channel",
                _counts(28**4, FILTERS, 56**4, FILTERS),
                "The dense layer has 28 × 28 × 32 outputs, not 28 × 28.",
            ),
        ),
    ),
    "sign-language-mnist.receptive-field": Exercise(
        dict,
        equals(lambda _: 22),
        (
            "Go backwards from one number of the last map: which numbers of the layer before does "
            "it depend on, and they on which?",
            "Keep two numbers from layer to layer: how many pixels one place sees, and how many "
            "pixels lie from one place to the next. Pooling doubles the second.",
            "A convolution of 3 by 3 adds two steps, a pooling of 2 by 2 one step; the steps are "
            "1, 1, 2, 2, 4, 4 pixels, and one pixel sees itself.",
        ),
        "1 + 2·1 + 1·1 + 2·2 + 1·2 + 2·4 + 1·4 = 22: nearly the whole picture. This is the "
        "*receptive field*; with convolutions alone it would be 7.",
        (
            Misconception(
                "without pooling",
                equals(lambda _: 7),
                "That is right for three convolutions alone. After a pooling, the next place lies "
                "two pixels further.",
            ),
            Misconception(
                "one pooling short",
                equals(lambda _: 18),
                "Nearly: the block's own pooling comes after its convolution.",
            ),
            Misconception(
                "area",
                equals(lambda _: 22 * 22),
                "That is the area; how many pixels wide is it?",
            ),
        ),
    ),
    "sign-language-mnist.patience": Exercise(
        lambda losses, patience: {
            "losses": [float(loss) for loss in losses],
            "patience": [int(one) for one in patience],
        },
        equals(_stops),
        (
            "Early stopping remembers the lowest loss so far, and counts the epochs since then.",
            "Go through the list, with the best epoch so far and a counter that goes back to 0 "
            "whenever a loss is lower than all before.",
            "Training ends with the epoch in which the counter reaches the patience; the weights "
            "are those of the best epoch until then. Epochs count from 1.",
        ),
        "A small patience takes the first hill for the end of the road. A large one costs epochs, "
        "and nothing else, since the best weights are restored: so it is the safer mistake.",
        (
            Misconception(
                "counted from 0",
                _off(-1, -1),
                "You counted from 0: epochs count from 1.",
            ),
            Misconception(
                "one too late",
                _off(1, 0),
                "One epoch too many: with a patience of 2, the second epoch without improvement "
                "is the last.",
            ),
            Misconception(
                "sees the future",
                lambda answer, facts: all(
                    pair[1] == facts["losses"].index(min(facts["losses"])) + 1 for pair in answer
                ),
                "The lowest loss of the whole list comes after training has ended: nobody will "
                "ever see it.",
            ),
        ),
    ),
    "sign-language-mnist.weakest": Exercise(
        _of_mistakes,
        _is_weakest,
        (
            "Whether one of two changes is worse is asked of the same images under both: it is "
            "the differences that count. And twins are no separate measurements.",
            "For each image, right_under[one] minus right_under[other] is -1, 0 or 1. Take the "
            "mean of these for each group: as many measurements as there are groups.",
            "The mean of the groups' differences is clear of 0 if it is more than about two "
            "standard errors away: their standard deviation divided by the root of their number.",
        ),
        "The lowest bar need not be *the* weakness: where the interval of a paired difference "
        "holds 0, these few groups cannot tell. More hands would decide it; more images of the "
        "same hands would not.",
        (
            Misconception(
                "the lowest only",
                lambda answer, facts: (
                    len(_named(answer)) == 1 and sum(map(undecided.is_open, facts.values())) > 1
                ),
                "The lowest number is one of them. Which others might be as low, for all that the "
                "groups can tell?",
            ),
            Misconception(
                "the other hand",
                lambda answer, _: any("mirrored" in name for name in _named(answer)),
                "The mirrored hand was to be left out.",
            ),
            Misconception(
                "too sure",
                lambda answer, facts: (
                    _named(answer)
                    < {n.casefold() for n, one in facts.items() if undecided.is_open(one)}
                ),
                "All of these belong to it, but some are missing: did you count images as "
                "measurements? Their twins say the same again.",
            ),
            Misconception(
                "not paired",
                lambda answer, facts: (
                    _named(answer) <= {name.casefold() for name in facts}
                    and _named(answer)
                    >= {name.casefold() for name, one in facts.items() if undecided.is_open(one)}
                ),
                "Some of these are clearly less bad than the lowest: compare the two on the same "
                "images, rather than two separate intervals.",
            ),
        ),
    ),
    "sign-language-mnist.second-fold": Exercise(
        _of_groups,
        _is_second_fold,
        (
            "It is to be another tenth: of each letter, whole groups that the first one has not.",
            "For one letter, the groups that are left are np.unique(groups[(y_train_full == "
            "letter) & ~in_valid]): hold out a ninth of these.",
            "Collect the numbers of the groups held out, letter by letter; np.isin(groups, "
            "collected) then marks their images.",
        ),
        "With ten such folds, each image is held out once: ten networks, each judged by what it "
        "has not seen, and the mean of their accuracies rests on all groups instead of a tenth. "
        "This is *cross-validation*, here with folds that are grouped and stratified.",
        (
            Misconception(
                "the first fold again",
                lambda split, _: split["groups of the first fold"] > 0,
                "Some of its groups are in the first validation set: another seed draws from all "
                "groups again.",
            ),
            Misconception(
                "groups torn",
                lambda split, _: split["groups on both sides"] > 0,
                "Some groups have images on both sides: near-duplicates again.",
            ),
            Misconception(
                "letters left out",
                lambda split, _: split["lowest share"] == 0,
                "Of some letter, no group is held out at all.",
            ),
            Misconception(
                "not stratified",
                lambda split, _: split["highest share"] > 2 * split["lowest share"],
                "The groups are whole, but the letters' shares differ too much.",
            ),
            Misconception(
                "wrong share",
                lambda split, _: (
                    not 0.07 <= (split["lowest share"] + split["highest share"]) / 2 <= 0.13
                ),
                "Even, but not one group in ten.",
            ),
        ),
        measure=_of_fold,
    ),
    "sign-language-mnist.both-hands": Exercise(
        lambda *_: {},
        lambda seen, _: (
            0.2 <= seen["mirrored"] <= 0.8 and seen["upside down"] < 0.02 and seen["at rest later"]
        ),
        (
            "A left hand looks like a right hand in a mirror: which change of a picture is that?",
            "help(RandomWarp) lists what it can do; Keras has a layer of its own for it, too.",
            "It has to happen to about half of the pictures, from left to right only, and only "
            "while training.",
        ),
        "Who is not in the training data is not served. One argument changes that, here at hardly "
        "any cost, since no letter of this alphabet is another one's mirror image.",
        (
            Misconception(
                "upside down",
                lambda seen, _: seen["upside down"] >= 0.02,
                "Some pictures stand on their head now: hands seldom do.",
            ),
            Misconception(
                "always",
                lambda seen, _: seen["mirrored"] > 0.8,
                "(Nearly) all pictures are mirrored: now right hands are missing.",
            ),
            Misconception(
                "never",
                lambda seen, _: seen["mirrored"] < 0.02,
                "No picture is mirrored while training.",
            ),
            Misconception(
                "at inference",
                lambda seen, _: not seen["at rest later"],
                "It changes pictures at inference, too: augmentation is for training only.",
            ),
        ),
        measure=_of_layer,
    ),
    "sign-language-mnist.break-even": Exercise(
        _of_compared,
        equals(_break_even, within=0.005),
        (
            "With a share s of left hands, each network's accuracy is a mean of two numbers, "
            "weighted with 1 - s and s.",
            'compared["cut out"] and compared["cut out, mirrored"] hold the four numbers. Try '
            "many shares, or solve for the one at which both means are equal.",
            "What the second network loses on right hands, times 1 - s, equals what it gains on "
            "left hands, times s.",
        ),
        "About one person in ten is left-handed (Papadatou-Pastou and others, 2020): compare your "
        "number with that. Which network is better depends on who will use it, and that is "
        "nothing a test set can know.",
        (
            as_percentage(_break_even, within=0.005),
            the_rest(_break_even, within=0.005),
            Misconception(
                "odds",
                equals(
                    lambda facts: _break_even(facts) / max(1 - _break_even(facts), 1e-9),
                    within=0.0005,
                ),
                "That is left hands for each *right* hand; the share is for each hand.",
            ),
        ),
    ),
}

RECALL = (
    Statement(
        True,
        "784 × 100 weights and 100 biases: each unit has a weight for each pixel. Keep the number "
        "in mind for what a convolution layer needs.",
    ),
    Statement(
        False,
        "To us the shape is the same; a dense layer has learned weights for places. Moved by a "
        "few pixels, the first notebook's network lost most of its accuracy.",
    ),
    Statement(
        True,
        "Where the weighted sum is negative, relu passes on 0, and no gradient comes back through "
        "it: for that image, the unit's weights stay as they are.",
    ),
    Statement(
        False,
        "Twenty more may be chance: what counts are the images on which the two disagree, and how "
        "unevenly these are shared out.",
    ),
    Statement(
        False,
        "What is chosen by the test images is no longer tested by them: the number will flatter. "
        "Choosing is what the validation images are for.",
    ),
)
