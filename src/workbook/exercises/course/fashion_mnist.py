"""Exercises of notebook 02: Fashion-MNIST, with dense layers."""

import math
import time
from typing import Any

from workbook.exercises.course import facts
from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import (
    Exercise,
    Facts,
    Misconception,
    as_percentage,
    equals,
    the_rest,
)

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


EXERCISES: dict[str, Exercise] = {
    "fashion-mnist.normalise": Exercise(
        _of_pixels,
        _is_normalised,
        (
            "Networks learn best from small numbers: what is the largest grey level?",
            "astype makes numbers with a fraction of whole ones; both arrays need it.",
            'Divide images.astype("float32") by the largest grey level, for training and test.',
        ),
        "As in the first notebook: pixels from 0 to 1, training and test alike.",
        (
            Misconception(
                "not divided",
                lambda seen, _: max(seen["highest"]) > 1,
                "Some pixels are still above 1: are *both* arrays divided by 255?",
            ),
            Misconception(
                "whole numbers",
                lambda seen, _: seen["kinds"] != ["f", "f"],
                "These are whole numbers: // or astype(int) leave nothing between 0 and 1.",
            ),
            Misconception(
                "by 256",
                lambda seen, facts: np.allclose(
                    seen["means"], np.array(facts["means"]) * 255 / 256, atol=1e-5
                ),
                "Grey levels are 256 in number, but the largest of them is 255.",
            ),
            Misconception(
                "divided twice",
                lambda seen, facts: max(seen["means"]) < min(facts["means"]) / 100,
                "The numbers are much too small. A cell that divides, run twice, divides twice: "
                "load the images again, or start from the raw ones.",
            ),
        ),
        measure=_pixels,
        ours=_normalised,
    ),
    "fashion-mnist.split": Exercise(
        _of_labels,
        _is_split,
        (
            "6,000 of the images go to validation, all others stay for training; each image "
            "keeps its label.",
            "Slices take the beginning, [:6000], or the rest, [6000:], of images and labels.",
            "Cut X_train_full and y_train_full at the same place; test images are not touched.",
        ),
        "Any 6,000 would do, as long as no image is on both sides and each keeps its label.",
        (
            Misconception(
                "swapped",
                lambda seen, facts: (
                    seen["training"] == facts["validation"]
                    and seen["validation"] == facts["images"] - facts["validation"]
                ),
                "The two parts are swapped: the small one is for validation.",
            ),
            Misconception(
                "both sides",
                lambda seen, _: seen["on both sides"] >= 0.01,
                "Some images are on both sides: validation would test memory.",
            ),
            Misconception(
                "labels torn off",
                lambda seen, _: seen["labels fit"] <= 0.99,
                "Images and labels no longer belong together: cut and shuffle both alike.",
            ),
        ),
        measure=_sides,
        ours=_split,
    ),
    "fashion-mnist.build": Exercise(
        dict,
        _is_built,
        (
            "The network of the first notebook: flat images, two hidden layers, ten outputs.",
            "keras.Input, Flatten, and three Dense layers; each has units and an activation.",
            "200 and 100 units with relu; ten outputs whose activations add up to 1.",
        ),
        "784 × 200 + 200, 200 × 100 + 100 and 100 × 10 + 10: 178,110 parameters.",
        (
            Misconception(
                "no input",
                lambda seen, _: not seen["input"],
                "Its first layer does not know its inputs: begin with keras.Input((28, 28)).",
            ),
            Misconception(
                "no softmax",
                lambda seen, _: seen["activations"][-1] != "softmax",
                "The last activations have to be probabilities that add up to 1: softmax.",
            ),
            Misconception(
                "linear",
                lambda seen, _: "linear" in seen["activations"],
                "Without an activation, two dense layers compute no more than one.",
            ),
            Misconception(
                "not flat",
                lambda seen, _: seen["units"] == [200, 100, 10] and seen["parameters"] < 100_000,
                "A dense layer works on the last axis only: flatten the images first.",
            ),
            Misconception(
                "sizes",
                lambda seen, _: seen["units"] != [200, 100, 10],
                "Two hidden layers, of 200 and 100, and an output for each of the ten classes.",
            ),
        ),
        measure=_layers,
        ours=_built,
    ),
    "fashion-mnist.train": Exercise(
        _of_training,
        _is_trained,
        (
            "fit needs the training images and labels, how many at a time, how often, and what "
            "to validate by.",
            "batch_size, epochs and validation_data are arguments of fit; it returns a history.",
            "validation_data is a pair: images and labels. time.perf_counter() before and after "
            "gives the seconds.",
        ),
        "As in the first notebook; the history holds a number for each epoch.",
        (
            Misconception(
                "not validated",
                lambda seen, _: not seen["validated"],
                "The history has no validation loss: give fit its validation_data.",
            ),
            Misconception(
                "epochs",
                lambda seen, facts: seen["epochs"] != facts["epochs"],
                "The number of epochs is another one: the variable epochs holds it.",
            ),
            Misconception(
                "batches",
                lambda seen, facts: seen["steps"] != facts["steps"],
                "An epoch has another number of steps than 32 images at a time give.",
            ),
        ),
        measure=_trained,
        ours=_train,
    ),
    "fashion-mnist.best-epoch": Exercise(
        facts.of_history,
        equals(_best_epochs),
        (
            "The validation loss falls, and then rises: where is it lowest?",
            'history.history["val_loss"] is a list: np.argmin finds its lowest.',
            "np.argmin counts from 0, epochs from 1.",
        ),
        "From here on the network grows surer of its mistakes. The accuracy, which only counts "
        "them, may go on rising for a long time: which epoch is best depends on what is asked.",
        (
            Misconception(
                "counted from 0",
                equals(lambda facts: [epoch - 1 for epoch in _best_epochs(facts)]),
                "You counted from 0: epochs count from 1.",
            ),
            Misconception(
                "accuracy",
                equals(lambda facts: int(np.argmax(facts["val_accuracy"])) + 1),
                "In that epoch the *accuracy* was highest.",
            ),
            Misconception(
                "training loss",
                equals(lambda facts: len(facts["val_loss"])),
                "That is the last epoch, where the *training* loss is lowest.",
            ),
        ),
    ),
    "fashion-mnist.threshold": Exercise(
        _of_certainty,
        _is_chosen,
        (
            "The higher the threshold, the more often the answers are right, and the fewer they "
            "are: look for the lowest that is high enough.",
            "y_proba_valid.max(axis=1) says how sure the network is of each image: try many "
            "thresholds on it.",
            "For each threshold take the accuracy on the images at or above it; of those "
            "thresholds that reach 97%, the lowest answers the most images.",
        ),
        "An accuracy means little without its coverage. What is left over, about as many images "
        "as in your answer's rest, goes to a person: whether that pays is no question of "
        "machine learning.",
        (
            Misconception(
                "share refused",
                lambda answer, facts: (
                    _is_chosen([answer[0], 1 - answer[1]], facts) and not _is_chosen(answer, facts)
                ),
                "The threshold is right, but that is the share that is *not* answered.",
            ),
            Misconception(
                "percentage",
                lambda answer, facts: _is_chosen([answer[0], answer[1] / 100], facts),
                "The threshold is right; give the share as a fraction.",
            ),
            Misconception(
                "too cautious",
                lambda answer, facts: _at(answer[0], facts)[0] < _most_answered(facts) - NEAR,
                "It is right often enough, but a lower threshold would be, too, and answer more.",
            ),
            Misconception(
                "too bold",
                lambda answer, facts: _at(answer[0], facts)[1] < WANTED - 0.002,
                "At that threshold fewer than 97% of the answers are right.",
            ),
        ),
    ),
    "fashion-mnist.together": Exercise(
        _of_two,
        _is_compared,
        (
            "Two networks that make different mistakes may correct each other: average what they "
            "say, and look at single images.",
            "The mean of two arrays of probabilities has an argmax, too; compare it with "
            'y_once["plain"] where only one of the two is right.',
            "won: together right and plain wrong; lost: the other way round; binomtest(won, won "
            "+ lost).pvalue below 0.05 is beyond chance.",
        ),
        "Averaging networks (an *ensemble*) usually gains a little, since what each got wrong by "
        "chance, the others outvote. So little that some thousand images may not suffice to tell "
        "it from chance; and it costs as many trainings as networks.",
        (
            Misconception(
                "turned round",
                lambda answer, facts: (
                    _is_compared([answer[1], answer[0], answer[2]], facts)
                    and not _is_compared(answer, facts)
                ),
                "Won and lost are the other way round.",
            ),
            Misconception(
                "all right ones",
                lambda answer, facts: answer[0] > facts["images"] / 2,
                "Those are all that are right; only images where the two *differ* tell anything.",
            ),
            Misconception(
                "beyond chance",
                lambda answer, facts: _is_compared([answer[0], answer[1], not answer[2]], facts),
                "The counts are right; look at p again: below 0.05 chance seldom does as much.",
            ),
        ),
    ),
    "fashion-mnist.changes": Exercise(
        _of_changes,
        equals(lambda facts: facts["changed"], within=0.0002),
        (
            "An answer has changed where the two predictions are different classes.",
            "Two arrays are compared place by place by !=; the mean of True and False is a share.",
            'Compare y_once["warped"] with y_often["warped"]; the labels have no part in it.',
        ),
        "More answers change than are won and lost together: some go from one wrong class to "
        "another. An accuracy does not see them, whoever uses the answer does.",
        (
            Misconception(
                "won and lost",
                equals(lambda facts: facts["matters"], within=0.0002),
                "These are the answers that were won or lost. From one wrong class to another is "
                "a change, too.",
            ),
            as_percentage(lambda facts: facts["changed"], within=0.0002),
            the_rest(lambda facts: facts["changed"], within=0.0002),
        ),
    ),
    "fashion-mnist.many-shirts": Exercise(
        _of_classes,
        equals(lambda facts: _expected(facts, 10), within=0.0015),
        (
            "Each class brings in its own accuracy, as often as its images come.",
            "The accuracy on one class is the mean of y_pred_valid == k over the images whose "
            "label is k.",
            "A weighted mean of ten accuracies: 10 for Shirt, 1 for each other class, divided by "
            "the sum of the weights.",
        ),
        "The network is the same, and so are its mistakes: what changed is what it is asked. An "
        "accuracy belongs to a mixture of images as much as to a network.",
        (
            Misconception(
                "unweighted",
                equals(lambda facts: _expected(facts, 1), within=0.0002),
                "That is the accuracy where all kinds are equally common.",
            ),
            Misconception(
                "divided by ten",
                equals(lambda facts: _expected(facts, 10) * 19 / 10, within=0.003),
                "The weights add up to 19, not to 10.",
            ),
            as_percentage(lambda facts: _expected(facts, 10), within=0.0015),
        ),
    ),
}

RECALL = (
    Statement(
        False,
        "It says nothing about new images. Overfitting shows where the *validation* loss rises "
        "while the training loss falls.",
    ),
    Statement(
        True,
        "The loss also sees how sure a wrong answer is: mistakes that grow surer raise it, "
        "without one more of them.",
    ),
    Statement(
        False,
        "Softmax makes numbers that add up to 1. Whether they are true shares has to be "
        "measured; networks are often too sure.",
    ),
    Statement(
        False,
        "It keeps weights small, and with them the confidence. The first notebook's network "
        "knew its training images by heart in spite of it.",
    ),
    Statement(
        True,
        "What is chosen by the test images is no longer tested by them: the number would flatter.",
    ),
)
