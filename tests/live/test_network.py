"""What a page cannot run is refused by name when it is made; quantising costs little."""

from workbook import live
from workbook.backend import keras
from workbook.live.network import described, quantised

import numpy as np
import pytest
from keras import layers
from networks import dense, dequantised, hands


class Doubled(layers.Dense):
    """A layer of a reader's own, which does something else than its parent."""

    def call(self, inputs):
        return 2 * super().call(inputs)


def _with(*parts, shape=(28, 28, 1)):
    return keras.Sequential([keras.Input(shape), *parts], name="mine")


REFUSED = {
    "LSTM": (_with(layers.LSTM(4, name="memory"), shape=(28, 28)), ["'memory'", "LSTM", "Dense"]),
    "AveragePooling2D": (
        _with(layers.AveragePooling2D(2, name="mean")),
        ["'mean'", "AveragePooling2D"],
    ),
    "a network in a network": (_with(keras.Sequential([layers.Dense(3)], name="in")), ["'in'"]),
    "rescaling": (_with(layers.Rescaling(1 / 255, name="scale")), ["'scale'", "Rescaling"]),
    "a subclass": (_with(layers.Flatten(), Doubled(3, name="mine")), ["'mine'", "Doubled"]),
    "an activation": (_with(layers.Dense(3, activation="gelu", name="bent")), ["'bent'", "'gelu'"]),
    "a function": (
        _with(layers.Dense(3, activation=lambda x: x * x, name="own")),
        ["'own'", "lambda"],
    ),
    "dilation": (
        _with(layers.Conv2D(3, 3, dilation_rate=2, name="wide")),
        ["'wide'", "dilation_rate=(2, 2)"],
    ),
    "groups": (
        _with(layers.Conv2D(4, 3), layers.Conv2D(4, 3, groups=2, name="parts")),
        ["groups=2"],
    ),
    "a leaky relu": (
        _with(layers.ReLU(negative_slope=0.1, name="leak")),
        ["'leak'", "negative_slope=0.1"],
    ),
    "another axis": (_with(layers.BatchNormalization(axis=1, name="rows")), ["'rows'", "axis=1"]),
    "a sequence": (_with(layers.Dense(3), shape=(28,)), ["no input shape of an image"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_page_cannot_run_is_refused_by_name(name):
    model, words = REFUSED[name]
    with pytest.raises(live.NetworkError) as refused:
        described(model)
    assert all(word in str(refused.value) for word in words), refused.value
    assert "\n" not in str(refused.value)


def test_a_network_with_branches_is_refused():
    inputs = keras.Input((28, 28))
    flat = layers.Flatten()(inputs)
    model = keras.Model(inputs, layers.Add()([layers.Dense(10)(flat), layers.Dense(10)(flat)]))
    with pytest.raises(live.NetworkError, match=r"Functional model; .* keras\.Sequential"):
        live.pad(model)


def test_a_network_whose_training_diverged_is_refused():
    model = dense((4,))
    model.layers[1].kernel.assign(np.full((784, 4), np.nan))
    with pytest.raises(live.NetworkError, match="diverged"):
        live.pad(model)


def test_the_pad_is_for_digits_and_the_look_inside_for_convolutions(pictures):
    with pytest.raises(live.NetworkError, match=r"\[28, 28, 1\] and gives 24 answers"):
        live.pad(hands())
    with pytest.raises(live.NetworkError, match="has no convolution"):
        live.inside(dense(), *pictures, "ABC")
    with pytest.raises(live.NetworkError, match=r"these images, of \[14, 28, 1\]"):
        live.inside(hands(), pictures[0][:, ::2], pictures[1], "ABC")
    with pytest.raises(live.NetworkError, match=r"float64; .* as they were loaded"):
        live.inside(hands(), pictures[0] / 255, pictures[1], "ABC")


def test_a_weight_is_within_half_a_step_of_itself():
    kernel = np.random.default_rng(1).normal(size=(3, 3, 8, 5)).astype("float32")
    kernel *= [1, 10, 1e-3, 1, 0]
    whole, step = quantised(kernel)
    assert whole.dtype == np.int8 and step.shape == (5,)
    assert (np.abs(whole * step - kernel) <= step / 2 * (1 + 1e-5)).all()
    assert np.abs(whole).max(axis=(0, 1, 2)).tolist() == [127, 127, 127, 127, 0]


def test_the_oracle_has_the_weights_that_travel_and_leaves_the_network_alone():
    model = dense()
    before = model.get_weights()
    made = dequantised(model).get_weights()
    assert 0 < np.abs(made[0] - before[0]).max() < 0.01
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
