"""Notebook 01's exercises: right answers by several ways, and what is said to wrong ones."""

import json
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from workbook import exercises
from workbook.backend import keras, tf
from workbook.exercises import records
from workbook.practice import digits

import numpy as np
import pytest
from scipy import ndimage

Judge = Callable[..., tuple[str, str | None]]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Check an answer; return its outcome and the misconception that was named, if any."""
    shown: list[records.Said] = []
    monkeypatch.setattr("IPython.display.display", shown.append)

    def judge(name: str, answer: Any, *given: Any) -> tuple[str, str | None]:
        exercises.check(name, answer, *given)
        record = shown[-1].record
        assert record is not None, shown[-1]
        text = json.dumps(record)
        assert len(text) < 20_000
        # A grader has the record alone.
        kept = json.loads(text)
        verdict = exercises.judged(exercises.EXERCISES[name], kept["answer"], kept["facts"])
        slip = verdict.misconception
        assert (verdict.outcome, slip and slip.name) == (kept["outcome"], kept["misconception"])
        return record["outcome"], record["misconception"]

    return judge


def _network(*units: int) -> keras.Sequential:
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(n, activation="relu") for n in units]
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            *hidden,
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    """Return drawings of digits, float32 (2000, 28, 28), in random order, and their labels."""
    rng = np.random.default_rng(5)
    labels = rng.permutation(np.repeat(np.arange(10), 200))
    drawn = np.empty((2000, 28, 28), "float32")
    for digit in range(10):
        drawn[labels == digit] = digits.draw(rng, digit, 200)
    return drawn, labels


@pytest.fixture(scope="module")
def model(images: tuple[np.ndarray, np.ndarray]) -> Any:
    """Return a network that reads most of the drawings, and learned from the first half."""
    network = _network(32)
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(images[0][:1000], images[1][:1000], epochs=12, verbose=0)
    return network


# 1. What the loss is made of.


def test_the_share_of_the_loss_by_three_methods(judged: Judge, model: Any, images: Any) -> None:
    X, y = images
    probabilities = model.predict(X, verbose=0)
    wrong = probabilities.argmax(axis=1) != y
    assert 10 < wrong.sum() < 500
    each = -np.log(probabilities[np.arange(len(y)), y])
    by_keras = keras.losses.sparse_categorical_crossentropy(y, probabilities).numpy()
    of_wrong = model.evaluate(X[wrong], y[wrong], verbose=0)[0] * wrong.sum()
    of_all = model.evaluate(X, y, verbose=0)[0] * len(y)
    for answer in (
        each[wrong].sum() / each.sum(),
        by_keras[wrong].sum() / by_keras.sum(),
        of_wrong / of_all,
        round(of_wrong / of_all, 2),
        str(round(of_wrong / of_all, 3)),
    ):
        assert judged("mnist.loss-share", answer, model, X, y) == ("right", None)
    share = float(of_wrong / of_all)
    for answer, slip in (
        (100 * share, "percentage"),
        (1 - share, "the rest"),
        (wrong.mean(), "share of the images"),
        (share - 0.05, None),
        ("most of it", None),
    ):
        assert judged("mnist.loss-share", answer, model, X, y) == ("wrong", slip)


def test_a_probability_of_zero_is_taken_as_keras_takes_it_or_as_it_is(judged: Judge) -> None:
    network = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(2, use_bias=False, activation="softmax"))
    weights = np.zeros((784, 2))
    weights[0] = 15, -15  # surer than Keras' smallest probability
    weights[1] = 1, 0
    network.set_weights([weights])
    X = np.zeros((3, 28, 28), "float32")
    X[0, 0, 0] = X[1, 0, 1] = 1
    y = np.array([1, 0, 0])
    surest, others = 30, -np.log(1 / (1 + np.exp(-1))) + np.log(2)
    assert judged("mnist.loss-share", surest / (surest + others), network, X, y)[0] == "right"
    surest = -np.log(1e-7)
    assert judged("mnist.loss-share", surest / (surest + others), network, X, y)[0] == "right"


# 2. What weight decay does.

PLAIN = SimpleNamespace(
    history={
        "accuracy": [0.9, 1.0],
        "val_accuracy": [0.9, 0.95],
        "loss": [0.3, 0.01],
        "val_loss": [0.25, 0.26],
    }
)
DECAYED = SimpleNamespace(
    history={
        "accuracy": [0.9, 0.99],
        "val_accuracy": [0.9, 0.945],
        "loss": [0.3, 0.05],
        "val_loss": [0.25, 0.15],
    }
)
# By hand: the gaps are 0.05 and 0.25 without decay, 0.045 and 0.1 with it.


@pytest.mark.parametrize(
    "answer",
    [
        (0.9, 0.4),
        np.array([0.9, 0.4]),
        [Fraction(9, 10), Fraction(2, 5)],
        tf.constant([0.9, 0.4]),
        (0.905, 0.396),
        ("0.90", "0.40"),
    ],
    ids=range(6),
)
def test_what_is_left_of_the_gaps(answer: Any, judged: Judge) -> None:
    assert judged("mnist.gap", answer, PLAIN, DECAYED) == ("right", None)


@pytest.mark.parametrize(
    ("answer", "slip"),
    [
        ((90, 40), "percentage"),
        ((0.4, 0.9), "order"),
        ((1 / 0.9, 2.5), "turned round"),
        ((0.1, 0.6), "the rest"),
        ((0.05, 0.25), "not compared"),
        ((0.045, 0.1), "not compared"),
        ((0.5, 0.5), None),
        (0.9, None),
        ({"accuracy": 0.9}, None),
    ],
    ids=range(9),
)
def test_wrong_gaps(answer: Any, slip: str | None, judged: Judge) -> None:
    assert judged("mnist.gap", answer, PLAIN, DECAYED) == ("wrong", slip)


# 3. A smaller network.


@pytest.fixture(scope="module")
def fair(images: Any) -> Callable[..., Any]:
    def train(network: Any, optimizer: Any = None, epochs: int = 2, batch: int = 100) -> Any:
        optimizer = optimizer or keras.optimizers.AdamW(2e-3, weight_decay=0.0)
        network.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        X, y = images
        valid = (X[1000:], y[1000:])
        return network.fit(
            X[:1000], y[:1000], batch, epochs=epochs, validation_data=valid, verbose=0
        )

    return train


@pytest.fixture(scope="module")
def base(fair: Any) -> Any:
    return fair(_network(200, 100))


def _lost(base: Any, history: Any) -> float:
    return base.history["val_accuracy"][-1] - history.history["val_accuracy"][-1]


def _functional() -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((28, 28))
    hidden = keras.layers.Dense(32)(keras.layers.Reshape((784,))(inputs))
    outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.ReLU()(hidden))
    return keras.Model(inputs, outputs)


def _in_parts() -> keras.Sequential:
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(32))
    network.add(keras.layers.Activation("relu"))
    network.add(keras.layers.Dense(10))
    network.add(keras.layers.Softmax())
    return network


@pytest.mark.parametrize("build", [lambda: _network(32), _functional, _in_parts])
def test_a_small_network_trained_fairly(
    build: Any, judged: Judge, fair: Any, base: Any, images: Any
) -> None:
    # Adam is AdamW without weight decay.
    optimizer = keras.optimizers.Adam(2e-3) if build is _functional else None
    history = fair(build(), optimizer)
    given = base, images[0][1000:], images[1][1000:]
    for lost in (
        _lost(base, history),
        round(_lost(base, history), 3),
        np.float32(_lost(base, history)),
    ):
        assert judged("mnist.smaller-model", (history, lost), *given) == ("right", None)
    assert judged("mnist.smaller-model", [history, _lost(base, history)], *given)[0] == "right"


def test_unfair_comparisons_and_other_networks(
    judged: Judge, fair: Any, base: Any, images: Any
) -> None:
    sgd, slow = keras.optimizers.SGD(2e-3), keras.optimizers.Adam(1e-3)
    decayed = keras.optimizers.AdamW(2e-3, weight_decay=0.1)
    twice = _network(32)
    fair(twice)
    again = twice.fit(images[0][:1000], images[1][:1000], 100, epochs=2, verbose=0)
    linear = _in_parts()
    linear = keras.Sequential([keras.Input((28, 28)), *linear.layers[:2], *linear.layers[3:]])
    cases = {
        "another network": [base, fair(_network(64)), fair(_network(32, 32))],
        "no relu": [fair(linear)],
        "unequal optimizers": [fair(_network(32), o) for o in (sgd, slow, decayed)],
        "unequal training": [fair(_network(32), epochs=3), fair(_network(32), batch=32), again],
    }
    given = base, images[0][1000:], images[1][1000:]
    for slip, histories in cases.items():
        for history in histories:
            answer = (history, 0.0 if history is again else _lost(base, history))
            assert judged("mnist.smaller-model", answer, *given) == ("wrong", slip)
    small = fair(_network(32))
    lost = _lost(base, small)
    assert abs(lost) > 0.005
    for answer, expected in (
        ((small, 100 * lost), "percentage"),
        ((small, -lost), "sign"),
        ((small, lost + 0.002), None),
        (lost, "no network"),
        (small, "no network"),
        (25_450, "no network"),
        ((small.model, lost), "no network"),
    ):
        assert judged("mnist.smaller-model", answer, *given) == ("wrong", expected)


# 4. Second guesses.


def test_second_guesses_by_three_methods(judged: Judge, model: Any, images: Any) -> None:
    X, y = images
    p = model.predict(X, verbose=0)
    wrong = np.flatnonzero(p.argmax(axis=1) != y)
    given = p[wrong, y[wrong]]
    by_sorting = np.mean(np.argsort(p[wrong], axis=1)[:, -2] == y[wrong])
    without_first = p[wrong].copy()
    without_first[np.arange(len(wrong)), p[wrong].argmax(axis=1)] = 0
    by_striking_out = np.mean(without_first.argmax(axis=1) == y[wrong])
    by_counting = sum(sorted(p[k])[-2] == p[k, y[k]] for k in wrong) / len(wrong)
    right = (float(by_sorting), float(given.mean()))
    for answer in (
        (by_sorting, given.mean()),
        [by_striking_out, np.sum(given) / len(wrong)],
        (by_counting, float(np.average(given))),
        (round(right[0], 2), round(right[1], 2)),
    ):
        assert judged("mnist.second-guesses", answer, model, X, y) == ("right", None)
    top_two = np.mean([y[k] in np.argsort(p[k])[-2:] for k in range(len(y))])
    for wrong_answer, slip in (
        ((100 * right[0], 100 * right[1]), "percentage"),
        ((top_two, right[1]), "of all images"),
        ((by_sorting * len(wrong) / len(y), right[1]), "of all images"),
        (right[::-1], "order"),
        ((right[0], p[wrong].max(axis=1).mean()), "the wrong one's probability"),
        ((right[0], np.median(given)), "median"),
        ((right[0] - 0.03, right[1]), None),
        (right[0], None),
    ):
        assert judged("mnist.second-guesses", wrong_answer, model, X, y) == ("wrong", slip)


# 5. The pixel that matters.

IMAGE = np.zeros((28, 28), "float32")
IMAGE[3, 5], IMAGE[7, 9], IMAGE[20, 21], IMAGE[12, 13] = 0.5, 1, 0.75, 1


@pytest.fixture(scope="module")
def by_hand() -> Any:
    """Return a network whose unit 1 is the most active for IMAGE, by 2 + 1 - 1.5."""
    network = _network(3)
    _, _, *others = network.get_weights()
    kernel = np.zeros((28, 28, 3), "float32")
    kernel[3, 5, 1], kernel[7, 9, 1], kernel[20, 21, 1] = 4, 1, -2
    kernel[10, 2, 1] = 9  # the pixel there is black
    kernel[12, 13, 2] = 3
    network.set_weights([kernel.reshape(784, 3), np.array([0, 0, -2.5]), *others])
    return network


def test_the_loudest_pixel_by_three_methods(judged: Judge, by_hand: Any) -> None:
    weights, biases = by_hand.layers[1].get_weights()
    unit = (IMAGE.ravel() @ weights + biases).argmax()
    products = (IMAGE.ravel() * weights[:, unit]).reshape(28, 28)
    in_a_loop = max(
        ((row, column) for row in range(28) for column in range(28)), key=lambda at: products[at]
    )
    for answer in (
        np.unravel_index(products.argmax(), products.shape),
        list(divmod(int(products.argmax()), 28)),
        in_a_loop,
        np.argwhere(products == products.max()),
        {"row": 3, "column": 5}.values(),
    ):
        assert judged("mnist.pixel", answer, by_hand, IMAGE[None]) == ("right", None)


@pytest.mark.parametrize(
    ("answer", "slip"),
    [
        ((5, 3), "column first"),
        (3 * 28 + 5, "one number"),
        ((4, 6), "counted from 1"),
        ((10, 2), "weight alone"),
        ((20, 21), "against"),
        ((12, 13), "another unit"),
        ((7, 9), None),
        ("the third", None),
        (None, None),
    ],
    ids=range(9),
)
def test_other_pixels(answer: Any, slip: str | None, judged: Judge, by_hand: Any) -> None:
    assert judged("mnist.pixel", answer, by_hand, IMAGE[None]) == ("wrong", slip)


def test_pixels_that_are_equally_loud_are_equally_right(judged: Judge, by_hand: Any) -> None:
    image = IMAGE.copy()
    image[7, 9] = 2
    for answer in ((3, 5), (7, 9)):
        assert judged("mnist.pixel", answer, by_hand, image[None])[0] == "right"


# 6. Fool the network.


def _one_by_one(model: Any, image: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Take pixels over from ``wanted``, each time the one that serves best, 30 times at most."""
    read = model.predict(image[None], verbose=0).argmax()
    changed = image.copy()
    for _ in range(30):
        tries = np.repeat(changed[None], 784, axis=0)
        tries.reshape(784, 784)[np.diag_indices(784)] = wanted.ravel()
        changed = tries[model.predict(tries, batch_size=784, verbose=0)[:, read].argmin()]
        if model.predict(changed[None], verbose=0).argmax() != read:
            break
    return changed


def _opposite(image: np.ndarray) -> np.ndarray:
    return (image < 0.5).astype("float32")


def _by_gradient(model: Any, image: np.ndarray) -> np.ndarray:
    """Turn the pixels to black or white for which the gradient promises most."""
    tensor = tf.Variable(image[None])
    read = model.predict(image[None], verbose=0).argmax()
    with tf.GradientTape() as tape:
        certainty = tf.math.log(model(tensor)[0, read])
    gradient = tape.gradient(certainty, tensor)[0].numpy().ravel()
    wanted = (gradient < 0).astype("float32")
    changed = image.copy()
    for pixel in (gradient * (wanted - image.ravel())).argsort()[:30]:
        changed.reshape(784)[pixel] = wanted[pixel]
        if model.predict(changed[None], verbose=0).argmax() != read:
            break
    return changed


def test_the_network_is_fooled_by_three_methods(judged: Judge, model: Any, images: Any) -> None:
    X, y = images
    image = X[0]
    read = model.predict(image[None], verbose=0).argmax()
    turned = _one_by_one(model, image, _opposite(image))
    towards = [_one_by_one(model, image, X[y == digit][0]) for digit in range(10) if digit != read]
    nearest = min(towards, key=lambda one: model.predict(one[None], verbose=0)[0, read])
    for answer in (
        turned,
        _by_gradient(model, image),
        nearest,
        turned.reshape(784).astype("float64"),
        turned[np.newaxis],
        turned.tolist(),
        tf.constant(turned),
    ):
        assert judged("mnist.fool", answer, model, X) == ("right", None)


def test_the_network_is_not_fooled(judged: Judge, model: Any, images: Any) -> None:
    X, _ = images
    image = X[0]
    read = int(model.predict(image[None], verbose=0).argmax())
    another = X[model.predict(X, verbose=0).argmax(axis=1) != read][0]
    fooling = _one_by_one(model, image, _opposite(image))
    beyond, corner, nothing = fooling.copy(), image.copy(), fooling.copy()
    beyond[0, 0], corner[0, 0], nothing[5, 5] = 1.5, 1, np.nan
    for answer, slip in (
        (image, "unchanged"),
        (another, "too many pixels"),
        (255 * fooling, "grey levels"),
        (beyond, "beyond black and white"),
        (nothing, "beyond black and white"),
        (corner, "not fooled"),
        ("a 9", "no image"),
        (9, "no image"),
        (X[:2], "no image"),
    ):
        assert judged("mnist.fool", answer, model, X) == ("wrong", slip)


# 7. Bring them back.


def _by_mass(images: np.ndarray) -> np.ndarray:
    centres = [np.array(ndimage.center_of_mass(image)) for image in images]
    return np.array(
        [ndimage.shift(i, 14 - c, order=1) for i, c in zip(images, centres, strict=True)]
    )


def _by_whole_pixels(images: np.ndarray) -> list[np.ndarray]:
    back = []
    for image in images:
        down = np.average(np.arange(28), weights=image.sum(axis=1))
        right = np.average(np.arange(28), weights=image.sum(axis=0))
        back.append(np.roll(image, (round(13.5 - down), round(13.5 - right)), (0, 1)))
    return back


def _by_the_box(images: np.ndarray) -> np.ndarray:
    back = np.zeros_like(images)
    for image, new in zip(images, back, strict=True):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        top, left = (28 - cut.shape[0]) // 2, (28 - cut.shape[1]) // 2
        new[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return back


@pytest.mark.parametrize("answer", [_by_mass, _by_whole_pixels, _by_the_box])
def test_moved_digits_are_brought_back(answer: Any, judged: Judge, model: Any, images: Any) -> None:
    assert judged("mnist.centring", answer, model, *images) == ("right", None)


def test_moved_digits_that_are_not_back(judged: Judge, model: Any, images: Any) -> None:
    X, y = images

    def away(moved: np.ndarray) -> np.ndarray:
        centres = [np.array(ndimage.center_of_mass(image)) for image in moved]
        return np.array(
            [ndimage.shift(i, c - 14, order=1) for i, c in zip(moved, centres, strict=True)]
        )

    for answer, slip in (
        (lambda moved: moved, "unmoved"),
        (away, "the wrong way"),
        (lambda moved: moved[:, 4:24, 4:24], "another shape"),
        (lambda moved: _by_mass(moved)[0], "another shape"),
        (lambda moved: X, "another shape"),
        (lambda moved: moved.nothing, "no function"),
        (_by_mass(X), "no function"),
        ("centred", "no function"),
    ):
        assert judged("mnist.centring", answer, model, X, y) == ("wrong", slip)


def test_the_notebook_s_own_images_are_no_answer(judged: Judge, model: Any, images: Any) -> None:
    X, y = images
    for answer in (lambda moved: X[: len(moved)], lambda moved: X[-len(moved) :]):
        assert judged("mnist.centring", answer, model, X, y)[0] == "wrong"


def test_hints_do_not_hold_the_answers() -> None:
    answers = {
        "mnist.smaller-model": ["25,450", "25450", "Dense(32"],
        "mnist.pixel": ["(17, 16)", "products.argmax"],
        "mnist.centring": ["14 -", "13.5 -"],
        "mnist.loss-share": ["0.9", "argmax(axis=1) !="],
        "mnist.gap": ["0.56", "0.98"],
        "mnist.second-guesses": ["0.91", "0.2", "-2]"],
        "mnist.fool": ["np.repeat", "argmin"],
    }
    assert answers.keys() == exercises.NOTEBOOKS["01_mnist_dense"].keys()
    for name, told in answers.items():
        hints = " ".join(exercises.EXERCISES[name].hints)
        assert not [text for text in told if text in hints], name
