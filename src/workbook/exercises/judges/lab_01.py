"""How answers to notebook 01 are judged: MNIST, with dense layers."""

from typing import Any

from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

MOST_CHANGED = 30
"""How many pixels may be changed to fool the network: 4% of them, and several times the need."""

FURTHEST = 4
"""How many pixels images are moved, at most: hardly any ink leaves them."""


def _of_losses(model: Any, images: np.ndarray, labels: np.ndarray) -> Facts:
    """Return what share of the loss the mistakes cause, and what share of the images they are."""
    probabilities, wrong = _read(model, images, labels)
    given = probabilities[np.arange(len(labels)), labels]
    # Keras' loss takes no probability for smaller than 1e-7; a logarithm takes them as they are.
    losses = [-np.log(np.maximum(given, least)) for least in (1e-7, 1e-38)]
    return {
        "shares of the loss": [float(each[wrong].sum() / each.sum()) for each in losses],
        "share of the images": float(wrong.mean()),
    }


def _of_gaps(plain: Any, decayed: Any) -> Facts:
    """Return the last epoch's gaps of two trainings, (accuracy, loss), and what is left of them."""
    gaps = [
        (h["accuracy"][-1] - h["val_accuracy"][-1], h["val_loss"][-1] - h["loss"][-1])
        for h in (plain.history, decayed.history)
    ]
    left = [float(after / before) for before, after in zip(*gaps, strict=True)]
    return {"gaps": [[float(gap) for gap in pair] for pair in gaps], "left": left}


def _training(history: Any) -> dict[str, Any]:
    """Return how a network was trained: all that has to be the same where two are compared."""
    optimizer = history.model.optimizer
    kind, decay = type(optimizer).__name__, float(optimizer.weight_decay or 0)
    return {
        "optimizer": "Adam" if kind == "AdamW" and not decay else kind,  # the same thing
        "weight decay": decay,
        "learning rate": float(f"{float(optimizer.learning_rate):.4g}"),
        "epochs": len(history.epoch),
        "steps": int(optimizer.iterations),
    }


def _of_trained(history: Any, images: np.ndarray, labels: np.ndarray) -> Facts:
    """Return how the network to compare with was trained, and its validation accuracy."""
    return {"training": _training(history), "accuracy": _accuracy(history.model, images, labels)}


def _built(answer: Any, _: Any, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return what the student's network is, how it was trained, and what it reaches."""
    history, lost = answer
    layers = history.model.layers
    activations = [getattr(layer, "activation", type(layer)).__name__ for layer in layers]
    return {
        "units": [int(layer.units) for layer in layers if hasattr(layer, "units")],
        "relu": "relu" in map(str.lower, activations),
        "parameters": int(history.model.count_params()),
        "training": _training(history),
        "accuracy": _accuracy(history.model, images, labels),
        "lost": float(lost),
    }


def _of_mistakes(model: Any, images: np.ndarray, labels: np.ndarray) -> Facts:
    """Return how many mistakes have the right class second, and how probable it is in them."""
    probabilities, wrong = _read(model, images, labels)
    rows = np.arange(len(labels))
    given = probabilities[rows, labels]
    second = (probabilities > given[:, None]).sum(axis=1) == 1
    return {
        "images": len(labels),
        "mistakes": int(wrong.sum()),
        "second": int((wrong & second).sum()),
        "probability": float(given[wrong].mean()),
        "median": float(np.median(given[wrong])),
        "of the mistake": float(probabilities.max(axis=1)[wrong].mean()),
    }


def _of_pixels(model: Any, images: np.ndarray) -> Facts:
    """Return which pixel of the first image adds most to the first layer's most active unit.

    Pixels are [row, column]. Those that cannot be told from the first by float32 are as good.
    """
    image = images[0]
    weights, biases = model.layers[1].get_weights()
    unit = int((image.ravel() @ weights + biases).argmax())
    products = image.ravel() * weights[:, unit]
    others = {
        "least": products.argmin(),
        "weight": weights[:, unit].argmax(),
        "of any unit": (image.reshape(-1, 1) * weights).max(axis=1).argmax(),
    }
    best = np.flatnonzero(products >= products.max() - 1e-5 * abs(products.max()))
    return {
        "unit": unit,
        "best": [_place(pixel) for pixel in best[:10]],
        **{name: _place(pixel) for name, pixel in others.items()},
    }


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

    It is given every other image only: whoever returns the images of the notebook has others.
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


def _read(model: Any, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, float64 (n, classes), and which images are read wrongly, bool (n,)."""
    probabilities = model.predict(images, verbose=0).astype(float)
    return probabilities, probabilities.argmax(axis=1) != labels


def _accuracy(model: Any, images: np.ndarray, labels: np.ndarray) -> float:
    return float(1 - _read(model, images, labels)[1].mean())


def _place(pixel: Any) -> list[int]:
    return [int(place) for place in divmod(int(pixel), 28)]


def _left(facts: Facts) -> np.ndarray:
    return np.array(facts["left"])


def _lost(answer: Any, facts: Facts) -> float:
    return float(facts["accuracy"] - answer["accuracy"])


def _is_small(answer: Any) -> bool:
    whole = (784 * 32 + 32) + (32 * 10 + 10)
    return bool(answer["units"] == [32, 10] and answer["parameters"] == whole)


def _small_and_equal(answer: Any, facts: Facts) -> bool:
    return (
        _is_small(answer)
        and answer["relu"]
        and answer["training"] == facts["training"]
        and abs(answer["lost"] - _lost(answer, facts)) < 0.0006  # it is asked for to 0.001
    )


def _seconds(facts: Facts) -> np.ndarray:
    return np.array([facts["second"] / facts["mistakes"], facts["probability"]])


def _of_all_images(facts: Facts) -> list[float]:
    """Return the shares read at the second guess, and at the first or the second."""
    missed = facts["mistakes"] - facts["second"]
    return [facts["second"] / facts["images"], 1 - missed / facts["images"]]


def _is_fooled(answer: Any, facts: Facts) -> bool:
    return bool(answer["reads"] != facts["reads"])


def _is_an_image(answer: Any) -> bool:
    return bool(answer["lowest"] > -1e-6 and answer["highest"] < 1 + 1e-6)


def _is_back(answer: Any, facts: Facts) -> bool:
    # Half of what was lost: by the bounding box it is two thirds, by the centre of mass all.
    half_way = (facts["moved"] + facts["in place"]) / 2
    return bool(answer["same shape"] and answer["accuracy"] >= half_way)


_is_share = Equals(lambda facts: facts["shares of the loss"], within=0.01)
_is_left = Equals(_left, within=0.01)
_is_second = Equals(_seconds, within=0.006)  # they are asked for to two digits
# A place may come in a list of one, as argwhere gives it.
_is_pixel = Equals(lambda facts: [*facts["best"], *([one] for one in facts["best"])])


EXERCISES: dict[str, Exercise] = {
    "mnist.loss-share": Exercise(
        facts=_of_losses,
        right=_is_share,
        slips={
            "percentage": slips.percentage(_is_share),
            "share of the images": Equals(
                lambda facts: facts["share of the images"], within=0.0005
            ),
            "the rest": slips.the_rest(_is_share),
        },
        varies=True,
    ),
    "mnist.gap": Exercise(
        facts=_of_gaps,
        right=_is_left,
        slips={
            "percentage": slips.percentage(_is_left),
            "order": slips.turned_round(_is_left),
            "turned round": Equals(lambda facts: 1 / _left(facts), within=0.01),
            "the rest": slips.the_rest(_is_left),
            "not compared": Equals(
                lambda facts: [np.array(gaps) for gaps in facts["gaps"]], within=0.001
            ),
        },
        varies=True,
    ),
    "mnist.smaller-model": Exercise(
        facts=_of_trained,
        right=_small_and_equal,
        slips={
            "no network": lambda answer, _: answer is None,
            "another network": lambda answer, _: not _is_small(answer),
            "no relu": lambda answer, _: not answer["relu"],
            "unequal optimizers": lambda answer, facts: any(
                answer["training"][name] != facts["training"][name]
                for name in ("optimizer", "weight decay", "learning rate")
            ),
            "unequal training": lambda answer, facts: answer["training"] != facts["training"],
            "percentage": slips.percentage(_small_and_equal, "lost"),
            "sign": slips.sign(_small_and_equal, "lost"),
        },
        measure=_built,
        varies=True,
    ),
    "mnist.second-guesses": Exercise(
        facts=_of_mistakes,
        right=_is_second,
        slips={
            "percentage": slips.percentage(_is_second),
            "of all images": lambda answer, facts: any(
                abs(float(answer[0]) - share) < 0.0006 for share in _of_all_images(facts)
            ),
            "order": slips.turned_round(_is_second),
            "the wrong one's probability": Equals(
                lambda facts: np.array([_seconds(facts)[0], facts["of the mistake"]]),
                within=0.006,
            ),
            "median": Equals(
                lambda facts: np.array([_seconds(facts)[0], facts["median"]]), within=0.006
            ),
        },
        varies=True,
    ),
    "mnist.pixel": Exercise(
        facts=_of_pixels,
        right=_is_pixel,
        slips={
            "column first": slips.turned_round(_is_pixel),
            "one number": Equals(lambda facts: [28 * r + c for r, c in facts["best"]]),
            "counted from 1": slips.counted_from(1, _is_pixel),
            "weight alone": Equals(lambda facts: [facts["weight"]]),
            "against": Equals(lambda facts: [facts["least"]]),
            "another unit": Equals(lambda facts: [facts["of any unit"]]),
        },
        varies=True,
    ),
    "mnist.fool": Exercise(
        facts=_of_reading,
        right=lambda answer, facts: (
            _is_fooled(answer, facts) and answer["changed"] <= MOST_CHANGED and _is_an_image(answer)
        ),
        slips={
            "no image": lambda answer, _: answer is None,
            "grey levels": lambda answer, _: answer["highest"] > 2,
            "beyond black and white": lambda answer, _: not _is_an_image(answer),
            "unchanged": lambda answer, _: answer["changed"] == 0,
            "too many pixels": lambda answer, facts: (
                _is_fooled(answer, facts) and answer["changed"] > MOST_CHANGED
            ),
            "not fooled": lambda answer, facts: not _is_fooled(answer, facts),
        },
        measure=_changed,
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
        },
        measure=_brought_back,
        varies=True,
    ),
}
