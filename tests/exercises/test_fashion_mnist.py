"""Notebook 02's exercises, beside the answers that students write: trainings that went wrong."""

from typing import Any

from workbook import exercises
from workbook.backend import keras

import numpy as np
import pytest
from judging import judged


def _network():
    dense = [keras.layers.Dense(4, "relu"), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *dense])


def test_the_notebook_s_own_training_does_not_go_on_from_a_wrong_one() -> None:
    images, labels = np.random.default_rng(0).random((64, 28, 28), "float32"), np.arange(64) % 10
    ours = exercises.EXERCISES["fashion-mnist.train"].ours
    assert ours is not None
    curves = []
    for before in (0, 3):  # epochs of the student's
        keras.utils.set_random_seed(42)
        network = _network()
        rate = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=6)
        network.compile(
            keras.optimizers.AdamW(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        if before:
            network.fit(images, labels, epochs=before, verbose=0)
        history = ours(network, images, labels, images[:8], labels[:8], 3)
        assert int(network.optimizer.iterations) == 6
        curves.append(history.history["loss"])
    assert curves[1][0] > curves[1][-1]  # a rate that has decayed to 0 would leave it where it was
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.2)


@pytest.mark.parametrize(
    ("change", "slip"),
    [
        ({}, ""),
        ({"validated": False}, "not validated"),
        ({"on others": True}, "on others"),
        ({"epochs": 3}, "epochs"),
        ({"steps": 35}, "all images"),
        ({"steps": 8}, "batches"),
    ],
)
def test_a_training_that_is_another_is_known_by_what_is_recorded(
    change: dict[str, Any], slip: str
) -> None:
    facts = {"epochs": 2, "steps": 16, "steps of all": 35}
    seen = {"epochs": 2, "steps": 16, "validated": True, "on others": False} | change
    verdict = exercises.judged(exercises.EXERCISES["fashion-mnist.train"], seen, facts)
    assert verdict.outcome == ("wrong" if slip else "right")
    assert (verdict.misconception.name if verdict.misconception else "") == slip


def test_a_diverged_training_is_no_remedy() -> None:
    reached = {"plain": [[0.3, 0.9]] * 3, "dropout": [[0.2, 0.9], [float("nan"), 0.1], [0.2, 0.9]]}
    assert judged("fashion-mnist.remedies", {"dropout"}, (reached,)).outcome == "wrong"
    assert judged("fashion-mnist.remedies", set(), (reached,)).outcome == "right"
