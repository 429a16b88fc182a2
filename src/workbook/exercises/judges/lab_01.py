"""How answers to notebook 01 are judged: MNIST, with dense layers."""

from collections.abc import Sequence
from typing import Any

from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

_STRAIGHT = {"linear", "softmax", "InputLayer", "Flatten", "Reshape", "Softmax", "Identity"}
"""Activation functions, and layers without one, that bend nothing before the output."""


def _of_softmax(model: Any, images: np.ndarray) -> Facts:
    """Return the logits of the first image without and with the biases, of a network of a layer."""
    weights, biases = (part.astype(float) for part in model.layers[-1].get_weights())
    products = images[0].reshape(-1).astype(float) @ weights
    return {"without biases": products.tolist(), "logits": (products + biases).tolist()}


def _of_losses(model: Any, images: np.ndarray, labels: np.ndarray) -> Facts:
    """Return what share of the loss the mistakes cause, and what share of the images they are."""
    probabilities, wrong = read(model, images, labels)
    given = probabilities[np.arange(len(labels)), labels]
    # Keras' loss takes no probability for smaller than 1e-7; a logarithm takes them as they are.
    losses = [-np.log(np.maximum(given, least)) for least in (1e-7, 1e-38)]
    return {
        "shares of the loss": [float(each[wrong].sum() / each.sum()) for each in losses],
        "share of the images": float(wrong.mean()),
    }


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


def _of_trained(without: Sequence[Any], bent: Sequence[Any]) -> Facts:
    """Return how the networks to compare with were trained, and their mean accuracies.

    ``without`` and ``bent`` are histories of networks without a hidden layer, and with a hidden
    layer and relu; a history for each seed.
    """
    means = [
        float(np.mean([each.history["val_accuracy"][-1] for each in several]))
        for several in (without, bent)
    ]
    return {"training": _training(bent[0]), "without": means[0], "bent": means[1]}


def _built(answer: Any, *_: Any) -> dict[str, Any]:
    """Return what the student's network is, how it was trained, and what it reaches."""
    layers = answer.model.layers
    bends = [getattr(layer, "activation", type(layer)).__name__ for layer in layers]
    return {
        "units": [int(layer.units) for layer in layers if hasattr(layer, "units")],
        "parameters": int(answer.model.count_params()),
        "bends": sorted(set(bends) - _STRAIGHT),
        "training": _training(answer),
        "accuracy": float(answer.history["val_accuracy"][-1]),
    }


def _of_mistakes(model: Any, images: np.ndarray, labels: np.ndarray) -> Facts:
    """Return how many mistakes have the right class second, and how probable it is in them."""
    probabilities, wrong = read(model, images, labels)
    rows = np.arange(len(labels))
    given = probabilities[rows, labels]
    second = (probabilities > given[:, None]).sum(axis=1) == 1
    return {
        "images": len(labels),
        "mistakes": int(wrong.sum()),
        "second": int((wrong & second).sum()),
        "probability": float(given[wrong].mean()),
        "of the mistake": float(probabilities.max(axis=1)[wrong].mean()),
    }


def read(model: Any, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, float64 (n, classes), and which images are misread, bool (n,)."""
    probabilities = model.predict(images, verbose=0).astype(float)
    return probabilities, probabilities.argmax(axis=1) != labels


def _softmax(logits: Any) -> np.ndarray:
    powers = np.exp(np.asarray(logits) - np.max(logits))
    return powers / powers.sum()


def _softmaxes(facts: Facts) -> list[np.ndarray]:
    """Return the probabilities: of one image, and as the only row of a matrix."""
    probabilities = _softmax(facts["logits"])
    return [probabilities, probabilities[None]]


def _are_powers(answer: Any, facts: Facts) -> bool:
    powers = np.ravel(np.asarray(answer, dtype=float))
    return powers.shape == (10,) and np.allclose(powers, np.exp(facts["logits"]), rtol=0.01)


def _has_the_layers(answer: Any) -> bool:
    whole = (784 * 200 + 200) + (200 * 10 + 10)
    return bool(answer["units"] == [200, 10] and answer["parameters"] == whole)


def _straight_and_equal(answer: Any, facts: Facts) -> bool:
    return (
        _has_the_layers(answer)
        and not answer["bends"]
        and bool(answer["training"] == facts["training"])
    )


def _seconds(facts: Facts) -> np.ndarray:
    return np.array([facts["second"] / facts["mistakes"], facts["probability"]])


def _of_all_images(facts: Facts) -> list[float]:
    """Return the shares read at the second guess, and at the first or the second."""
    missed = facts["mistakes"] - facts["second"]
    return [facts["second"] / facts["images"], 1 - missed / facts["images"]]


EXERCISES: dict[str, Exercise] = {
    "mnist.softmax": Exercise(
        facts=_of_softmax,
        right=Equals(_softmaxes, within=0.001),
        slips={
            "logits": Equals(
                lambda facts: [np.array(facts["logits"]), np.array(facts["logits"])[None]],
                within=0.001,
            ),
            "not divided": _are_powers,
            "no biases": Equals(lambda facts: _softmax(facts["without biases"]), within=0.001),
            "the digit": Equals(lambda facts: int(np.argmax(facts["logits"]))),
        },
        varies=True,
    ),
    "mnist.loss-share": Exercise(
        facts=_of_losses,
        right=Equals(lambda facts: facts["shares of the loss"], within=0.01),
        slips={
            "share of the images": Equals(
                lambda facts: facts["share of the images"], within=0.0005
            ),
        },
        varies=True,
    ),
    "mnist.without-relu": Exercise(
        facts=_of_trained,
        right=_straight_and_equal,
        slips={
            "another network": lambda answer, _: not _has_the_layers(answer),
            "relu": lambda answer, _: bool(answer["bends"]),
            "unequal training": lambda answer, facts: answer["training"] != facts["training"],
        },
        measure=_built,
        varies=True,
    ),
    "mnist.second-guesses": Exercise(
        facts=_of_mistakes,
        right=Equals(_seconds, within=0.006),  # they are asked for to two digits
        slips={
            "of all images": lambda answer, facts: any(
                abs(float(answer[0]) - share) < 0.0006 for share in _of_all_images(facts)
            ),
            "the wrong one's probability": Equals(
                lambda facts: np.array([_seconds(facts)[0], facts["of the mistake"]]),
                within=0.006,
            ),
        },
        varies=True,
    ),
}
