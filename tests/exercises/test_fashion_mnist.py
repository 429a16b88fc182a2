"""Notebook 02's exercises: each with several right answers, and with wrong ones that are known."""

from types import SimpleNamespace

from workbook import exercises
from workbook.backend import keras

import numpy as np
import pytest
from judging import Case, all_right, all_wrong, judged

RNG = np.random.default_rng(0)
RAW = RNG.integers(0, 256, (6500, 4, 4), dtype="uint8")
RAW_TEST = RNG.integers(0, 256, (50, 4, 4), dtype="uint8")
IMAGES, LABELS = (RAW / 255).astype("float32"), RNG.integers(0, 10, 6500).astype("uint8")
ORDER = RNG.permutation(6500)
NAMES = ("Shirt", "Bag", "Coat")


def _network(units=(200, 100, 10), activations=("relu", "relu", "softmax"), flat=True, own=False):
    dense = keras.layers.Dense
    hidden = [dense(n, activation=a) for n, a in zip(units, activations, strict=True)]
    parts = [keras.Input((28, 28)), *([keras.layers.Flatten()] if flat else []), *hidden]
    if own:
        x = y = keras.Input((28, 28))
        for layer in parts[1:]:
            y = layer(y)
        return keras.Model(x, y)
    return keras.Sequential(parts)


def _history(epochs=60, steps=1688, **more):
    curves = {"loss": [0.1] * epochs, "val_loss": [0.2] * epochs} | more
    return SimpleNamespace(epoch=list(range(epochs)), params={"steps": steps}, history=curves)


def _activations_apart():
    dense, parts = keras.layers.Dense, [keras.Input((28, 28)), keras.layers.Flatten()]
    parts += [dense(200), keras.layers.Activation("relu"), dense(100), keras.layers.ReLU()]
    return keras.Sequential([*parts, dense(10), keras.layers.Softmax()])


VAL = [0.5, 0.4, 0.3, 0.29, 0.31, 0.35]
CURVES = SimpleNamespace(
    history={"val_loss": VAL, "val_accuracy": [0.80, 0.85, 0.86, 0.87, 0.90, 0.88]}
)

# A network that is sure of 800 images and right on them, and less sure and right on 200.
SURE = np.concatenate([np.linspace(0.9, 0.99, 800), np.linspace(0.5, 0.8, 200)])
PROBABILITIES = np.stack([SURE, 1 - SURE], axis=1)
ACTUAL = np.concatenate([np.zeros(800, int), np.arange(200) % 2])

FIRST = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]] * 20)
SECOND = np.array([[0.8, 0.2], [0.9, 0.1], [0.3, 0.7], [0.1, 0.9]] * 20)
TRUTH = np.array([0, 0, 1, 1] * 20)
BEFORE = FIRST.argmax(axis=1)  # right in half; together all are right: 40 won, none lost

ONCE, OFTEN, OF = (
    np.array([0, 1, 2, 0, 1] * 20),
    np.array([0, 2, 2, 1, 1] * 20),
    np.array([0] * 100),
)

KINDS = np.repeat([0, 1, 2], 1000)
SEEN = np.where(np.arange(3000) % 1000 < np.repeat([700, 900, 950], 1000), KINDS, 9)
SHOP = (10 * 0.7 + 0.9 + 0.95) / 12

CASES: dict[str, Case] = {
    "normalise": (
        (RAW, RAW_TEST),
        [
            (RAW.astype("float32") / 255, RAW_TEST.astype("float32") / 255),
            (RAW / 255, RAW_TEST / 255.0),
            (RAW * np.float32(1 / 255), RAW_TEST * np.float32(1 / 255)),
        ],
        [
            ((RAW.astype("float32") / 255, RAW_TEST.astype("float32")), "not divided"),
            ((RAW, RAW_TEST), "not divided"),
            ((RAW / 255 / 255, RAW_TEST / 255 / 255), "divided twice"),
            ((RAW // 255, RAW_TEST // 255), "whole numbers"),
            ((RAW_TEST / 255, RAW / 255), None),
            ((RAW / 256, RAW_TEST / 256), "by 256"),
            (RAW / 255, None),
        ],
    ),
    "split": (
        (IMAGES, LABELS),
        [
            (IMAGES[6000:], IMAGES[:6000], LABELS[6000:], LABELS[:6000]),
            (IMAGES[:500], IMAGES[500:], LABELS[:500], LABELS[500:]),
            tuple(part[i] for part in (IMAGES, LABELS) for i in (ORDER[:500], ORDER[500:])),
        ],
        [
            ((IMAGES[:6000], IMAGES[6000:], LABELS[:6000], LABELS[6000:]), "swapped"),
            ((IMAGES, IMAGES[:6000], LABELS, LABELS[:6000]), "both sides"),
            ((IMAGES[6000:], IMAGES[:6000], LABELS[:500], LABELS[500:]), "labels torn off"),
            ((IMAGES[1000:], IMAGES[:1000], LABELS[1000:], LABELS[:1000]), None),
            ((IMAGES[6000:], IMAGES[:6000], LABELS[6000:], LABELS[:10]), None),
        ],
    ),
    "build": (
        (),
        [
            _network(),
            _network(own=True),
            _activations_apart(),
            exercises.EXERCISES["fashion-mnist.build"].ours(),
        ],
        [
            (_network(activations=("relu", "relu", None)), "no softmax"),
            (_network(activations=("relu", "relu", "sigmoid")), "no softmax"),
            (_network(activations=(None, None, "softmax")), "linear"),
            (_network(flat=False), "not flat"),
            (keras.Sequential([keras.layers.Dense(10, "softmax")]), "no input"),
            (_network(units=(100, 200, 10)), "sizes"),
            ("200, 100, 10", None),
        ],
    ),
    "train": (
        (None, np.zeros((54_000, 1)), None, None, None, 60),
        [(_history(), 80.5), [_history(), 1], (_history(accuracy=[0.5] * 60), np.float64(3))],
        [
            ((_history(10), 20.0), "epochs"),
            ((_history(steps=844), 20.0), "batches"),
            ((SimpleNamespace(epoch=[0], params={"steps": 1}, history={}), 1.0), "not validated"),
            (_history(), None),
        ],
    ),
    "best-epoch": (
        (CURVES,),
        [4, int(np.argmin(VAL)) + 1, VAL.index(min(VAL)) + 1, np.float64(4)],
        [(3, "counted from 0"), (5, "accuracy"), (6, "training loss"), (1, None), ("four", None)],
    ),
    "threshold": (
        (ACTUAL, PROBABILITIES),
        [(0.724, 0.85), (0.725, np.mean(SURE >= 0.725)), np.array([0.726, 0.845])],
        [
            ((0.724, 0.15), "share refused"),
            ((0.724, 85), "percentage"),
            ((0.95, 0.4555), "too cautious"),
            ((0.5, 1.0), "too bold"),
            ((0.724, 0.5), None),
            (0.724, None),
        ],
    ),
    "together": (
        (FIRST, SECOND, BEFORE, TRUTH),
        [(40, 0, True), [np.int64(40), np.int64(0), np.bool_(True)], (39, 1, True)],
        [
            ((0, 40, True), "turned round"),
            ((80, 0, True), "all right ones"),
            ((40, 0, False), "beyond chance"),
            ((40, 0), None),
            ((40, 0, "yes"), None),
            ((20, 20, True), None),
        ],
    ),
    "changes": (
        (ONCE, OFTEN, OF),
        [0.4, np.mean(ONCE != OFTEN), 1 - np.mean(ONCE == OFTEN), 40 / 100],
        [(0.2, "won and lost"), (40, "percentage"), (0.6, "the rest"), (0.1, None)],
    ),
    "many-shirts": (
        (KINDS, SEEN, NAMES),
        [SHOP, np.average([0.7, 0.9, 0.95], weights=[10, 1, 1]), np.float32(round(SHOP, 3))],
        [
            (0.85, "unweighted"),
            (SHOP * 19 / 10, "divided by ten"),
            (100 * SHOP, "percentage"),
            (0.7, None),
        ],
    ),
}


def test_every_exercise_has_cases() -> None:
    names = {name.partition(".")[2] for name in exercises.NOTEBOOKS["02_fashion_mnist_dense"]}
    assert names == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_right_answers_by_several_ways(name: str) -> None:
    all_right(f"fashion-mnist.{name}", CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_wrong_answers_and_their_slips(name: str) -> None:
    all_wrong(f"fashion-mnist.{name}", CASES[name])


@pytest.mark.parametrize("name", ["normalise", "split"])
def test_what_the_notebook_goes_on_with_is_right(name: str) -> None:
    given = CASES[name][0]
    ours = exercises.EXERCISES[f"fashion-mnist.{name}"].ours
    assert ours is not None
    assert judged(f"fashion-mnist.{name}", ours(*given), given).outcome == "right"


def test_the_notebook_s_own_training_is_right() -> None:
    network = _network(units=(4, 4, 10))
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images, labels = np.zeros((64, 28, 28), "float32"), np.zeros(64, int)
    given = (network, images, labels, images[:8], labels[:8], 2)
    ours = exercises.EXERCISES["fashion-mnist.train"].ours
    assert ours is not None
    assert judged("fashion-mnist.train", ours(*given), given).outcome == "right"


def test_the_notebook_s_own_training_does_not_go_on_from_a_wrong_one() -> None:
    images, labels = np.random.default_rng(0).random((64, 28, 28), "float32"), np.arange(64) % 10
    ours = exercises.EXERCISES["fashion-mnist.train"].ours
    assert ours is not None
    curves = []
    for before in (0, 3):  # epochs of the student's
        keras.utils.set_random_seed(42)
        network = _network(units=(4, 4, 10))
        rate = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=6)
        network.compile(
            keras.optimizers.AdamW(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        if before:
            network.fit(images, labels, epochs=before, verbose=0)
        history, _ = ours(network, images, labels, images[:8], labels[:8], 3)
        assert int(network.optimizer.iterations) == 6
        curves.append(history.history["loss"])
    assert curves[1][0] > curves[1][-1]  # a rate that has decayed to 0 would leave it where it was
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.2)


def test_a_diverged_training_has_a_best_epoch() -> None:
    diverged = SimpleNamespace(
        history={"val_loss": [0.9, 0.6, float("nan")], "val_accuracy": [0, 1, 0]}
    )
    assert judged("fashion-mnist.best-epoch", 2, (diverged,)).outcome == "right"
