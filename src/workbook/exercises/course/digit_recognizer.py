"""Exercises of notebook 03: Kaggle's digits, and backpropagation."""

from typing import Any

from workbook.exercises.course.statement import Statement
from workbook.exercises.exercise import Exercise, Facts, Misconception, equals

import numpy as np

# On paper: a network of two inputs, two hidden units and two outputs, and one image.


def _of_paper(x: Any, y: Any, W1: Any, W2: Any) -> Facts:
    """Return every value and gradient of one step without biases, as nested lists.

    ``x`` is (2,), ``y`` (2,) one-hot, the weights are (inputs, outputs). The loss is the
    cross-entropy of a softmax (Rumelhart, Hinton and Williams, 1986).
    """
    from workbook.explain import backpropagation

    return {name: value.tolist() for name, value in backpropagation(x, y, W1, W2).items()}


def _array(facts: Facts, name: str) -> np.ndarray:
    return np.asarray(facts[name], dtype=float)


def _pair(*names: str) -> Any:
    """Return what makes the pair of values that an answer gives, one after the other."""
    return lambda facts: [np.stack([_array(facts, name) for name in names])]


# Lines of backpropagation, for a batch.


def _of_batch(H: np.ndarray, dZ2: np.ndarray, *_: Any) -> Facts:
    """Return the sizes of a layer's gradient, and its products with two random vectors."""
    return {"shape": [H.shape[1], dZ2.shape[1]], "marks": _marks(H.T @ dZ2), "batch": len(H)}


def _marks(gradient: np.ndarray) -> list[float]:
    """Return a few numbers that tell one matrix from another."""
    rng = np.random.default_rng(3)
    rows, columns = rng.random((4, gradient.shape[0])), rng.random((gradient.shape[1], 4))
    return [float(number) for number in np.einsum("kr,rc,ck->k", rows, gradient, columns)]


def _gradient(answer: Any, H: np.ndarray, dZ2: np.ndarray) -> dict[str, Any]:
    found = np.asarray(answer, dtype=float)
    wanted = (H.shape[1], dZ2.shape[1])
    return {"shape": list(found.shape), "marks": _marks(found) if found.shape == wanted else None}


def _times(factor_of: Any) -> Any:
    """Return whether a gradient is the right one times a factor that the facts give.

    They agree to 1e-4, since the gradient may be TensorFlow's, in float32.
    """

    def judge(seen: Any, facts: Facts) -> bool:
        wanted = factor_of(facts) * np.array(facts["marks"])
        return seen["shape"] == facts["shape"] and np.allclose(seen["marks"], wanted, rtol=1e-4)

    return judge


def _of_planted(loss: Any, point: dict[str, np.ndarray], claimed: dict[str, np.ndarray]) -> Facts:
    """Return how far each claimed gradient is off what is measured, relative to its size."""
    off = {}
    for name, gradient in claimed.items():
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        measured = []
        for step in (1e-5, -1e-5):
            moved = point | {name: point[name].copy()}
            moved[name][place] += step
            measured.append(loss(**moved))
        slope = (measured[0] - measured[1]) / 2e-5
        off[name] = float(abs(slope - gradient[place]) / abs(gradient[place]))
    return {"off": off}


def _wrong_one(facts: Facts) -> str:
    return max(facts["off"], key=facts["off"].get)


# Other questions.


def _of_units(model: Any, images: np.ndarray) -> Facts:
    """Return for how many images each hidden unit is silent, and the number of images."""
    weights, biases = model.layers[1].get_weights()
    sums = images.reshape(len(images), -1) @ weights + biases
    return {"silent": (sums <= 0).sum(axis=0).tolist(), "images": len(images)}


def _is_quietest(answer: Any, facts: Facts) -> bool:
    unit, share = answer
    most = max(facts["silent"])
    if unit < 0:  # a list would count from its end
        return False
    # An image whose sum is 0 but for rounding may count on either side.
    return (
        facts["silent"][int(unit)] >= most - 2
        and abs(share - most / facts["images"]) < 5 / facts["images"] + 0.0005
    )


def _of_rates(reached: dict[float, float], n: int) -> Facts:
    """Return what each learning rate reached, and the number of images that it was measured on."""
    return {"rates": [[float(rate), float(share)] for rate, share in reached.items()], "n": int(n)}


def _good_rates(facts: Facts) -> list[float]:
    """Return the rates that are within noise of the best one: two standard errors of it."""
    best = max(share for _, share in facts["rates"])
    noise = 2 * np.sqrt(best * (1 - best) / facts["n"])
    return [rate for rate, share in facts["rates"] if share >= best - noise]


def _swept(answer: Any, *_: Any) -> dict[str, Any]:
    best, reached = answer
    return {
        "best": float(best),
        "rates": [[float(rate), float(share)] for rate, share in dict(reached).items()],
    }


def _is_swept(seen: Any, facts: Facts) -> bool:
    return (
        len(seen["rates"]) >= 5
        and max(r for r, _ in seen["rates"]) >= 30 * min(r for r, _ in seen["rates"])
        and all(0 <= share <= 1 for _, share in seen["rates"])
        and any(np.isclose(seen["best"], rate) for rate in _good_rates(seen | facts))
    )


def _steps(facts: Facts) -> int:
    return -(-facts["images"] // facts["batch"]) * facts["epochs"]


def _momentum(facts: Facts) -> float:
    return 1 / (1 - facts["momentum"])


PAPER = (
    Misconception(
        "silent unit",
        lambda answer, facts: min(answer[0]) < 0,
        "A negative sum does not leave the unit: relu passes on 0.",
    ),
    Misconception(
        "no softmax",
        lambda answer, facts: np.allclose(answer[1], facts["Z2"], atol=0.01),
        "Those are the logits: softmax makes probabilities of them, with exp.",
    ),
    Misconception(
        "not shares",
        lambda answer, facts: len(answer[1]) == 2 and not np.isclose(sum(answer[1]), 1, atol=0.02),
        "The two probabilities have to add up to 1.",
    ),
)

EXERCISES: dict[str, Exercise] = {
    "digit-recognizer.paper-forward": Exercise(
        _of_paper,
        equals(_pair("H", "P"), within=0.006),
        (
            "From left to right: each unit adds up its inputs times its weights, and relu keeps "
            "what is positive.",
            "Z1 has two numbers, one below 0. For the probabilities take exp of both logits, and "
            "divide each by their sum.",
            "With one unit silent, each logit is one product. Two digits after the point are "
            "enough.",
        ),
        "One unit speaks and one is silent; the softmax makes shares of the two logits.",
        PAPER,
    ),
    "digit-recognizer.paper-output": Exercise(
        _of_paper,
        lambda answer, facts: (
            np.allclose(answer, facts["dW2"], atol=0.02) and np.shape(answer) == (2, 2)
        ),
        (
            "For softmax with cross-entropy, the gradient of the logits is short: P - Y.",
            "A weight's gradient is what went in at its left end, times the gradient at its right "
            "end.",
            "dW2 has a row for each hidden unit and a column for each output. What went in from "
            "the silent unit?",
        ),
        "The silent unit's row is 0: its weights did not take part, so they do not learn. In the "
        "other row, the right class pulls up by as much as the wrong one is pushed down.",
        (
            Misconception(
                "sign",
                lambda answer, facts: np.allclose(answer, -_array(facts, "dW2"), atol=0.02),
                "All signs are turned round: it is P - Y, and the step then goes *against* it.",
            ),
            Misconception(
                "transposed",
                lambda answer, facts: np.allclose(np.transpose(answer), facts["dW2"], atol=0.02),
                "Rows and columns are exchanged: dW2 has the shape of W2, units by outputs.",
            ),
            Misconception(
                "before relu",
                lambda answer, facts: np.allclose(
                    answer, np.outer(facts["Z1"], facts["dZ2"]), atol=0.02
                ),
                "The weights of the second layer meet H, what comes *out of* relu.",
            ),
            Misconception(
                "P in place of P - Y",
                lambda answer, facts: np.allclose(
                    answer, np.outer(facts["H"], facts["P"]), atol=0.02
                ),
                "That is with P alone: where is the label?",
            ),
        ),
    ),
    "digit-recognizer.paper-hidden": Exercise(
        _of_paper,
        lambda answer, facts: (
            np.allclose(answer, facts["dW1"], atol=0.03) and np.shape(answer) == (2, 2)
        ),
        (
            "The gradient goes back through the same weights, and then through relu.",
            "dH is dZ2 times the weights, added up over both outputs; dZ1 is dH where Z1 is "
            "positive, 0 elsewhere.",
            "dW1 has a row for each input and a column for each hidden unit: input times dZ1.",
        ),
        "relu is a gate: closed on the way there, it is closed on the way back. The silent unit "
        "learns nothing from this image, though its output weights would have it learn.",
        (
            Misconception(
                "open gate",
                lambda answer, facts: np.allclose(
                    answer, np.outer(facts["x"], facts["dH"]), atol=0.03
                ),
                "The silent unit has a gradient here: relu passes none back where Z1 is negative.",
            ),
            Misconception(
                "transposed",
                lambda answer, facts: np.allclose(np.transpose(answer), facts["dW1"], atol=0.03),
                "Rows and columns are exchanged: dW1 has the shape of W1, inputs by units.",
            ),
            Misconception(
                "sign",
                lambda answer, facts: np.allclose(answer, -_array(facts, "dW1"), atol=0.03),
                "All signs are turned round: dZ2 is P - Y.",
            ),
        ),
    ),
    "digit-recognizer.blank": Exercise(
        _of_batch,
        _times(lambda _: 1.0),
        (
            "Each weight from unit j to output k meets every image: its gradient is a sum over "
            "the images.",
            "The formula above has it: a matrix product, with H turned so that the shapes fit.",
            "H is images by units, dZ2 is images by outputs, and the gradient units by outputs.",
        ),
        "One matrix product adds up the images, because they are its inner dimension.",
        (
            Misconception(
                "transposed",
                lambda seen, facts: seen["shape"] == facts["shape"][::-1],
                "That is its transpose: the gradient has the shape of W2.",
            ),
            Misconception(
                "divided twice",
                _times(lambda facts: 1 / facts["batch"]),
                "Divided by the number of images twice: dZ2 has it already.",
            ),
            Misconception("sign", _times(lambda _: -1.0), "The sign is turned round."),
        ),
        measure=_gradient,
        ours=lambda H, dZ2: H.T @ dZ2,
    ),
    "digit-recognizer.planted-bug": Exercise(
        _of_planted,
        equals(lambda facts: [_wrong_one(facts), f"d{_wrong_one(facts)}"]),
        (
            "A gradient is a slope, and a slope can be measured: move one parameter a little, "
            "and see by how much the loss moves.",
            "loss(**(parameters | {name: moved})) gives the loss with one array replaced by a "
            "changed copy.",
            "Take a place where the claimed gradient is large, a step of about 1e-4, and compare "
            "the slope with the number that is claimed there: for one of the four it is off by "
            "more than a tenth.",
        ),
        "That is how mistakes in gradients are found. The step is a compromise: too large, and "
        "the curve bends; too small, and rounding eats the difference. Measuring both ways, "
        "and halving the distance, is more exact than one way alone.",
        (
            Misconception(
                "a right one",
                lambda answer, facts: facts["off"][answer] < 0.01,
                "That one is right at its largest place, to a hundredth. Measure the other three.",
            ),
        ),
    ),
    "digit-recognizer.quietest-unit": Exercise(
        _of_units,
        _is_quietest,
        (
            "Silent for one image is no harm; a unit that is silent for all of them is lost.",
            "The trained weights of the hidden layer, model.layers[1].get_weights(), give Z1 for "
            "*all* training images at once: 36,000 rows, 200 columns.",
            "A unit is silent where its column of Z1 is 0 or less: the mean of that, column by "
            "column, is a share for each unit.",
        ),
        "A unit whose share is 1 would get no gradient from any image: it would stay as it is "
        "for ever, a *dead* unit. Too large a learning rate makes many of them. That each image "
        "silences most units is no loss: it is how they share the work.",
        (
            Misconception(
                "share that speaks",
                lambda answer, facts: _is_quietest([answer[0], 1 - answer[1]], facts),
                "The unit is right; for that share of the images it *speaks*.",
            ),
            Misconception(
                "counted from 1",
                lambda answer, facts: _is_quietest([answer[0] - 1, answer[1]], facts),
                "The share is right; units count from 0, as Python does.",
            ),
            Misconception(
                "loudest",
                lambda answer, facts: facts["silent"][int(answer[0])] == min(facts["silent"]),
                "That unit is silent least often.",
            ),
        ),
    ),
    "digit-recognizer.learning-rate": Exercise(
        lambda n: {"n": int(n)},
        _is_swept,
        (
            "Nobody knows the best rate beforehand: try rates that differ by factors, from far "
            "too small to far too large.",
            "A fresh copy has new weights, and is compiled with its own rate and trained briefly; "
            "collect the validation accuracies in a dictionary.",
            "At least five rates, of which the largest is at least thirty times the smallest; "
            "the same seed before each.",
        ),
        "Between too small, where too little has happened yet, and too large, where each step "
        "lands beyond the valley, several rates do as well as each other: there is no point in "
        "a third digit. Which is best after two epochs need not be best after forty.",
        (
            Misconception(
                "too few",
                lambda seen, _: len(seen["rates"]) < 5,
                "Fewer than five rates leave too much between them.",
            ),
            Misconception(
                "too narrow",
                lambda seen, _: (
                    max(r for r, _ in seen["rates"]) < 30 * min(r for r, _ in seen["rates"])
                ),
                "All of these are close together: the largest should be at least thirty times "
                "the smallest.",
            ),
            Misconception(
                "percentage",
                lambda seen, _: max(share for _, share in seen["rates"]) > 1,
                "These accuracies are percentages; give fractions.",
            ),
            Misconception(
                "not the best",
                lambda seen, facts: seen["best"] not in _good_rates(seen | facts),
                "Another of your rates did better by more than chance.",
            ),
        ),
        measure=_swept,
    ),
    "digit-recognizer.steps": Exercise(
        lambda images, batch, epochs: {"images": images, "batch": batch, "epochs": epochs},
        equals(_steps),
        (
            "A step is made after each batch: how many batches does an epoch have?",
            "36,050 images do not divide by 100: the rest is a batch, too, a smaller one.",
            "Round the number of batches up, and multiply by the number of epochs.",
        ),
        "Each of these steps is the one that you have followed line by line.",
        (
            Misconception(
                "rest dropped",
                equals(lambda f: f["images"] // f["batch"] * f["epochs"]),
                "The last images of each epoch are a batch, too, though a smaller one.",
            ),
            Misconception(
                "rounded late",
                equals(lambda f: -(-f["images"] * f["epochs"] // f["batch"])),
                "Each epoch begins with a new batch: round up in each, not at the end.",
            ),
            Misconception(
                "one epoch",
                equals(lambda f: -(-f["images"] // f["batch"])),
                "That is one epoch.",
            ),
        ),
    ),
    "digit-recognizer.momentum": Exercise(
        lambda momentum: {"momentum": float(momentum)},
        equals(_momentum, within=0.02),
        (
            "Each step is the gradient plus a part of the step before, which has a part of the "
            "step before that.",
            "With the same gradient g all the time: g, g + 0.9 g, g + 0.9 g + 0.81 g, …; a loop "
            "of a few hundred steps will do.",
            "The sum of 0.9 to the power k, over all k, has a closed form.",
        ),
        "1 / (1 - 0.9) = 10: with momentum a learning rate of 0.12 acts like one of up to 1.2. "
        "Who adds momentum has to lower the rate.",
        (
            Misconception(
                "two steps",
                equals(lambda f: 1 + f["momentum"]),
                "That is the second step: the sum goes on.",
            ),
            Misconception(
                "running mean",
                equals(lambda f: 1.0),
                "That would be a running mean, as Adam takes it. SGD's momentum adds up.",
            ),
        ),
    ),
}

RECALL: tuple[Statement, ...] = (
    Statement(
        True,
        "Without it, two dense layers compute no more than one: a product of two matrices is a "
        "matrix.",
    ),
    Statement(
        False,
        "It is shown to the network after training, too. Each choice that is made by it flatters "
        "it a little: the test images are for a number that nothing was chosen by.",
    ),
    Statement(
        False,
        "Both were measured on the same images: what counts are those on which they differ. 40 "
        "lost and 60 won is close to what chance does.",
    ),
    Statement(
        True,
        "To answer only when it is sure raises the accuracy, and lowers the share of answers.",
    ),
    Statement(
        False,
        "No weight changes when a network predicts: only training moves them.",
    ),
)
