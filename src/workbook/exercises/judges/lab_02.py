"""How answers to notebook 02 are judged: Fashion-MNIST, with dense layers."""

import math
from typing import Any

from workbook.exercises.exercise import Equals, Exercise, Facts
from workbook.exercises.judges.layers import activation

import numpy as np

SEED = 42


_SAME_NUMBERS = {"InputLayer", "Flatten", "Reshape", "Identity"}
"""Layers that pass on the numbers that they are given."""

_INPUTS = [28, 28], [28, 28, 1]
"""The images, as they are and with a channel: Keras adds that axis itself."""


def _layers(model: Any) -> dict[str, Any]:
    """Return the dense layers' units and activations; what has no input shape has no parameters.

    An activation may stand in a layer of its own, behind the one that it belongs to. "others" are
    layers that the network was not asked to have.
    """
    units: list[int] = []
    activations: list[str] = []
    others: list[str] = []
    for layer in model.layers:
        kind = type(layer).__name__
        name = activation(layer)
        if hasattr(layer, "units"):
            units.append(int(layer.units))
            activations.append(name)
        elif name and units and activations[-1] == "linear":
            activations[-1] = name
        elif kind not in _SAME_NUMBERS and name != "linear":
            others.append(kind)
    return {
        "units": units,
        "activations": activations,
        "others": others,
        "parameters": int(model.count_params()) if model.built else 0,
        "input": [int(size) for size in model.input_shape[1:]] if model.built else [],
    }


def _is_built(seen: Any, _: Facts) -> bool:
    return (
        seen["units"] == [200, 100, 10]
        and seen["activations"] == ["relu", "relu", "softmax"]
        and not seen.get("others")
        and seen["parameters"] == 178_110
        and seen["input"] in _INPUTS
    )


def _built() -> Any:
    from workbook.training import Sequential

    import keras

    keras.utils.set_random_seed(SEED)
    hidden = [keras.layers.Dense(units, activation="relu") for units in (200, 100)]
    output = keras.layers.Dense(10, activation="softmax")
    return Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *hidden, output])


def _of_training(
    _: Any, X_train: np.ndarray, y_train: np.ndarray, X_valid: np.ndarray, *others: Any
) -> Facts:
    """Return the number of epochs, and of steps in one, also if validation images were in it."""
    return {
        "epochs": int(others[-1]),
        "steps": math.ceil(len(X_train) / 32),
        "steps of all": math.ceil((len(X_train) + len(X_valid)) / 32),
    }


def _trained(
    history: Any,
    _: Any,
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_valid: np.ndarray,
    y_valid: np.ndarray,
    *others: Any,
) -> dict[str, Any]:
    """Return how long a network was trained, and whether by these images it was validated."""
    losses = history.history.get("val_loss", [])
    return {
        "epochs": len(history.epoch),
        "steps": int(history.params["steps"]),
        "validated": bool(losses),
        "on others": bool(losses) and _is_of_others(history, losses, X_valid, y_valid),
    }


def _is_of_others(
    history: Any, losses: list[float], X_valid: np.ndarray, y_valid: np.ndarray
) -> bool:
    """Return whether validation losses are certain to be of other images than these.

    The network has the weights of its last epoch, or of one that early stopping restored. If it
    was trained more than once, its weights may be those of another training: nothing is certain.
    """
    steps = len(history.epoch) * history.params["steps"]
    if int(history.model.optimizer.iterations) != steps:
        return False
    found = history.model.evaluate(X_valid, y_valid, verbose=0, return_dict=True)["loss"]
    return not np.isclose(losses, found, rtol=0.005).any()


def _is_trained(seen: Any, facts: Facts) -> bool:
    return (
        seen["epochs"] == facts["epochs"]
        and seen["steps"] == facts["steps"]
        and seen["validated"]
        and not seen.get("on others")
    )


def _train(
    model: Any,
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_valid: np.ndarray,
    y_valid: np.ndarray,
    epochs: int,
) -> Any:
    if model.optimizer.iterations > 0:
        _begin_anew(model)
    return model.fit(
        X_train, y_train, batch_size=32, epochs=epochs, validation_data=(X_valid, y_valid)
    )


def _begin_anew(model: Any) -> None:
    """Give a model that was trained new weights, and an optimizer at its first step."""
    import keras

    # Keras keeps what it made of "auto", and the compiled loop takes that for a wish.
    settings = model.get_compile_config() | {"jit_compile": "auto"}
    keras.utils.set_random_seed(SEED)
    model.set_weights(type(model).from_config(model.get_config()).get_weights())
    model.compile_from_config(settings)


# Overfitting, and what holds it back.


def _of_remedies(reached: Any) -> Facts:
    """Return the losses and accuracies of the seeds of each way of training, by its name."""
    pairs = {str(name): [list(map(_number, pair)) for pair in of] for name, of in reached.items()}
    return {"reached": pairs}


def _losses(facts: Facts, part: int = 0) -> dict[str, list[float]]:
    """Return what the seeds reached by name: losses (part 0), or accuracies (part 1)."""
    return {
        name: [math.inf if pair[part] is None else pair[part] for pair in pairs]
        for name, pairs in facts["reached"].items()
    }


def _helpful(facts: Facts) -> set[str]:
    losses = _losses(facts)
    return {name for name, of in losses.items() if max(of) < min(losses["plain"])}


def _better_on_average(facts: Facts) -> set[str]:
    losses = _losses(facts)
    return {name for name, of in losses.items() if sum(of) < sum(losses["plain"])}


def _more_accurate(facts: Facts) -> set[str]:
    accuracy = _losses(facts, 1)
    return {name for name, of in accuracy.items() if min(of) > max(accuracy["plain"])}


def _number(value: float) -> float | None:
    """Return a number of six digits; None for what is not finite, as after divergence."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


# Precision and recall.


def _of_shirts(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> Facts:
    """Return the precision and recall of the class Shirt, and its share of hits of all images."""
    shirt = list(class_names).index("Shirt")
    called, actual = predicted == shirt, labels == shirt
    hits = int((called & actual).sum())
    return {
        "precision": hits / max(1, int(called.sum())),
        "recall": hits / max(1, int(actual.sum())),
        "of all": hits / len(labels),
    }


EXERCISES: dict[str, Exercise] = {
    "fashion-mnist.build": Exercise(
        facts=dict,
        right=_is_built,
        slips={
            "no input": lambda seen, _: not seen["input"],
            "another input": lambda seen, _: seen["input"] not in _INPUTS,
            "no softmax": lambda seen, _: seen["activations"][-1] != "softmax",
            "linear": lambda seen, _: "linear" in seen["activations"],
            "not flat": lambda seen, _: (
                seen["units"] == [200, 100, 10] and seen["parameters"] < 100_000
            ),
            "sizes": lambda seen, _: seen["units"] != [200, 100, 10],
            "more layers": lambda seen, _: bool(seen.get("others")),
        },
        measure=_layers,
        ours=_built,
    ),
    "fashion-mnist.train": Exercise(
        facts=_of_training,
        right=_is_trained,
        slips={
            "not validated": lambda seen, _: not seen["validated"],
            "on others": lambda seen, _: seen["on others"],
            "epochs": lambda seen, facts: seen["epochs"] != facts["epochs"],
            "all images": lambda seen, facts: seen["steps"] == facts["steps of all"],
            "batches": lambda seen, facts: seen["steps"] != facts["steps"],
        },
        measure=_trained,
        ours=_train,
        varies=True,
    ),
    "fashion-mnist.remedies": Exercise(
        facts=_of_remedies,
        right=Equals(_helpful),
        slips={
            "with the plain one": Equals(lambda facts: _helpful(facts) | {"plain"}),
            "on average": Equals(_better_on_average),
            "accuracy": Equals(_more_accurate),
        },
        varies=True,
    ),
    "fashion-mnist.precision": Exercise(
        facts=_of_shirts,
        right=Equals(lambda facts: np.array([facts["precision"], facts["recall"]]), within=0.002),
        slips={
            "of all images": Equals(lambda facts: np.full(2, facts["of all"]), within=0.001),
        },
        varies=True,
    ),
}
