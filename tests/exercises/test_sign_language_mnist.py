"""Notebook 04's exercises: each with several right answers, and with wrong ones that are known."""

from typing import Any

from workbook import exercises, hands
from workbook.backend import keras
from workbook.layers import RandomWarp

import numpy as np
import pytest
from judging import judged

COUNT = 28**4 * 32
RANDOM = np.random.default_rng(0)
LABELS = np.repeat(np.arange(3), 400)
GROUPS = np.repeat(np.arange(120), 10)  # 40 of each class
PICTURE = np.linspace(0, 1, 28 * 28, dtype="float32").reshape(1, 28, 28, 1) * (
    np.arange(28) < 12
).reshape(1, 1, 28, 1)
LOSSES = [0.90, 0.55, 0.41, 0.43, 0.42, 0.40, 0.44, 0.45, 0.46, 0.39, 0.41]
COMPARED = {
    "as stored": {"before": 1.0, "after": 1.0},
    "cut out": {"before": 0.97, "after": 0.95},
    "cut out, mirrored": {"before": 0.2, "after": 0.9},
}
EVEN = 0.02 / 0.72
PATCH = np.array([[19, 17, 13, 9], [19, 15, 11, 7], [19, 16, 12, 8], [19, 16, 12, 9]])
SLANTED = np.array([[2, 1, 0], [1, 0, -1], [0, -1, -2]])
CORNER = [[38 + 17 + 19 - 11 - 16 - 24, 34 + 13 + 15 - 7 - 12 - 16], [0, 0]]
CORNER[1] = [38 + 15 + 19 - 12 - 16 - 24, 30 + 11 + 16 - 8 - 12 - 18]
SOME_GROUPS = np.repeat(np.arange(100), 20)


def _of_groups_read(*spans: range) -> np.ndarray:
    return np.isin(SOME_GROUPS, np.concatenate([list(span) for span in spans]))


# Of 100 groups, each of 20 images that are read alike.
UNDER = {
    "as stored": _of_groups_read(range(98)),
    "noisy": _of_groups_read(range(50)),  # the lowest
    "dark": _of_groups_read(range(48), range(90, 94)),  # 2 more; differs in 6 groups
    "blurred": _of_groups_read(range(60)),  # 10 more, the same 50 among them: not lower by chance
    "mirrored (other hand)": _of_groups_read(range(10)),
}
WITHOUT = {
    "as stored": _of_groups_read(range(97)),
    "noisy": _of_groups_read(range(55)),
    "dark": _of_groups_read(range(8), range(90, 94)),  # lost 40
    "blurred": _of_groups_read(range(18), range(60, 62)),  # lost 40, the image and two others
    "mirrored (other hand)": _of_groups_read(range(10)),
}
ON_HAND = np.zeros((2, 28, 28), bool)
ON_HAND[0, 7:21, 7:21] = True  # a quarter
ON_HAND[1, :14] = True  # half
MAPS = np.where(ON_HAND, 0.3, np.where(np.arange(28) < 14, 0.1, -0.05)).astype("float32")
BOTH = list(zip(MAPS, ON_HAND, strict=True))
SHARE = float(np.clip(MAPS, 0, None)[ON_HAND].sum() / np.clip(MAPS, 0, None).sum())
AREA = float(ON_HAND.mean())
FIRST_FOLD = np.isin(GROUPS, np.arange(0, 120, 10))


def _every_tenth() -> np.ndarray:
    return np.isin(GROUPS, np.arange(5, 120, 10))


def _drawn() -> np.ndarray:
    left = [k for k in range(120) if k % 10]
    of_class = (RANDOM.permutation(left[k : k + 36])[:4] for k in (0, 36, 72))
    return np.isin(GROUPS, np.concatenate(list(of_class)))


def _of_the_rest() -> np.ndarray:
    fold = np.zeros(1200, bool)
    rest = ~FIRST_FOLD
    fold[rest] = hands.hold_out(GROUPS[rest], LABELS[rest], 1 / 9, seed=3)
    return fold


def _keras_flip() -> Any:
    return keras.layers.RandomFlip("horizontal", seed=1)


def _both_layers() -> Any:
    return keras.Sequential([keras.layers.RandomFlip("horizontal", seed=2), RandomWarp(shift=0.05)])


# What the notebook hands over, right answers by different ways, wrong ones and their slips.
CASES: dict[str, tuple[tuple[Any, ...], list[Any], list[tuple[Any, str | None]]]] = {
    "convolve": (
        (PATCH, SLANTED),
        [
            CORNER,
            np.ravel(CORNER),
            np.float32(
                keras.ops.conv(PATCH[None, ..., None] * 1.0, SLANTED[..., None, None] * 1.0)
            )[0, ..., 0],
            tuple(map(tuple, CORNER)),
        ],
        [
            (-np.array(CORNER), "turned round"),
            (np.array(CORNER).T, "rows for columns"),
            (np.array(CORNER) / 9, "mean"),
            (CORNER[0], None),
            (CORNER[0][0], None),
            (PATCH[:2, :2], None),
            ([[21, 24], [22, 23]], None),  # of the notebook's own filter, which it shows
            ("edges", None),
        ],
    ),
    "hand-or-sleeve": (
        (MAPS, ON_HAND),
        [
            SHARE / AREA,
            np.float32(SHARE / AREA),
            np.mean([np.clip(m, 0, None)[h].sum() / np.clip(m, 0, None).sum() for m, h in BOTH])
            / AREA,
        ],
        [
            (SHARE, "not compared"),
            (AREA, "area"),
            (AREA / SHARE, "upside down"),
            (MAPS[ON_HAND].sum() / MAPS.sum() / AREA, "below 0"),
            (1.0, None),
            (100 * SHARE, None),
            ("hand", None),
        ],
    ),
    "weakest": (
        (UNDER, SOME_GROUPS),
        [
            {"noisy", "dark"},
            ["Dark", "noisy "],
            ("dark", np.str_("noisy")),
            {"noisy": 1, "dark": 2}.keys(),
        ],
        [
            ("noisy", "the lowest only"),
            ({"noisy"}, "the lowest only"),
            ({"dark"}, "the lowest only"),
            ({"mirrored (other hand)", "noisy", "dark"}, "the other hand"),
            (set(), "too sure"),
            ({"noisy", "dark", "blurred"}, "not paired"),
            ({"noisy", "fog"}, None),
            (0.5, None),
        ],
    ),
    "shift-off": (
        ({"with": UNDER, "without": WITHOUT}, SOME_GROUPS),
        ["dark", "blurred", np.str_("Dark")],
        [("noisy", "the least"), ("as stored", None), (0.4, None), ("DARKER", None)],
    ),
    "horizontal": (
        (),
        [
            np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]]),
            [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
            np.full((3, 3), 1 / 3) * [[2], [-1], [-1]],
            [[0, 5, 0], [0, 0, 0], [0, -5, 0]],
        ],
        [
            ([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], "other way round"),
            ([[1, 0, -1]] * 3, "vertical"),
            ([[1, 1, 1]] * 3, "brightness"),
            ([[1, 1, 1], [0, 0, 0], [0, 0, 0]], "brightness"),
            ([[1, 1, 0], [0, 0, 0], [0, -1, -1]], None),
            ([[0, 0, 0]] * 3, None),
            ([1, 0, -1], None),
            ("horizontal", None),
        ],
    ),
    "count": (
        (),
        [
            [COUNT, 288, COUNT * 16, 288],
            (19_668_992, 288, 56 * 56 * 56 * 56 * 32, 9 * 32),
            np.array([28.0**4 * 32, 288, 56.0**4 * 32, 288]),
        ],
        [
            ([COUNT, 288, COUNT * 16, 4 * 288], "convolution grows"),
            ([COUNT, 288, COUNT * 4, 288], "outputs stay"),
            ([28**4, 288, 56**4, 288], "one output channel"),
            ([COUNT + 28**2 * 32, 320, COUNT * 16 + 56**2 * 32, 320], "biases"),
            ([COUNT, 288], None),
            ([COUNT, 288, COUNT * 16, 289], None),
        ],
    ),
    "receptive-field": (
        (),
        [22, np.int64(22), 1 + 2 + 1 + 4 + 2 + 8 + 4, 22.0],
        [(7, "without pooling"), (18, "one pooling short"), (484, "area"), (28, None), (21, None)],
    ),
    "patience": (
        (LOSSES, (2, 3)),
        [[(5, 3), (9, 6)], np.array([[5, 3], [9, 6]]), ((5.0, 3.0), (9.0, 6.0))],
        [
            ([(4, 2), (8, 5)], "counted from 0"),
            ([(6, 3), (10, 6)], "one too late"),
            ([(5, 10), (9, 10)], "sees the future"),
            ([(5, 3)], None),
            ([5, 3, 9, 6], None),
        ],
    ),
    "second-fold": (
        (GROUPS, LABELS, FIRST_FOLD),
        [
            _every_tenth(),
            _drawn(),
            _of_the_rest(),
            np.flatnonzero(_every_tenth()),
            list(_every_tenth()),
        ],
        [
            (FIRST_FOLD, "the first fold again"),
            (~FIRST_FOLD & (RANDOM.permutation(1200) < 120), "groups torn"),
            (np.isin(GROUPS, np.arange(1, 10)), "letters left out"),
            (np.isin(GROUPS, [*range(1, 10), 41, 81, 82]), "not stratified"),
            (~FIRST_FOLD & np.isin(GROUPS, np.arange(0, 120, 3)), "wrong share"),
            (_every_tenth()[:600], None),
            ("every tenth", None),
        ],
    ),
    "both-hands": (
        (PICTURE,),
        [
            RandomWarp(rotation=12, zoom=0.2, shift=0.1, flip=0.5, seed=6),
            _keras_flip(),
            _both_layers(),
        ],
        [
            (RandomWarp(rotation=12, seed=1), "never"),
            (RandomWarp(flip=1.0, seed=1), "always"),
            (keras.layers.RandomFlip("horizontal_and_vertical", seed=1), "upside down"),
            (keras.layers.Rescaling(2.0), "never"),
            ("flip=0.5", None),
        ],
    ),
    "break-even": (
        (COMPARED,),
        [EVEN, round(EVEN, 3), np.linspace(0, 1, 1001)[28], np.float32(EVEN)],
        [
            (100 * EVEN, "percentage"),
            (1 - EVEN, "the rest"),
            (0.1, None),
            (0, None),
            ("few", None),
        ],
    ),
}


def _judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    return judged(f"sign-language-mnist.{name}", answer, given)


def test_every_exercise_has_cases() -> None:
    names = {name.partition(".")[2] for name in exercises.NOTEBOOKS["04_asl_cnn"]}
    assert names == CASES.keys()
    assert all(len(right) >= 3 and len(wrong) >= 3 for _, right, wrong in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_right_answers_by_several_ways(name: str) -> None:
    given, right, _ = CASES[name]
    for answer in right:
        assert _judged(name, answer, given).outcome == "right", answer


@pytest.mark.parametrize("name", CASES)
def test_wrong_answers_and_their_slips(name: str) -> None:
    given, _, wrong = CASES[name]
    for answer, slip in wrong:
        verdict = _judged(name, answer, given)
        assert verdict.outcome == "wrong", answer
        assert (verdict.misconception and verdict.misconception.name) == slip, answer
    told = {slip for _, slip in wrong if slip}
    known = {m.name for m in exercises.EXERCISES[f"sign-language-mnist.{name}"].misconceptions}
    assert known - told <= {"odds", "at inference", "moved too far"}


def test_the_break_even_where_one_network_is_better_everywhere() -> None:
    better = {"before": 0.8, "after": 0.9}
    for pairs, even in (((better, better), 0.0), (({"before": 0.9, "after": 0.8},) * 2, 1.0)):
        compared = {"cut out": pairs[0], "cut out, mirrored": pairs[1]}
        assert _judged("break-even", even, (compared,)).outcome == "right"


def test_left_hands_for_each_right_hand_are_odds() -> None:
    compared = {
        "cut out": {"before": 0.9, "after": 0.7},
        "cut out, mirrored": {"before": 0.5, "after": 0.9},
    }
    verdict = _judged("break-even", 0.5, (compared,))
    assert verdict.misconception is not None and verdict.misconception.name == "odds"


class _AlwaysOn(keras.layers.Layer):
    def call(self, inputs: Any, training: bool = False) -> Any:
        flipped = keras.ops.flip(inputs, axis=2)
        return keras.ops.concatenate([inputs[::2], flipped[1::2]], axis=0) + 0.01


def test_what_changes_pictures_at_inference_is_told() -> None:
    verdict = _judged("both-hands", _AlwaysOn(), (PICTURE,))
    assert verdict.misconception is not None and verdict.misconception.name == "at inference"


def test_a_filter_that_moves_by_its_own_width_moves_too_far() -> None:
    patch = np.arange(36).reshape(6, 6) ** 2
    corner = np.array(
        [[(patch[r : r + 3, c : c + 3] * SLANTED).sum() for c in (0, 3)] for r in (0, 3)]
    )
    verdict = _judged("convolve", corner, (patch, SLANTED))
    assert verdict.misconception is not None and verdict.misconception.name == "moved too far"


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_patience_is_what_keras_has(patience: int) -> None:
    for losses in (LOSSES, *RANDOM.random((5, 12)).tolist()):
        model = keras.Sequential([keras.layers.Dense(1)])
        model.build((None, 1))
        stop = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
        stop.set_model(model)
        stop.on_train_begin()
        model.stop_training = False
        ended = len(losses)
        for epoch, loss in enumerate(losses):
            stop.on_epoch_end(epoch, {"val_loss": loss})
            if model.stop_training:
                ended = epoch + 1
                break
        answer = [(ended, stop.best_epoch + 1)]
        assert _judged("patience", answer, (losses, (patience,))).outcome == "right"


def _judged_undecided(as_bad: set[str], under: dict[str, np.ndarray], groups: np.ndarray) -> str:
    return _judged("weakest", as_bad, (under, groups)).outcome


@pytest.mark.parametrize("seed", range(8))
def test_several_ways_to_compute_an_interval_find_the_weakest(seed: int) -> None:
    """Paired by groups: a mean of groups, a mean of images, and a bootstrap over groups."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 40, 120)
    groups = np.repeat(np.arange(120), sizes)
    skill = rng.normal(0, 1, 120)[groups]
    hard = {f"change {k}": 0.1 * k + rng.normal(0, 0.3, 120)[groups] for k in range(8)}
    under = {n: skill + h + rng.normal(0, 0.3, len(groups)) > 0.8 for n, h in hard.items()}
    worst = min(under, key=lambda name: under[name].mean())
    found: dict[str, set[str]] = {"groups": set(), "images": set(), "bootstrap": set()}
    for name, right in under.items():
        better = right.astype(int) - under[worst]
        sums = np.bincount(groups, better)
        means = sums / sizes
        if means.mean() <= 1.96 * means.std(ddof=1) / np.sqrt(120):
            found["groups"].add(name)
        spread = np.sqrt(((sums - better.mean() * sizes) ** 2).sum()) / len(groups)
        if better.mean() <= 1.96 * spread:
            found["images"].add(name)
        drawn = rng.integers(0, 120, (2000, 120))
        if np.quantile(sums[drawn].sum(1) / sizes[drawn].sum(1), 0.025) <= 0:
            found["bootstrap"].add(name)
    for as_bad in found.values():
        assert len(as_bad) < 8
        assert _judged_undecided(as_bad, under, groups) == "right"
    assert _judged_undecided(set(under), under, groups) == "wrong"


def test_hints_do_not_hold_the_answer() -> None:
    answers = {
        "count": ["19,668,992", "19668992", "288", "28 * 28 * 28 * 28"],
        "receptive-field": ["22"],
        "patience": ["(5, 3)", "(9, 6)"],
        "horizontal": ["[1, 1, 1]", "[-1, -1, -1]"],
        "both-hands": ["flip=", "RandomFlip"],
        "shift-off": ["moved"],
    }
    for name, exercise in exercises.NOTEBOOKS["04_asl_cnn"].items():
        assert len(exercise.hints) == 3
        for text in answers.get(name.partition(".")[2], []):
            assert not any(text in hint for hint in exercise.hints), (name, text)
