"""Exercises of notebook 01: MNIST, with dense layers."""

from typing import Any

from workbook.exercises.exercise import (
    Exercise,
    Facts,
    Misconception,
    as_percentage,
    equals,
    the_rest,
)

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


def _share(facts: Facts) -> list[float]:
    return list(facts["shares of the loss"])


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


EXERCISES: dict[str, Exercise] = {
    "mnist.loss-share": Exercise(
        _of_losses,
        equals(_share, within=0.01),
        (
            "The loss is a mean over the images, and each image adds its own part: -log of the "
            "probability that its right class was given.",
            "model.predict gives the probabilities, and probabilities[np.arange(n), labels] those "
            "of the right classes.",
            "You have one part for each image. Add up those of the images whose most probable "
            "class is not their label, and compare with the sum of all.",
        ),
        "On the real data, more than nine tenths of the loss come from fewer than two images in a "
        "hundred. An image that is read rightly with 99.9% adds 0.001 to the sum; one whose right "
        "class was given 0.001% adds more than 11. This is how the loss can rise while the "
        "accuracy stays as it is: the mistakes remain the same, and grow surer.",
        (
            as_percentage(lambda facts: _share(facts)[0], within=1e-2),
            Misconception(
                "share of the images",
                equals(lambda facts: facts["share of the images"], within=0.0005),
                "That is the share of the images that are read wrongly. Weigh each image by what "
                "it adds to the loss.",
            ),
            the_rest(lambda facts: _share(facts)[0], within=0.01),
        ),
    ),
    "mnist.gap": Exercise(
        _of_gaps,
        equals(_left, within=0.01),
        (
            "There are two gaps, one of the accuracy and one of the loss, and each is a difference "
            "between the training images and the validation images.",
            'A history has four lists: "accuracy", "val_accuracy", "loss" and "val_loss"; the last '
            "entry of each is that of the last epoch.",
            "For each gap: the one with decay divided by the one without. If decay changed "
            "nothing, that would be 1.",
        ),
        "On the real data, the gap in accuracy is as large as before, while that in loss shrinks "
        "to little more than half. Weight decay did not keep the network from learning its images "
        "by heart (see the training accuracy). It kept the weights small, and with them the "
        "logits: the network is less sure, where it is right and where it is wrong. Mistakes made "
        "with less certainty cost less.",
        (
            Misconception(
                "percentage",
                equals(lambda facts: 100 * _left(facts), within=1),
                "These are percentages. As fractions: 1 is all of it, 0.5 is half.",
            ),
            Misconception(
                "order",
                equals(lambda facts: _left(facts)[::-1], within=0.01),
                "The numbers are right, the order is not: first the accuracy, then the loss.",
            ),
            Misconception(
                "turned round",
                equals(lambda facts: 1 / _left(facts), within=0.01),
                "You divided the gap without decay by the one with it.",
            ),
            Misconception(
                "the rest",
                equals(lambda facts: 1 - _left(facts), within=0.01),
                "That is what has gone. Asked for is what is left.",
            ),
            Misconception(
                "not compared",
                equals(lambda facts: [np.array(gaps) for gaps in facts["gaps"]], within=0.001),
                "These are the gaps of one training. Compare them with those of the other.",
            ),
        ),
    ),
    "mnist.smaller-model": Exercise(
        _of_trained,
        _small_and_equal,
        (
            "Two dense layers are left: the hidden one and the output. All else stays as it is, or "
            "you could not say what made the difference.",
            "The function `trained` trains any network like the others above; what it returns has "
            "the accuracies in it.",
            "Build the network layer by layer as `untrained` does, with one hidden layer in place "
            "of two, hand it to `trained`, and take the last validation accuracies of both.",
        ),
        "On the real data, a network with a seventh of the parameters loses two or three "
        "percentage points. All else was equal, so it is size that costs them: trained for another "
        "time, by another optimizer or on other images, the difference would have told nothing "
        "about it. Size itself costs memory and time; whether the last points are worth them "
        "depends on the use.",
        (
            Misconception(
                "no network",
                lambda answer, _: answer is None,
                "Give what `fit` returned for your network, and a number.",
            ),
            Misconception(
                "another network",
                lambda answer, _: not _is_small(answer),
                "This is another network: its parameters are not those of 784 inputs, one hidden "
                "layer of 32 units, and 10 outputs.",
            ),
            Misconception(
                "no relu",
                lambda answer, _: not answer["relu"],
                "The hidden layer has no activation function: without a bend, two layers are no "
                "more than one linear layer.",
            ),
            Misconception(
                "unequal optimizers",
                lambda answer, facts: any(
                    answer["training"][name] != facts["training"][name]
                    for name in ("optimizer", "weight decay", "learning rate")
                ),
                "Optimizer, learning rate or weight decay are not those of the other network, so "
                "two things differ at once.",
            ),
            Misconception(
                "unequal training",
                lambda answer, facts: answer["training"] != facts["training"],
                "The two networks were not trained for the same number of epochs and steps, so two "
                "things differ at once. (Each `fit` continues where the last one ended.)",
            ),
            Misconception(
                "percentage",
                lambda answer, facts: abs(answer["lost"] / 100 - _lost(answer, facts)) < 0.0006,
                "The network is right, and the number is a percentage. As a fraction, 2% is 0.02.",
            ),
            Misconception(
                "sign",
                lambda answer, facts: abs(answer["lost"] + _lost(answer, facts)) < 0.0006,
                "The network is right, and the number, too, but for its sign: what is lost counts "
                "positive.",
            ),
        ),
        measure=_built,
    ),
    "mnist.second-guesses": Exercise(
        _of_mistakes,
        equals(_seconds, within=0.006),  # they are asked for to two digits
        (
            "Leave aside all images that are read rightly: what is asked is about the others only.",
            "further.predict gives ten probabilities for each image, and np.argsort puts the "
            "classes in order, the least probable first.",
            "Choose the rows of the mistakes. In these, compare the last class but one with the "
            "label, and look up the probability of the label.",
        ),
        "On the real data, nine in ten of its mistakes have the right class second, and give it "
        "about a fifth, where the network that was trained without distortions leaves it half as "
        "much. A mistake with a good second guess is a useful one: a program may offer both, or "
        "ask a person.",
        (
            Misconception(
                "percentage",
                equals(lambda facts: 100 * _seconds(facts), within=0.6),
                "These are percentages. As a fraction, 2% is 0.02.",
            ),
            Misconception(
                "of all images",
                lambda answer, facts: any(
                    abs(float(answer[0]) - share) < 0.0006 for share in _of_all_images(facts)
                ),
                "The first number is a share of all images; the mistakes are what is asked about.",
            ),
            Misconception(
                "order",
                equals(lambda facts: _seconds(facts)[::-1], within=0.006),
                "The numbers are right, the order is not: first the share, then the probability.",
            ),
            Misconception(
                "the wrong one's probability",
                equals(
                    lambda facts: np.array([_seconds(facts)[0], facts["of the mistake"]]),
                    within=0.006,
                ),
                "The second number is the probability of the wrong prediction. Asked for is that "
                "of the right class.",
            ),
            Misconception(
                "median",
                equals(lambda facts: np.array([_seconds(facts)[0], facts["median"]]), within=0.006),
                "The second number is the median. Asked for is the mean.",
            ),
        ),
    ),
    "mnist.pixel": Exercise(
        _of_pixels,
        equals(lambda facts: [*facts["best"], *([one] for one in facts["best"])]),  # of argwhere
        (
            "A unit adds up products: each pixel times the weight for it. The loudest pixel has "
            "the largest product.",
            "model.layers[1].get_weights() gives the weights, one column for each unit, and the "
            "biases. The most active unit is the one with the largest sum for this image.",
            "With the products of that unit in an array of 28 rows, np.unravel_index turns the "
            "place that argmax finds into a row and a column.",
        ),
        "A large weight at a black pixel adds nothing, nor does a white pixel whose weight is "
        'zero: only the product counts. "Look inside" under the pad draws these products for '
        "whatever you write there, unit by unit.",
        (
            Misconception(
                "column first",
                equals(lambda facts: [[c, r] for r, c in facts["best"]]),
                "You gave the column first: it is row, then column.",
            ),
            Misconception(
                "one number",
                equals(lambda facts: [28 * r + c for r, c in facts["best"]]),
                "That counts the pixels from 0 to 783, as Flatten lays them out. Which row of 28 "
                "is it in, and where in that row?",
            ),
            Misconception(
                "counted from 1",
                equals(lambda facts: [[r + 1, c + 1] for r, c in facts["best"]]),
                "You counted from 1; rows and columns count from 0.",
            ),
            Misconception(
                "weight alone",
                equals(lambda facts: [facts["weight"]]),
                "That is the unit's largest weight. What does it add if the pixel there is black?",
            ),
            Misconception(
                "against",
                equals(lambda facts: [facts["least"]]),
                "That pixel speaks the loudest *against* the unit.",
            ),
            Misconception(
                "another unit",
                equals(lambda facts: [facts["of any unit"]]),
                "That is the largest product of all units. Find the most active unit first.",
            ),
        ),
    ),
    "mnist.fool": Exercise(
        _of_reading,
        lambda answer, facts: (
            _is_fooled(answer, facts) and answer["changed"] <= MOST_CHANGED and _is_an_image(answer)
        ),
        (
            "You need not understand the network to mislead it: it tells you, by its "
            "probabilities, whether a change helped.",
            "model.predict reads many images at once: try many changes of one pixel each, and keep "
            "the best.",
            "Repeat: from the image so far, make one copy for each pixel, with that pixel turned "
            "from dark to bright or back; keep the copy with the lowest probability of the digit "
            "that is read now.",
        ),
        "A few pixels are enough if they are well chosen, while many at random do nothing: the "
        "network adds up hundreds of products, and small pushes that all go one way make a large "
        "one. A person would hardly notice. Images made to mislead are called *adversarial "
        "examples* (Szegedy and others, 2014). Does yours mislead the network with distortions?",
        (
            Misconception(
                "no image",
                lambda answer, _: answer is None,
                "Give one image of 28 × 28 numbers.",
            ),
            Misconception(
                "grey levels",
                lambda answer, _: answer["highest"] > 2,
                "These are grey levels up to 255. This network knows numbers from 0 to 1: divide.",
            ),
            Misconception(
                "beyond black and white",
                lambda answer, _: not _is_an_image(answer),
                "Some pixels are darker than black or brighter than white: keep them from 0 to 1.",
            ),
            Misconception(
                "unchanged",
                lambda answer, _: answer["changed"] == 0,
                "No pixel differs from the image that you began with.",
            ),
            Misconception(
                "too many pixels",
                lambda answer, facts: (
                    _is_fooled(answer, facts) and answer["changed"] > MOST_CHANGED
                ),
                "It is fooled, but more pixels were changed than allowed. Which of them mattered?",
            ),
            Misconception(
                "not fooled",
                lambda answer, facts: not _is_fooled(answer, facts),
                "The network still reads the same digit. Look at its probability: did it fall?",
            ),
        ),
        measure=_changed,
    ),
    "mnist.centring": Exercise(
        _of_moved,
        _is_back,
        (
            "MNIST's makers centred every digit before anyone saw it. Do it again to those that "
            "were moved: no network needs to be trained.",
            "ndimage.center_of_mass tells where the ink of an image is, as (row, column); "
            "ndimage.shift moves an image by (rows, columns).",
            "For each image: from its centre of mass to the middle of 28 pixels is how far it has "
            "to be moved. Put the results into one array.",
        ),
        "With the digits back in their place, the network reads nearly all of them again, though "
        "nothing was trained. Who knows how images will differ can undo the difference "
        "(*preprocessing*), show it in training (*augmentation*), or build it into the network "
        "(*convolution*, in notebook 04). The first is the cheapest, and serves only where the "
        "difference can be measured.",
        (
            Misconception(
                "no function",
                lambda answer, _: answer is None,
                "The check calls your function with many images, and got an error: call it with "
                "X_valid[:3] yourself.",
            ),
            Misconception(
                "another shape",
                lambda answer, _: not answer["same shape"],
                "Your function returns something of another shape than it was given: one image "
                "for each image, all in one array.",
            ),
            Misconception(
                "the wrong way",
                lambda answer, facts: answer["accuracy"] < facts["moved"] - 0.05,
                "The network reads fewer than before. Are the images moved the other way, or by "
                "the columns where rows are meant?",
            ),
            Misconception(
                "unmoved",
                lambda answer, facts: abs(answer["accuracy"] - facts["moved"]) <= 0.05,
                "The network reads about as many as before: the images seem to be where they were.",
            ),
        ),
        measure=_brought_back,
    ),
}
