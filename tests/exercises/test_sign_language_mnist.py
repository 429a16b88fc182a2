"""Exercises of notebook 04 and its companion, beside the answers that students write."""

from typing import Any

from workbook import exercises
from workbook.backend import keras
from workbook.exercises import judges

import numpy as np
import pytest
from judging import judged

RANDOM = np.random.default_rng(0)
LOSSES = [0.90, 0.55, 0.41, 0.43, 0.42, 0.40, 0.44, 0.45, 0.46, 0.39, 0.41]


def _judged(name: str, answer: Any, given: tuple[Any, ...]) -> exercises.Verdict:
    return judged(f"sign-language-mnist.{name}", answer, given)


def test_pictures_without_evidence_or_without_a_hand_are_left_out() -> None:
    hand = np.zeros((4, 2, 2), bool)
    hand[:3, 0] = True
    maps = np.array([[[3, 3], [1, 1]], [[1, 1], [1, 1]], [[-1, 0], [0, 0]], [[5, 5], [5, 5]]])
    assert _judged("hand-or-sleeve", (1.25, 1, 1.5), (maps, hand)).outcome == "right"


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_patience_is_what_keras_has(patience: int) -> None:
    falling = sorted(LOSSES, reverse=True)  # never stopped
    for losses in (LOSSES, falling, *RANDOM.random((5, 12)).tolist()):
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


def test_a_rise_is_counted_from_the_first_epoch_on() -> None:
    verdict = _judged("patience", [(6, 4)], ([0.5, 0.6, 0.55, 0.4, 0.45, 0.5], (2,)))
    assert verdict.misconception is not None
    assert verdict.misconception.name == "from one to the next"


def test_hints_do_not_hold_the_answer() -> None:
    answers = {
        "count": ["19,668,992", "19668992", "288", "28 * 28 * 28 * 28"],
        "receptive-field": ["22"],
        "patience": ["(5, 3)", "(9, 6)"],
        "both-hands": ["flip=", "RandomFlip"],
        "break-even": ["0.13", "0.130"],
    }
    both = judges.of("04_asl_cnn") | judges.of("04_on_whose_hands")
    for name, exercise in both.items():
        assert len(exercise.hints) == 3
        for text in answers.get(name.partition(".")[2], []):
            assert not any(text in hint for hint in exercise.hints), (name, text)
