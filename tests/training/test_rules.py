"""Each row of the table has a training that it decides, and which ends as Keras' own does."""

from workbook.layers import LocalContrast, RandomLight, RandomWarp
from workbook.training import Sequential, rules

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

# Keras 3.15 reads variables with an __array__ that NumPy 2 finds old; students do not see it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.usefixtures("long_enough"),
]

N, FEATURES, CLASSES = 44, 6, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, FEATURES)).astype("float32")
X[7] = 0  # where a division by a length would go wrong in XLA
Y = X[:, :CLASSES].argmax(axis=1)
SPARSE = "sparse_categorical_crossentropy"


# SGD where nothing else is tested: Adam would magnify the rounding of a gradient that is nearly 0.
def trained(cls, parts=(), compiled=None, x=X, y=Y, last="softmax", **fit):
    """Return the model, and what ``fit`` raised or None."""
    keras.utils.set_random_seed(1)
    model = cls([keras.Input(x.shape[1:]), *(make() for make in parts), layers.Flatten()])
    model.add(layers.Dense(CLASSES, activation=last))
    options = {"loss": SPARSE, "metrics": ["accuracy"], "optimizer": "sgd"}
    # Untraced, Keras' own model gives the same numbers, which is quicker for a few batches.
    options |= {"run_eagerly": cls is keras.Sequential} | (compiled or {})
    if callable(options["optimizer"]):
        options["optimizer"] = options["optimizer"]()
    model.compile(**options)
    try:
        arguments = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0} | fit
        model.fit(x, y, **arguments)
    except Exception as error:
        return model, type(error)
    return model, None


def assert_as_keras(cls=Sequential, stock=keras.Sequential, **case):
    """Train by ``cls`` as by Keras' class; return the sentence that says how it was done."""
    (ours, said), (theirs, expected) = (trained(each, **case) for each in (cls, stock))
    assert said is expected
    if expected is None:
        for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(mine, other, atol=2e-5)
        for name, values in theirs.history.history.items():
            np.testing.assert_allclose(ours.history.history[name], values, atol=2e-5)
    return ours.how_it_trained


def with_method(name):
    """Return two classes that do ``name`` in a way of their own: ours, Keras'."""

    def make(base):
        return type(
            "Own", (base,), {name: lambda self, *a, **k: getattr(base, name)(self, *a, **k)}
        )

    return {"cls": make(Sequential), "stock": make(keras.Sequential)}


class ActsOnBatches(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class NoXla(layers.Dense):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.supports_jit = False


class Quadratic(layers.Layer):
    def call(self, x):
        return x * x


def broken(place, value):
    array = X.copy()
    array[place] = value
    return array


CASES = {
    "own step": [with_method(name) for name in ("train_step", "test_step", "compute_metrics")]
    + [with_method("make_train_function"), with_method("make_test_function")],
    "eager": [{"compiled": {"run_eagerly": True}}],
    "devices": [],
    "batch callback": [{"callbacks": [ActsOnBatches()]}],
    "weights": [
        {"class_weight": {0: 1.0, 1: 2.0, 2: 3.0}},
        {"sample_weight": np.linspace(0, 1, N)},
    ],
    "steps": [{"steps_per_epoch": 5}, {"validation_data": (X, Y), "validation_steps": 2}],
    "odd argument": [{"batch_size": 8.0}, {"shuffle": "batch"}, {"batch_size": -1}],
    "no arrays": [{"x": tf.constant(X)}, {"validation_data": (X, Y, np.ones(N))}, {"y": Y[:5]}],
    "cannot build": [{"validation_data": (X[:, :2], Y)}],
    # Where all is NaN, argmax answers otherwise eagerly.
    "not finite": [
        {"compiled": {"run_eagerly": False}, "x": broken(3, np.nan)},
        {"compiled": {"run_eagerly": False}, "validation_data": (broken(3, np.inf), Y)},
    ],
    "label": [{"y": Y + 1}, {"y": Y - 1}, {"validation_data": (X, Y + 1)}],
    "asked for": [{"compiled": {"jit_compile": True, "run_eagerly": False}, "parts": [Quadratic]}],
    "declined": [{"compiled": {"jit_compile": False}}],
    "unsupported": [{"parts": [lambda: NoXla(4)]}],
    "untested": [
        {"parts": [part]}
        for part in (
            Quadratic,
            lambda: layers.Dropout(0.5),
            lambda: layers.Dense(4, activation=lambda x: x / tf.sqrt(tf.reduce_sum(x * x))),
            lambda: layers.Dense(4, kernel_regularizer=lambda w: tf.reduce_sum(w**4)),
            lambda: layers.Dense(4, kernel_constraint="unit_norm"),
            lambda: layers.Dense(4, activity_regularizer=lambda x: tf.reduce_sum(x**4)),
        )
    ]
    + [
        {"compiled": {"metrics": [lambda y, p: tf.reduce_mean(p, axis=-1)]}},
        {"compiled": {"loss": lambda y, p: tf.reduce_mean(p, axis=-1)}},
        {"compiled": {"optimizer": keras.optimizers.RMSprop}},
        with_method("call"),
    ],
    "short": [{}, {"epochs": 3}],
    "tested": [{}, {"validation_split": 0.3}],
}
"""What to train, by the row that decides it."""


@pytest.mark.slow
@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:.*steps")
def test_each_rule_decides_and_all_ends_as_in_keras(rule, monkeypatch):
    cases = CASES[rule.name]
    if rule.name == "short":
        monkeypatch.undo()
    if rule.name == "devices":
        with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
            assert_decided(rule, assert_as_keras())
        return
    assert cases
    for case in cases:
        assert_decided(rule, assert_as_keras(**case))


def assert_decided(rule, sentence):
    assert sentence.startswith(f"{rule.loop}: {rule.why}")


def test_the_names_of_the_rules_and_their_reasons_differ():
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES) == len(CASES)
    assert len({rule.why for rule in rules.RULES}) == len(rules.RULES)


HOT = keras.utils.to_categorical(Y)
IMAGES = RNG.random((N, 8, 8, 1)).astype("float32")
IMAGES[7] = 0
WITH_XLA = {
    "Flatten, Dense, ReLU, Activation, Reshape": {
        "parts": [
            lambda: layers.Reshape((2, 3)),
            layers.Flatten,
            lambda: layers.Dense(5, kernel_regularizer="l2", bias_regularizer="l1"),
            layers.ReLU,
            lambda: layers.Dense(
                5, activation="tanh", kernel_regularizer=keras.regularizers.L1L2(0.01, 0.01)
            ),
            lambda: layers.Activation("sigmoid"),
        ]
    },
    "Rescaling, Normalization, LayerNormalization, BatchNormalization": {
        "parts": [
            lambda: layers.Rescaling(2.0, 1.0),
            lambda: layers.Normalization(mean=0.5, variance=2.0),
            layers.LayerNormalization,
            layers.BatchNormalization,
        ]
    },
    "the workbook's layers": {
        "x": IMAGES,
        "parts": [
            lambda: RandomWarp(rotation=10, shift=0.1, elastic=(8, 2), seed=3),
            lambda: RandomLight(contrast=0.3, noise=0.1, seed=4),
            LocalContrast,
        ],
        "compiled": {"run_eagerly": False},
    },
    "a model in the model": {"parts": [lambda: keras.Sequential([layers.Dense(4)])]},
    "categorical, Adam": {
        "y": HOT,
        "compiled": {"loss": "categorical_crossentropy", "optimizer": "adam"},
    },
    "binary, AdamW": {
        "y": HOT,
        "last": "sigmoid",
        "compiled": {
            "loss": "binary_crossentropy",
            "optimizer": lambda: keras.optimizers.AdamW(
                keras.optimizers.schedules.CosineDecay(1e-2, 10), weight_decay=0.1
            ),
        },
    },
    "squares": {"y": HOT, "last": None, "compiled": {"loss": "mse"}},
    "logits, momentum": {
        "last": None,
        "compiled": {
            "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "optimizer": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        },
    },
    "smoothed": {
        "y": HOT,
        "compiled": {"loss": keras.losses.CategoricalCrossentropy(label_smoothing=0.1)},
    },
}


@pytest.mark.parametrize("case", WITH_XLA.values(), ids=WITH_XLA)
def test_what_is_tested_with_xla_trains_as_keras_does(case):
    assert assert_as_keras(**case).startswith(rules.XLA)


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
@pytest.mark.parametrize("weights", [None, {0: 1.0, 1: 2.0, 2: 3.0}])
def test_how_it_trained_is_printed_on_request(verbose, weights, capsys):
    assert Sequential.how_it_trained == "not trained yet"
    compiled = {"jit_compile": False}
    model, _ = trained(Sequential, compiled=compiled, class_weight=weights, verbose=verbose)
    lines = capsys.readouterr().out.splitlines()
    assert (model.how_it_trained in lines) == (verbose == 2)


def test_a_quick_run_is_short(monkeypatch):
    monkeypatch.setattr(rules, "QUICK", True)
    model, _ = trained(Sequential, epochs=1)
    (short,) = (rule for rule in rules.RULES if rule.name == "short")
    assert_decided(short, model.how_it_trained)


def test_the_reason_names_the_part():
    model, _ = trained(Sequential, parts=[lambda: layers.Dropout(0.5)])
    assert model.how_it_trained.endswith("(Dropout)")
    model, _ = trained(Sequential, callbacks=[ActsOnBatches()])
    assert model.how_it_trained.endswith("(ActsOnBatches)")
