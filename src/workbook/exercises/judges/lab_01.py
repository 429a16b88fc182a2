"""How answers to notebook 01 are judged: MNIST, with dense layers."""

from collections.abc import Sequence
from typing import Any

from workbook.exercises.exercise import Equals, Exercise, Facts, Judge
from workbook.exercises.judges.layers import activation

import numpy as np

_STRAIGHT = {"linear", "softmax", "InputLayer", "Flatten", "Reshape", "Identity"}
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

    Also the lowest loss that a network with relu had in its first epoch.

    ``without`` and ``bent`` are histories of networks without a hidden layer, and with a hidden
    layer and relu; a history for each seed.
    """
    means = [
        float(np.mean([each.history["val_accuracy"][-1] for each in several]))
        for several in (without, bent)
    ]
    begun = min(float(each.history["loss"][0]) for each in bent)
    return {"training": _training(bent[0]), "without": means[0], "bent": means[1], "begun": begun}


def _built(answer: Any, *_: Any) -> dict[str, Any]:
    """Return what the student's network is, how it was trained, and what it reaches.

    Of several, one for each seed, the first has the mean accuracy, and the others beside it.
    """
    several = answer if isinstance(answer, list | tuple) else [answer]
    first, *others = map(_one_built, several)
    mean = np.mean([one["accuracy"] for one in (first, *others)])
    return first | {"accuracy": float(mean), "others": others}


def _any(judge: Judge) -> Judge:
    """Return the judge of whether any of the student's networks is what another looks for."""
    return lambda answer, facts: any(
        judge(one, facts) for one in (answer, *answer.get("others", []))
    )


def _one_built(history: Any) -> dict[str, Any]:
    layers = history.model.layers
    bends = {activation(layer) or type(layer).__name__ for layer in layers}
    return {
        "units": [int(layer.units) for layer in layers if hasattr(layer, "units")],
        "parameters": int(history.model.count_params()),
        "bends": sorted(bends - _STRAIGHT),
        "training": _training(history),
        "losses": [float(loss) for loss in history.history["loss"]],
        "accuracy": float(history.history["val_accuracy"][-1]),
    }


def read(model: Any, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, float64 (n, classes), and which images are misread, bool (n,)."""
    probabilities = model.predict(images, verbose=0).astype(float)
    return probabilities, probabilities.argmax(axis=1) != labels


def _softmax(logits: Any) -> np.ndarray:
    powers = np.exp(np.asarray(logits) - np.max(logits))
    return powers / powers.sum()


def _softmaxes(facts: Facts) -> list[np.ndarray]:
    """Return the probabilities: of one image, as the only row of a matrix, and as its column."""
    probabilities = _softmax(facts["logits"])
    return [probabilities, probabilities[None], probabilities[:, None]]


def _are_powers(answer: Any, facts: Facts) -> bool:
    powers = np.ravel(np.asarray(answer, dtype=float))
    return powers.shape == (10,) and np.allclose(powers, np.exp(facts["logits"]), rtol=0.01)


def _has_the_layers(answer: Any) -> bool:
    whole = (784 * 200 + 200) + (200 * 10 + 10)
    return bool(answer["units"] == [200, 10] and answer["parameters"] == whole)


def _is_another(one: Any, facts: Facts) -> bool:
    """Return whether a network is not the one asked for, or was not trained as the others were."""
    return (
        not _has_the_layers(one)
        or bool(one["bends"])
        or bool(one["training"] != facts["training"])
        or _was_trained_before(one, facts)
    )


def _was_trained_before(answer: Any, facts: Facts) -> bool:
    """Return whether the loss begins low, or hardly falls: compiling anew keeps the weights.

    In the first epochs of a new network it falls by a fourth and more.
    """
    losses = answer.get("losses", [])
    return len(losses) > 1 and bool(
        losses[0] < 1.15 * losses[-1] or losses[0] < 0.7 * facts.get("begun", 0)
    )


UNITS = np.array([784, 300, 50, 10])
"""How many units each layer of the network has whose parameters are counted; first, its inputs."""

WEIGHTS = UNITS[:-1] * UNITS[1:]


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
    "mnist.parameters": Exercise(
        facts=dict,
        right=Equals(lambda _: WEIGHTS + UNITS[1:]),
        slips={
            "no biases": Equals(lambda _: WEIGHTS),
            "a bias a layer": Equals(lambda _: WEIGHTS + 1),
            "biases of the inputs": Equals(lambda _: WEIGHTS + UNITS[:-1]),
            "this network": Equals(lambda _: np.array([157_000, 20_100, 1_010])),
        },
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
        right=lambda answer, facts: not _any(_is_another)(answer, facts),
        slips={
            "another network": _any(lambda one, _: not _has_the_layers(one)),
            "relu": _any(lambda one, _: bool(one["bends"])),
            "unequal training": _any(lambda one, facts: one["training"] != facts["training"]),
            "trained before": _any(_was_trained_before),
        },
        measure=_built,
        varies=True,
    ),
}
