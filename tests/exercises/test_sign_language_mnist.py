"""Notebook 04's exercises, beside the answers that students write: what more there is to right."""

from typing import Any

from workbook import exercises
from workbook.backend import keras

import numpy as np
import pytest
from judging import judged

RANDOM = np.random.default_rng(0)
LOSSES = [0.90, 0.55, 0.41, 0.43, 0.42, 0.40, 0.44, 0.45, 0.46, 0.39, 0.41]


def _judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    return judged(f"sign-language-mnist.{name}", answer, given)


def test_the_break_even_where_one_network_is_better_everywhere() -> None:
    better = {"before": 0.8, "after": 0.9}
    for pairs, even in (((better, better), 0.0), (({"before": 0.9, "after": 0.8},) * 2, 1.0)):
        compared = {"cut out": pairs[0], "cut out, mirrored": pairs[1]}
        assert _judged("break-even", even, (compared,)).outcome == "right"


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
