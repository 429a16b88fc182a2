"""How answers to notebook 02 are judged: Fashion-MNIST, with dense layers."""

import math
import time
from typing import Any

from workbook.exercises import slips
from workbook.exercises.exercise import Equals, Exercise, Facts

import numpy as np

VALIDATION = 6000
SEED = 42


# Blanks: what the cells below need, looked at part by part.


def _of_pixels(raw: np.ndarray, raw_test: np.ndarray) -> Facts:
    """Return the shapes of the images as they were loaded, and their mean grey level, 0 to 1."""
    means = [float(images.mean() / 255) for images in (raw, raw_test)]
    return {"shapes": [list(images.shape) for images in (raw, raw_test)], "means": means}


def _pixels(answer: Any, *_: Any) -> dict[str, Any]:
    training, test = answer
    parts = [np.asarray(images) for images in (training, test)]
    return {
        "shapes": [list(part.shape) for part in parts],
        "kinds": [part.dtype.kind for part in parts],
        "means": [float(part.mean(dtype=float)) for part in parts],
        "highest": [float(part.max()) for part in parts],
    }


def _is_normalised(seen: Any, facts: Facts) -> bool:
    return (
        seen["shapes"] == facts["shapes"]
        and seen["kinds"] == ["f", "f"]
        and np.allclose(seen["means"], facts["means"], atol=1e-4)
        and max(seen["highest"]) <= 1
    )


def _normalised(raw: np.ndarray, raw_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return raw.astype("float32") / 255, raw_test.astype("float32") / 255


def _of_labels(images: np.ndarray, labels: np.ndarray) -> Facts:
    return {"images": len(images), "validation": VALIDATION}


def _keys(images: np.ndarray) -> np.ndarray:
    """Return a number for each image that hardly any other image has, float64 (n,)."""
    flat = np.asarray(images).reshape(len(images), -1)
    return np.round(flat.astype(float) @ np.random.default_rng(0).random(flat.shape[1]), 6)


def _sides(answer: Any, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return how a split's parts fit together, and what share of them has its own label."""
    X_train, X_valid, y_train, y_valid = (np.asarray(part) for part in answer)
    of = dict(zip(_keys(images).tolist(), np.asarray(labels).tolist(), strict=True))
    own, keys = [], []
    for X, y in ((X_train, y_train), (X_valid, y_valid)):
        keys.append(_keys(X).tolist())
        own += [of.get(key) == label for key, label in zip(keys[-1], y.tolist(), strict=True)]
    both = set(keys[0]) & set(keys[1])
    return {
        "training": len(X_train),
        "validation": len(X_valid),
        "labels fit": float(np.mean(own)),
        # A few articles of the shop have the same picture.
        "on both sides": len(both) / max(len(X_valid), 1),
    }


def _is_split(seen: Any, facts: Facts) -> bool:
    return (
        seen["validation"] == facts["validation"]
        and seen["training"] == facts["images"] - facts["validation"]
        and seen["labels fit"] > 0.99
        and seen["on both sides"] < 0.01
    )


def _split(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
    return images[VALIDATION:], images[:VALIDATION], labels[VALIDATION:], labels[:VALIDATION]


def _layers(model: Any) -> dict[str, Any]:
    """Return the dense layers' units and activations; what has no input shape has no parameters.

    An activation may stand in a layer of its own, behind the one that it belongs to.
    """
    units: list[int] = []
    activations: list[str] = []
    for layer in model.layers:
        if hasattr(layer, "units"):
            units.append(int(layer.units))
            activations.append(layer.activation.__name__)
        elif units and (name := _activation(layer)) and activations[-1] == "linear":
            activations[-1] = name
    return {
        "units": units,
        "activations": activations,
        "parameters": int(model.count_params()) if model.built else 0,
        "input": [int(size) for size in model.input_shape[1:]] if model.built else [],
    }


def _activation(layer: Any) -> str:
    """Return what a layer that is only an activation computes; empty for all others."""
    kind = type(layer).__name__
    return (
        layer.activation.__name__
        if kind == "Activation"
        else {"ReLU": "relu", "Softmax": "softmax"}.get(kind, "")
    )


def _is_built(seen: Any, _: Facts) -> bool:
    return (
        seen["units"] == [200, 100, 10]
        and seen["activations"] == ["relu", "relu", "softmax"]
        and seen["parameters"] == 178_110
        and seen["input"] == [28, 28]
    )


def _built() -> Any:
    from workbook.training import Sequential

    import keras

    keras.utils.set_random_seed(SEED)
    hidden = [keras.layers.Dense(units, activation="relu") for units in (200, 100)]
    output = keras.layers.Dense(10, activation="softmax")
    return Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *hidden, output])


def _of_training(_: Any, images: np.ndarray, *others: Any) -> Facts:
    return {"epochs": int(others[-1]), "steps": math.ceil(len(images) / 32)}


def _trained(answer: Any, *_: Any) -> dict[str, Any]:
    history, seconds = answer
    return {
        "epochs": len(history.epoch),
        "steps": int(history.params["steps"]),
        "validated": "val_loss" in history.history,
        "seconds": float(seconds),
    }


def _is_trained(seen: Any, facts: Facts) -> bool:
    return (
        seen["epochs"] == facts["epochs"]
        and seen["steps"] == facts["steps"]
        and seen["validated"]
        and seen["seconds"] > 0
    )


def _train(
    model: Any,
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_valid: np.ndarray,
    y_valid: np.ndarray,
    epochs: int,
) -> tuple[Any, float]:
    if model.optimizer.iterations > 0:
        _begin_anew(model)
    started = time.perf_counter()
    history = model.fit(
        X_train, y_train, batch_size=32, epochs=epochs, validation_data=(X_valid, y_valid)
    )
    return history, time.perf_counter() - started


def _begin_anew(model: Any) -> None:
    """Give a model that was trained new weights, and an optimizer at its first step."""
    import keras

    # Keras keeps what it made of "auto", and the compiled loop takes that for a wish.
    settings = model.get_compile_config() | {"jit_compile": "auto"}
    keras.utils.set_random_seed(SEED)
    model.set_weights(type(model).from_config(model.get_config()).get_weights())
    model.compile_from_config(settings)


# Questions.


def _of_history(history: Any) -> Facts:
    """Return the curves of a training by name, each a list of one number an epoch.

    Numbers have six digits. What is not finite, as after a training that diverged, is None.
    """
    return {name: [_number(value) for value in values] for name, values in history.history.items()}


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _best_epochs(facts: Facts) -> list[int]:
    """Return the epochs, counted from 1, whose loss is the lowest or as low to three digits."""
    losses = [float("inf") if loss is None else loss for loss in facts["val_loss"]]
    return [n for n, loss in enumerate(losses, start=1) if loss <= min(losses) * 1.001]


WANTED = 0.97
"""How often the network has to be right where it answers."""


def _of_certainty(labels: np.ndarray, probabilities: np.ndarray) -> Facts:
    """Return rows of a threshold, the share that is answered, and the share right of that."""
    sure = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    rows = []
    for threshold in np.arange(201) / 200:
        answered = sure >= threshold
        share = float(answered.mean())
        right = float(is_right[answered].mean()) if answered.any() else 1.0
        rows.append([round(float(threshold), 3), round(share, 5), round(right, 5)])
    return {"thresholds": rows}


def _at(threshold: float, facts: Facts) -> tuple[float, float]:
    """Return the share answered at a threshold, and the share right of it."""
    thresholds, answered, right = np.array(facts["thresholds"]).T
    return (
        float(np.interp(threshold, thresholds, answered)),
        float(np.interp(threshold, thresholds, right)),
    )


def _most_answered(facts: Facts) -> float:
    return max(answered for _, answered, right in facts["thresholds"] if right >= WANTED)


NEAR = 0.01
"""What shares may be off by: a threshold between two of those in the facts, and no finer one."""


def _is_chosen(answer: Any, facts: Facts) -> bool:
    threshold, said = answer
    answered, right = _at(threshold, facts)
    return (
        abs(said - answered) <= NEAR
        and right >= WANTED - 0.002
        and answered >= _most_answered(facts) - NEAR
    )


def _of_two(first: np.ndarray, second: np.ndarray, before: np.ndarray, labels: np.ndarray) -> Facts:
    """Return how the mean of two networks' probabilities does against a third's predictions."""
    together = ((first + second) / 2).argmax(axis=1) == labels
    alone = before == labels
    won, lost = int((together & ~alone).sum()), int((~together & alone).sum())
    return {"won": won, "lost": lost, "images": len(labels), "p": _p(won, lost)}


def _p(won: int, lost: int) -> float:
    """Return McNemar's exact probability of a difference at least as large by chance."""
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def _is_compared(answer: Any, facts: Facts) -> bool:
    won, lost, beyond = answer
    if type(beyond) is not bool:
        return False
    counts = abs(won - facts["won"]) <= 2 and abs(lost - facts["lost"]) <= 2  # ties of floats
    return counts and (beyond == (facts["p"] < 0.05) or 0.04 < facts["p"] < 0.06)


def _of_changes(once: np.ndarray, often: np.ndarray, labels: np.ndarray) -> Facts:
    changed = once != often
    matters = (once == labels) != (often == labels)
    return {"changed": float(changed.mean()), "matters": float(matters.mean())}


def _of_classes(labels: np.ndarray, predicted: np.ndarray, class_names: Any) -> Facts:
    accuracy = [float(np.mean(predicted[labels == k] == k)) for k in range(len(class_names))]
    return {"accuracy": accuracy, "shirt": list(class_names).index("Shirt")}


def _expected(facts: Facts, weight: float) -> float:
    """Return the accuracy in a shop where shirts are so many times as common as each other kind."""
    weights = [weight if k == facts["shirt"] else 1.0 for k in range(len(facts["accuracy"]))]
    return float(np.average(facts["accuracy"], weights=weights))


_is_best = Equals(_best_epochs)
_is_changed = Equals(lambda facts: facts["changed"], within=0.0002)
_is_of_shirts = Equals(lambda facts: _expected(facts, 10), within=0.0015)


EXERCISES: dict[str, Exercise] = {
    "fashion-mnist.normalise": Exercise(
        facts=_of_pixels,
        right=_is_normalised,
        slips={
            "not divided": lambda seen, _: max(seen["highest"]) > 1,
            "whole numbers": lambda seen, _: seen["kinds"] != ["f", "f"],
            "by 256": lambda seen, facts: np.allclose(
                seen["means"], np.array(facts["means"]) * 255 / 256, atol=1e-5
            ),
            "divided twice": lambda seen, facts: max(seen["means"]) < min(facts["means"]) / 100,
        },
        measure=_pixels,
        ours=_normalised,
    ),
    "fashion-mnist.split": Exercise(
        facts=_of_labels,
        right=_is_split,
        slips={
            "swapped": lambda seen, facts: (
                seen["training"] == facts["validation"]
                and seen["validation"] == facts["images"] - facts["validation"]
            ),
            "both sides": lambda seen, _: seen["on both sides"] >= 0.01,
            "labels torn off": lambda seen, _: seen["labels fit"] <= 0.99,
        },
        measure=_sides,
        ours=_split,
    ),
    "fashion-mnist.build": Exercise(
        facts=dict,
        right=_is_built,
        slips={
            "no input": lambda seen, _: not seen["input"],
            "no softmax": lambda seen, _: seen["activations"][-1] != "softmax",
            "linear": lambda seen, _: "linear" in seen["activations"],
            "not flat": lambda seen, _: (
                seen["units"] == [200, 100, 10] and seen["parameters"] < 100_000
            ),
            "sizes": lambda seen, _: seen["units"] != [200, 100, 10],
        },
        measure=_layers,
        ours=_built,
    ),
    "fashion-mnist.train": Exercise(
        facts=_of_training,
        right=_is_trained,
        slips={
            "not validated": lambda seen, _: not seen["validated"],
            "epochs": lambda seen, facts: seen["epochs"] != facts["epochs"],
            "batches": lambda seen, facts: seen["steps"] != facts["steps"],
        },
        measure=_trained,
        ours=_train,
        varies=True,
    ),
    "fashion-mnist.best-epoch": Exercise(
        facts=_of_history,
        right=_is_best,
        slips={
            "counted from 0": slips.counted_from(0, _is_best),
            "accuracy": Equals(lambda facts: int(np.argmax(facts["val_accuracy"])) + 1),
            "training loss": Equals(lambda facts: len(facts["val_loss"])),
        },
        varies=True,
    ),
    "fashion-mnist.threshold": Exercise(
        facts=_of_certainty,
        right=_is_chosen,
        slips={
            "share refused": slips.the_rest(_is_chosen, 1),
            "percentage": slips.percentage(_is_chosen, 1),
            "too cautious": lambda answer, facts: (
                _at(answer[0], facts)[0] < _most_answered(facts) - NEAR
            ),
            "too bold": lambda answer, facts: _at(answer[0], facts)[1] < WANTED - 0.002,
        },
        varies=True,
    ),
    "fashion-mnist.together": Exercise(
        facts=_of_two,
        right=_is_compared,
        slips={
            "turned round": lambda answer, facts: _is_compared(
                [answer[1], answer[0], answer[2]], facts
            ),
            "all right ones": lambda answer, facts: answer[0] > facts["images"] / 2,
            "beyond chance": lambda answer, facts: _is_compared(
                [answer[0], answer[1], not answer[2]], facts
            ),
        },
        varies=True,
    ),
    "fashion-mnist.changes": Exercise(
        facts=_of_changes,
        right=_is_changed,
        slips={
            "won and lost": Equals(lambda facts: facts["matters"], within=0.0002),
            "percentage": slips.percentage(_is_changed),
            "the rest": slips.the_rest(_is_changed),
        },
        varies=True,
    ),
    "fashion-mnist.many-shirts": Exercise(
        facts=_of_classes,
        right=_is_of_shirts,
        slips={
            "unweighted": Equals(lambda facts: _expected(facts, 1), within=0.0002),
            "divided by ten": Equals(lambda facts: _expected(facts, 10) * 19 / 10, within=0.003),
            "percentage": slips.percentage(_is_of_shirts),
        },
        varies=True,
    ),
}
