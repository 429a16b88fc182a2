import csv
import json
import signal
import subprocess
import sys
import zipfile

from workbook.training import Progress, Sequential, epoch, progress
from workbook.training import model as model_module
from workbook.training.epoch import Epoch

import keras
import nbclient
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

# Keras 3.15 reads variables with an __array__ that NumPy 2 finds old; students do not see it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

N, FEATURES, CLASSES, BATCH = 107, 12, 4, 35
BATCHES = 4  # the last of two rows

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adamw": lambda: keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.01, 30)),
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, FEATURES)).astype("float32")
    y = (X[:, :CLASSES] + 0.1 * rng.normal(size=(N, CLASSES))).argmax(axis=1).astype("uint8")
    return X, y


def dense(cls, optimizer="sgd", dropout=0.0, **compiled):
    """Return a compiled network, by default of what takes least time.

    XLA would compile for a second. Keras' own network is traced by nothing: for a few batches that
    is the quicker way to the same numbers.
    """
    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(16, activation="relu"), layers.Dropout(dropout)]
    model = cls([keras.Input((FEATURES,)), *hidden, layers.Dense(CLASSES, activation="softmax")])
    model.compile(
        **{
            "optimizer": OPTIMIZERS[optimizer](),
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "jit_compile": False,
            "run_eagerly": cls is keras.Sequential,
        }
        | compiled
    )
    return model


def assert_same(model, stock, tolerance=1e-5):
    assert list(model.history.history) == list(stock.history.history)
    for name, values in stock.history.history.items():
        np.testing.assert_allclose(model.history.history[name], values, atol=tolerance)
    for ours, theirs in zip(model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=tolerance)


@pytest.fixture
def epochs_made(monkeypatch):
    """The batch sizes of the compiled epochs: empty where Keras' own loop was used."""
    made = []
    plain = Epoch.__init__
    monkeypatch.setattr(
        Epoch, "__init__", lambda self, *a, **k: (made.append(a[2]), plain(self, *a, **k))[1]
    )
    return made


@pytest.mark.usefixtures("long_enough")
@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
def test_same_weights_and_history_as_keras(data, optimizer, epochs_made):
    X, y = data
    arguments = {"batch_size": BATCH, "epochs": 2, "shuffle": False, "verbose": 0}
    models = [dense(cls, optimizer, jit_compile="auto") for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(X, y, validation_data=(X[:33], y[:33]), validation_batch_size=8, **arguments)
    assert epochs_made == [BATCH, 8]
    assert_same(*models)
    assert models[0].history.params == models[1].history.params
    assert models[0].history.epoch == [0, 1]
    for mine, stock in zip(
        models[0].optimizer.variables, models[1].optimizer.variables, strict=True
    ):
        np.testing.assert_allclose(mine, stock, atol=1e-5)


def test_a_shuffled_epoch_uses_every_row_once_in_the_drawn_order(data):
    X, y = data
    model, stock = dense(Sequential), dense(keras.Sequential)
    keras.utils.set_random_seed(7)
    order = tf.random.shuffle(tf.range(N)).numpy()
    assert sorted(order) == list(range(N))
    assert list(order) != list(range(N))
    keras.utils.set_random_seed(7)
    model.fit(X, y, batch_size=BATCH, verbose=0)
    stock.fit(X[order], y[order], batch_size=BATCH, shuffle=False, verbose=0)
    assert_same(model, stock)


def test_validation_split_and_64_bit_floats_are_those_of_keras(data, epochs_made):
    X, y = data
    models = [dense(cls) for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(X.astype(float), y, validation_split=0.3, shuffle=False, epochs=2, verbose=0)
    assert epochs_made
    assert_same(*models)


def test_a_batch_larger_than_the_data(data):
    X, y = data
    models = [dense(cls) for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(X, y, batch_size=1000, epochs=2, shuffle=False, verbose=0)
    assert_same(*models)


@pytest.mark.slow
def test_convolutions_batch_normalisation_and_label_smoothing(epochs_made):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (50, 8, 8, 1)).astype("uint8")
    y = keras.utils.to_categorical(rng.integers(0, CLASSES, 50))
    models = []
    for cls in (Sequential, keras.Sequential):
        keras.utils.set_random_seed(1)
        # A bias before the normalisation has no gradient but rounding, which Adam would magnify.
        conv = layers.Conv2D(4, 3, use_bias=False)
        block = [conv, layers.BatchNormalization(), layers.MaxPooling2D()]
        head = [layers.Flatten(), layers.Dense(CLASSES, activation="softmax")]
        model = cls([keras.Input((8, 8, 1)), layers.Rescaling(1 / 255), *block, *head])
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
        model.compile(optimizer=OPTIMIZERS["adamw"](), loss=loss, metrics=["accuracy"])
        model.fit(X, y, batch_size=8, shuffle=False, epochs=2, validation_data=(X, y), verbose=0)
        models.append(model)
    assert epochs_made
    assert_same(*models)


def test_a_model_built_by_its_data_and_layers_that_draw_at_random():
    X = np.linspace(0, 255, 40 * 36).reshape(40, 6, 6, 1).astype("uint8")
    y = np.arange(40) % 2
    weights = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        augment = [layers.Rescaling(1 / 255), layers.RandomRotation(0.1), layers.Dropout(0.5)]
        model = Sequential([*augment, layers.Flatten(), layers.Dense(2)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer="adam", loss=loss)
        model.fit(X, y, batch_size=16, epochs=2, verbose=0)
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.allclose(weights[0], weights[2])


def test_the_same_seed_gives_the_same_numbers(data):
    X, y = data
    first, second = (dense(Sequential, dropout=0.3).fit(X, y, verbose=0) for _ in range(2))
    assert first.history == second.history


def test_dropout_is_drawn_anew_for_each_batch(data):
    model = dense(Sequential, dropout=0.5)
    seeds = [v for v in model.non_trainable_variables if "seed" in v.path]
    before = [v.numpy().copy() for v in seeds]
    model.fit(*data, batch_size=BATCH, verbose=0)
    assert [v.numpy()[1] - b[1] for v, b in zip(seeds, before, strict=True)] == [BATCHES]


def test_epoch_callbacks(data, tmp_path, epochs_made):
    X, y = data
    seen = []
    model = dense(Sequential)

    def look(epoch, logs):
        # In the middle of fit, evaluating by batch is still Keras' own affair.
        loss, _ = model.evaluate(X, y, sample_weight=np.ones(N), verbose=0)
        seen.append((epoch, loss))

    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=10, factor=0.5)
    history = model.fit(
        X,
        y,
        validation_data=(X, y),
        epochs=4,
        initial_epoch=1,
        callbacks=[best, log, plateau, keras.callbacks.LambdaCallback(on_epoch_end=look)],
        verbose=0,
    )
    assert epochs_made
    assert history.epoch == [1, 2, 3] == [epoch for epoch, _ in seen]
    np.testing.assert_allclose([loss for _, loss in seen], history.history["val_loss"], atol=1e-5)
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.1, 0.05])
    with (tmp_path / "log.csv").open() as lines:
        assert [row["epoch"] for row in csv.DictReader(lines)] == ["1", "2", "3"]
    loaded = keras.models.load_model(tmp_path / "best.keras")
    best_loss = min(history.history["val_loss"])
    assert loaded.evaluate(X, y, verbose=0)[0] == pytest.approx(best_loss, abs=1e-5)


def test_early_stopping_and_a_schedule(data):
    stop = keras.callbacks.EarlyStopping(
        "loss", patience=2, min_delta=10, restore_best_weights=True
    )
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model = dense(Sequential)
    history = model.fit(*data, epochs=50, callbacks=[stop, schedule], verbose=0)
    assert history.epoch == [0, 1, 2]
    np.testing.assert_allclose(history.history["learning_rate"], [0.05, 0.025, 0.0125])
    assert stop.best_epoch == 0


class CountsBatches(keras.callbacks.Callback):
    batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1


class CountsInACheckpoint(keras.callbacks.ModelCheckpoint):
    batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_epoch_end(self, epoch, logs=None):
        pass


def by_keras(case, X, y):
    """Return the arguments of a ``fit`` that the compiled loop cannot honour."""
    fit = {"x": X, "y": y, "batch_size": BATCH}
    batches = tf.data.Dataset.from_tensor_slices((X, y)).batch(BATCH)
    return {
        "weighted validation": fit | {"validation_data": (X, y, np.linspace(0, 1, N))},
        "batch callback": fit | {"callbacks": [CountsBatches()]},
        "tf.data": {"x": batches},
        "generator": {"x": ((X[i : i + 9], y[i : i + 9]) for i in range(0, N, 9))},
        "split sample weights": fit
        | {"validation_split": 0.2, "sample_weight": np.linspace(0, 1, N)},
        "hook in a checkpoint": fit | {"callbacks": [CountsInACheckpoint("x.keras")]},
    }[case]


@pytest.mark.parametrize(
    "case",
    [
        "weighted validation",
        "batch callback",
        "tf.data",
        "generator",
        "split sample weights",
        "hook in a checkpoint",
    ],
)
@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # so it does, in "generator"
def test_what_keras_own_loop_has_to_do(data, case, epochs_made):
    models = []
    for cls in (Sequential, keras.Sequential):
        fit = by_keras(case, *data)
        model = dense(cls)
        keras.utils.set_random_seed(3)
        model.fit(**fit, shuffle=False, verbose=0)
        models.append(model)
        if "callbacks" in fit:
            assert fit["callbacks"][0].batches == BATCHES
    assert not epochs_made
    assert_same(*models, tolerance=1e-6)


def test_both_loops_in_one_model(data, epochs_made):
    X, y = data
    models = [dense(cls) for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(X, y, shuffle=False, verbose=0)
        model.train_on_batch(X[:5], y[:5])
        model.fit(X, y, shuffle=False, class_weight=dict.fromkeys(range(4), 2.0), verbose=0)
        model.fit(X, y, shuffle=False, verbose=0)
    assert len(epochs_made) == 2
    assert_same(*models)
    np.testing.assert_allclose(*(model.predict(X, verbose=0) for model in models), atol=1e-5)


def test_bad_arrays_raise_what_keras_raises(data):
    X, y = data
    for cls in (Sequential, keras.Sequential):
        with pytest.raises(ValueError, match="cardinality"):
            dense(cls).fit(X, y[:-1], verbose=0)


@pytest.mark.parametrize(
    ("wrong", "part", "built"),
    [
        (CLASSES, "training", True),
        (CLASSES, "validation", False),
        (-1, "training", False),
        (-1, "validation", True),
    ],
)
def test_a_label_without_an_output_raises_what_keras_raises(data, wrong, part, built):
    X, y = data
    labels = y.astype(int)
    labels[-1] = wrong
    given = {"training": (X, labels, (X, y)), "validation": (X, y, (X, labels))}[part]
    for cls in (Sequential, keras.Sequential):
        model = cls([keras.Input((FEATURES,))] if built else [])
        model.add(layers.Dense(CLASSES, activation="softmax"))
        model.compile("sgd", "sparse_categorical_crossentropy")
        with pytest.raises(tf.errors.InvalidArgumentError, match="label"):
            model.fit(*given[:2], validation_data=given[2], verbose=0)


@pytest.mark.parametrize(
    ("loss", "as_column"),
    [
        ("sparse_categorical_crossentropy", True),
        (keras.losses.sparse_categorical_crossentropy, False),
        (keras.losses.SparseCategoricalCrossentropy(name="mine"), True),
    ],
)
def test_labels_for_a_single_output_raise_what_keras_raises(data, loss, as_column):
    X, y = data
    for cls in (Sequential, keras.Sequential):
        model = cls([keras.Input((FEATURES,)), layers.Dense(1)])
        model.compile("sgd", loss)
        with pytest.raises(tf.errors.InvalidArgumentError, match="label"):
            model.fit(X, y[:, np.newaxis] if as_column else y, verbose=0)


def test_a_number_without_an_embedding_raises_what_keras_raises():
    for cls in (Sequential, keras.Sequential):
        embed = layers.Embedding(5, 2)
        model = cls([keras.Input((3,)), embed, layers.Flatten(), layers.Dense(1)])
        model.compile("sgd", "mse")
        with pytest.raises(tf.errors.InvalidArgumentError, match="indices"):
            model.fit(np.full((8, 3), 5), np.zeros(8), verbose=0)


def test_numbers_to_predict_may_be_larger_than_the_number_of_outputs(data, epochs_made):
    X, y = data
    for targets, outputs in ((100.0 * y, 1), (100.0 * np.stack([y, y], axis=1), 2)):
        model = Sequential([keras.Input((FEATURES,)), layers.Dense(outputs)])
        model.compile("sgd", "mse", jit_compile=False)
        model.fit(X, targets, verbose=0)
    assert len(epochs_made) == 2


@pytest.mark.usefixtures("long_enough")
def test_what_xla_does_not_know_trains_without_it(data, epochs_made):
    X, y = data
    models = []
    for cls in (Sequential, keras.Sequential):

        def halved(y_true, y_pred):
            half = tf.numpy_function(lambda values: values / 2, [y_pred[:, 0]], tf.float32)
            return tf.reshape(half, [-1])

        model = dense(cls, metrics=[halved], jit_compile="auto")
        model.fit(X, y, batch_size=BATCH, shuffle=False, epochs=2, verbose=0)
        models.append(model)
    assert epochs_made
    assert_same(*models)


def test_a_check_of_the_students_own_raises_what_keras_raises(data):
    def loss(y_true, y_pred):
        tf.debugging.assert_less(tf.reduce_max(y_pred), -1e9)
        return tf.reduce_mean(y_pred, axis=-1)

    for cls in (Sequential, keras.Sequential):
        model = cls([keras.Input((FEATURES,)), layers.Dense(1)])
        model.compile("sgd", loss)
        with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
            model.fit(*data, verbose=0)


def test_random_numbers_of_the_students_own_follow_from_the_seed(data, epochs_made):
    losses = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        noise = layers.Lambda(lambda x: x + tf.random.normal(tf.shape(x)))
        last = layers.Dense(1, kernel_initializer="ones")
        model = Sequential([keras.Input((FEATURES,)), noise, last])
        model.compile("sgd", "mse")
        losses += model.fit(*data, shuffle=False, verbose=0).history["loss"]
    assert losses[0] == losses[1] != losses[2]
    assert epochs_made


def test_a_batch_size_may_be_numpys(data, epochs_made):
    size = np.int64(BATCH)
    sizes = {"batch_size": size, "validation_batch_size": size}
    models = [dense(Sequential), dense(keras.Sequential)]
    for model in models:
        model.fit(*data, shuffle=False, validation_data=data, verbose=0, **sizes)
    assert epochs_made == [BATCH, BATCH]
    assert_same(*models)


@pytest.mark.parametrize("size", [-3, 10.0, "10"])
def test_a_batch_size_that_is_none_raises_what_keras_raises(data, size):
    said = []
    for cls in (Sequential, keras.Sequential):
        with pytest.raises(Exception) as caught:
            dense(cls).fit(*data, batch_size=size, verbose=0)
        said.append((caught.type, str(caught.value)))
    assert said[0] == said[1]


def test_another_number_of_rows_is_not_traced_again(data):
    traced = []

    def loss(y_true, y_pred):
        traced.append(y_pred.shape)
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    model = dense(Sequential, loss=loss)
    X, y = data
    model.fit(X[:70], y[:70], batch_size=10, verbose=0)
    once = len(traced)
    for rows in (40, 80, 100):
        model.fit(X[:rows], y[:rows], batch_size=10, verbose=0)
    assert len(traced) == once


def test_a_layer_stays_frozen_until_the_model_is_compiled_again(data):
    X, y = data
    models = [dense(Sequential), dense(keras.Sequential)]
    for model in models:
        model.layers[0].trainable = False
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
        model.fit(X, y, batch_size=BATCH, shuffle=False, verbose=0)
        model.layers[0].trainable = True
        model.fit(X[:70], y[:70], batch_size=BATCH, shuffle=False, verbose=0)
    assert_same(*models)


class Rows(layers.Layer):
    """An embedding of the student's own."""

    def __init__(self, take):
        super().__init__()
        self.table = self.add_weight(shape=(3, 2))
        self.take = take

    def call(self, places):
        return tf.reduce_sum(self.take(self.table, places), axis=1)


@pytest.mark.usefixtures("long_enough")
@pytest.mark.parametrize(
    "layer",
    [
        lambda: Rows(lambda table, places: tf.gather(table, places)),
        lambda: Rows(lambda table, places: keras.ops.take(table, places, axis=0)),
        lambda: layers.Lambda(lambda x: tf.cast(tf.constant(100) // (x - x), "float32")),
        lambda: layers.Lambda(lambda x: 0 * tf.linalg.inv(tf.zeros((3, 3))) + tf.ones((1, 3))),
    ],
    ids=["gather", "take", "division by zero", "no inverse"],
)
def test_what_xla_would_not_notice_raises_what_keras_raises(layer):
    places = np.full((8, 3), 7, "int32")
    for cls in (Sequential, keras.Sequential):
        model = cls([keras.Input((3,), dtype="int32"), layer(), layers.Dense(1)])
        model.compile("sgd", "mse")
        with pytest.raises(tf.errors.InvalidArgumentError):
            model.fit(places, np.zeros(8), verbose=0)


BLANK = {
    "unit length": lambda: layers.UnitNormalization(),
    "root": lambda: layers.Lambda(
        lambda x: x / (tf.sqrt(tf.reduce_sum(x * x, axis=-1, keepdims=True)) + 1e-7)
    ),
    "reciprocal": lambda: layers.Lambda(
        lambda x: tf.where(x == 0, 0.0, tf.math.reciprocal(tf.abs(x) + tf.where(x == 0, 0.0, 1.0)))
    ),
}


@pytest.mark.usefixtures("long_enough")
@pytest.mark.parametrize("layer", BLANK.values(), ids=BLANK)
def test_a_blank_image_costs_no_weight(data, layer, epochs_made):
    X, y = data
    X = X.copy()
    X[7] = 0
    models = []
    for cls in (Sequential, keras.Sequential):
        keras.utils.set_random_seed(1)
        model = cls([keras.Input((FEATURES,)), layers.Dense(8, use_bias=False), layer()])
        model.add(layers.Dense(CLASSES, activation="softmax"))
        model.compile(
            "adam",
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            run_eagerly=cls is keras.Sequential,
        )
        model.fit(X, y, batch_size=BATCH, shuffle=False, epochs=2, verbose=0)
        models.append(model)
    assert epochs_made
    assert np.isfinite(np.concatenate([w.ravel() for w in models[0].get_weights()])).all()
    assert_same(*models)


def test_a_model_without_an_input_takes_batches_of_any_size(data):
    models = []
    for cls in (Sequential, keras.Sequential):
        keras.utils.set_random_seed(1)
        model = cls([layers.Dense(8, activation="relu"), layers.Dense(CLASSES)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(*data, batch_size=BATCH, shuffle=False, verbose=0)
        assert model.input_shape == (None, FEATURES)
        models.append(model)
    assert_same(*models)


@keras.saving.register_keras_serializable("tests")
class Named(Sequential):
    """A class of the student's own."""


def test_a_class_of_the_students_own_is_loaded_compiled(data, tmp_path):
    model = dense(Named)
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is Named
    assert loaded.evaluate(*data, verbose=0) == model.evaluate(*data, verbose=0)
    loaded.fit(*data, verbose=0, shuffle=False)
    assert_same(loaded, _continued(model, data))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: keras.random.normal((FEATURES,), seed=3),
        lambda: tf.random.stateless_normal((FEATURES,), [1, 2]),
    ],
)
def test_random_numbers_of_keras_are_those_of_its_own_fit(data, draw, epochs_made):
    models = []
    for cls in (Sequential, keras.Sequential):
        keras.utils.set_random_seed(1)
        noise = layers.Lambda(lambda x: x + draw())
        models.append(cls([keras.Input((FEATURES,)), noise, layers.Dense(1)]))
        models[-1].compile("sgd", "mse")
        models[-1].fit(*data, batch_size=BATCH, shuffle=False, verbose=0)
    assert epochs_made
    assert_same(*models)


def test_what_is_not_finite_becomes_of_it_what_keras_makes(data, epochs_made):
    X, y = data
    broken = X.copy()
    broken[3, 2] = np.nan
    # Where all is NaN, argmax answers otherwise eagerly.
    options = {"jit_compile": "auto", "run_eagerly": False}
    models = [dense(cls, **options) for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(broken, y, batch_size=BATCH, shuffle=False, epochs=2, verbose=0)
        model.fit(X, y, batch_size=BATCH, shuffle=False, validation_data=(broken, y), verbose=0)
    assert not epochs_made
    assert_same(*models)


class Budget(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.stop_training = epoch == 1


def test_training_that_is_stopped_as_an_epoch_begins_ends_with_a_batch(data, epochs_made):
    models = [dense(Sequential), dense(keras.Sequential)]
    for model in models:
        model.fit(*data, batch_size=BATCH, shuffle=False, epochs=4, callbacks=[Budget()], verbose=0)
        assert int(model.optimizer.iterations) == BATCHES + 1
    assert epochs_made
    assert_same(*models)


class Broken(layers.Layer):
    def call(self, x):
        raise KeyError("a slip of the student's")


@pytest.mark.parametrize(
    "parts",
    [lambda: [layers.LSTM(3), layers.Dense(1)], lambda: [], lambda: [Broken(), layers.Dense(1)]],
    ids=["too few dimensions", "no layers", "a slip"],
)
def test_a_model_that_cannot_be_built_raises_what_keras_raises(parts):
    said = []
    for cls in (Sequential, keras.Sequential):
        keras.backend.clear_session()  # which counts the names of layers
        model = cls(parts())
        model.compile("sgd", "mse")
        with pytest.raises(Exception) as caught:
            model.fit(np.zeros(30, "float32"), np.zeros(30), verbose=0)
        said.append((caught.type, str(caught.value)))
    assert said[0] == said[1]


def test_progress_goes_to_whatever_stands_for_standard_output(data, monkeypatch):
    class Tee:
        said = ""

        def write(self, text):
            self.said += text

        def flush(self):
            pass

    tee = Tee()
    monkeypatch.setattr(sys, "stdout", tee)
    dense(Sequential).fit(*data, epochs=2)
    assert "epoch 2/2" in tee.said


def test_compile_takes_its_arguments_by_position(data):
    model = dense(Sequential)
    model.compile("sgd", "mse", None, None, None, False, 1, False)
    assert model._requested_jit is False
    assert not model.jit_compile


class OwnLoop(Sequential):
    """Trains by a function of its own, which takes an iterator of batches."""

    def make_train_function(self, force=False):
        def function(iterator):
            return self.train_step(next(iterator))

        self.train_function = function


def test_a_loop_of_the_students_own_is_kept(data, epochs_made):
    model = dense(OwnLoop)
    model.fit(*data, batch_size=BATCH, verbose=0)
    assert int(model.optimizer.iterations) == BATCHES
    model = dense(Sequential)
    step = model.train_step
    model.train_step = lambda batch: step(batch) | {"seven": 7.0}
    assert "seven" in model.fit(*data, batch_size=BATCH, verbose=0).history
    assert not epochs_made


class ReportsMore(Sequential):
    def compute_metrics(self, *arguments, **options):
        return super().compute_metrics(*arguments, **options) | {"seven": 7.0}


def test_a_model_with_methods_of_its_own_keeps_them_and_its_name(data, epochs_made):
    model = ReportsMore([keras.Input((FEATURES,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(*data, verbose=0).history["seven"] == [7.0]
    assert not epochs_made
    assert model.__class__ is ReportsMore


def test_arguments_by_position_are_those_of_keras(data):
    X, y = data
    weights = {0: 5.0, 1: 2.0, 2: 3.0, 3: 4.0}
    models = [dense(cls) for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(X, y, BATCH, 2, 0, None, 0.2, None, False, weights)
    assert_same(*models)


def test_a_saved_model_is_keras_own(data, tmp_path):
    model = dense(Sequential)
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = archive.read("config.json").decode()
    assert "workbook" not in config
    assert json.loads(config)["module"] == "keras"
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is keras.Sequential
    assert type(model) is Sequential
    assert_same(loaded.fit(*data, verbose=0, shuffle=False).model, _continued(model, data))


def _continued(model, data):
    model.fit(*data, verbose=0, shuffle=False)
    return model


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_gives_every_row_once_in_chunks(shuffle):
    x = np.arange(23)
    seen, sizes = [], []

    def loop(x, y, order, start, stop):
        for batch in order.numpy()[int(start) : int(stop)]:
            by_batch(iter([(x.numpy()[batch], y.numpy()[batch])]))

    def by_batch(batches):
        ((x, y),) = batches
        np.testing.assert_array_equal(x, -y)
        seen.extend(int(row) for row in x)
        sizes.append(len(x))

    made = Epoch(x, -x, 4, shuffle)
    made.chunk = 1
    made.run(loop, by_batch, lambda: False)
    assert sizes == [4] * 5 + [3]
    assert sorted(seen) == list(range(23))
    assert (seen == list(range(23))) is not shuffle


@pytest.mark.parametrize(
    "array",
    [
        np.arange(5, dtype=">i4"),
        np.eye(3, dtype="uint8")[::2],
        np.random.default_rng(0).random((4, 3)).T,
        np.broadcast_to(np.True_, (2, 3)),
    ],
    ids=["big-endian", "strided", "transposed", "read-only"],
)
def test_an_epoch_copies_arrays_however_they_lie_in_memory(array):
    (tensor, _) = Epoch(array, array, 2, False).arrays
    np.testing.assert_allclose(tensor, array, rtol=1e-6)


PEAK = """
import resource
from workbook.training import Sequential
import keras
import numpy as np
X, y = np.ones((60_000, 784), "float32"), np.zeros(60_000, "uint8")
model = {cls}([keras.Input((784,)), *(keras.layers.Dense(units) for units in (200, 100, 10))])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(X, y, batch_size=600, epochs=2, validation_split=0.1, verbose=0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep freed memory their own way")
def test_peak_memory_is_no_higher_than_keras_own():
    command = [sys.executable, "-W", "ignore", "-c"]
    ours, keras_own = (
        int(subprocess.check_output([*command, PEAK.format(cls=cls)], text=True))
        for cls in ("Sequential", "keras.Sequential")
    )
    assert ours <= keras_own


@pytest.mark.parametrize("options", [{}, {"class_weight": dict.fromkeys(range(CLASSES), 2.0)}])
def test_an_interrupt_keeps_weights_and_history(data, options, capsys):
    X, y = data
    ended = []

    def interrupt(epoch, logs):
        if epoch == 2:
            signal.raise_signal(signal.SIGINT)

    model = dense(Sequential)
    initial = model.get_weights()
    ending = keras.callbacks.LambdaCallback(
        on_epoch_begin=interrupt, on_train_end=lambda logs: ended.append(True)
    )
    history = model.fit(X, y, epochs=9, callbacks=[ending], **options)
    assert history is model.history
    assert history.epoch == [0, 1]
    assert len(history.history["loss"]) == 2
    assert ended
    assert "Interrupted" in capsys.readouterr().out
    assert not np.allclose(model.get_weights()[0], initial[0])
    model.fit(X, y, verbose=0)


@pytest.mark.parametrize("hook", ["set_model", "on_train_begin"])
@pytest.mark.parametrize("verbose", ["auto", 0])
def test_an_interrupt_before_training_begins_is_not_hidden(data, hook, verbose):
    def stop(self, *_):
        raise KeyboardInterrupt

    stops = type("Stops", (keras.callbacks.Callback,), {hook: stop})
    with pytest.raises(KeyboardInterrupt):
        dense(Sequential).fit(*data, callbacks=[stops()], verbose=verbose)


def test_an_interrupt_keeps_the_backup_that_the_next_training_begins_with(data, tmp_path):
    def interrupt(epoch, logs):
        if epoch == 2:
            signal.raise_signal(signal.SIGINT)

    def callbacks(**more):
        return [keras.callbacks.BackupAndRestore(tmp_path), keras.callbacks.LambdaCallback(**more)]

    dense(Sequential).fit(*data, epochs=4, callbacks=callbacks(on_epoch_begin=interrupt), verbose=0)
    history = dense(Sequential).fit(*data, epochs=4, callbacks=callbacks(), verbose=0)
    assert history.epoch == [2, 3]


def test_progress_is_short_where_nobody_watches(data, capfd):
    dense(Sequential).fit(*data, validation_data=data, epochs=25)
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert len(lines) <= 11
    assert not set("\r\b\x1b") & set(out)
    for name in ("epoch 25/25", " loss ", "accuracy", "val_loss", "val_accuracy", "in all"):
        assert name in lines[-1]
    assert "left" in lines[0]


def test_progress_shows_the_mean_of_what_has_several_values(data, capsys):
    X, y = data
    model = dense(Sequential, metrics=[keras.metrics.F1Score()], loss="mse")
    model.fit(X, keras.utils.to_categorical(y))
    history = model.history.history["f1_score"][-1]
    assert f"f1_score {np.mean(history):.4f}" in capsys.readouterr().out


def test_no_progress_when_verbose_is_0(data, capfd):
    dense(Sequential).fit(*data, epochs=2, verbose=0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_notebook_keeps_one_line():
    source = """
from workbook.training import Sequential
import numpy as np
from keras import Input, layers
model = Sequential([Input((3,)), layers.Dense(2)])
model.compile(optimizer="sgd", loss="mse")
history = model.fit(np.ones((50, 3)), np.ones((50, 2)), epochs=7)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["text/plain"].startswith("epoch 7/7  loss ")


def both(data, **fit):
    models = [dense(cls) for cls in (Sequential, keras.Sequential)]
    for model in models:
        model.fit(*data, batch_size=BATCH, shuffle=False, verbose=0, **fit)
    assert_same(*models)
    return models


def test_validation_data_comes_before_a_split(data):
    X, y = data
    both(data, validation_split=0.3, validation_data=(X[:33], y[:33]))


def test_validation_is_not_shuffled(data, monkeypatch):
    made, plain = [], Epoch.__init__
    monkeypatch.setattr(Epoch, "__init__", lambda self, *a: (made.append(a[3]), plain(self, *a))[1])
    dense(Sequential).fit(*data, validation_data=data, verbose=0)
    assert made == [True, False]


def test_a_chunk_shrinks_to_a_batch_where_batches_are_slow(monkeypatch):
    monkeypatch.setattr(epoch, "CHUNK_SECONDS", 0)
    stops = []

    def loop(x, y, order, start, stop):
        assert len(stops) < 100
        stops.append(int(stop))

    x = np.arange(200)
    Epoch(x, x, 4, False).run(loop, None, lambda: False)
    assert stops[:4] == [8, 12, 14, 15] and stops[-1] == 50


def test_an_epoch_begins_with_a_small_chunk():
    stops = []
    x = np.arange(200)
    Epoch(x, x, 4, False).run(
        lambda x, y, order, start, stop: stops.append(int(stop)), None, lambda: False
    )
    assert stops[0] == 8 and stops[-1] == 50


@pytest.mark.filterwarnings("ignore:Limiting steps")
def test_a_limit_on_steps_is_kept(data, epochs_made):
    keras.config.set_max_steps_per_epoch(3)
    try:
        both(data)
    finally:
        keras.config.set_max_steps_per_epoch(None)
    assert not epochs_made


def test_in_a_quick_run_an_epoch_ends_early(data, epochs_made, monkeypatch):
    monkeypatch.setattr(model_module, "QUICK", True)
    monkeypatch.setattr(model_module, "QUICK_BATCHES", 2)
    model = dense(Sequential)
    history = model.fit(*data, batch_size=BATCH, epochs=3, validation_data=data, verbose=0)
    assert int(model.optimizer.iterations) == 2 * 3
    assert history.params["steps"] == BATCHES
    # All of the validation images, all the same.
    last = history.history["val_loss"][-1]
    assert model.evaluate(*data, verbose=0)[0] == pytest.approx(last, abs=1e-5)


@pytest.mark.filterwarnings("ignore:Even though the")
def test_functions_that_run_eagerly_are_kept(data, epochs_made):
    tf.config.run_functions_eagerly(True)
    try:
        dense(Sequential).fit(*data, verbose=0)
    finally:
        tf.config.run_functions_eagerly(False)
    assert not epochs_made


def test_a_number_of_validation_steps_is_kept(data, epochs_made):
    both(data, validation_data=data, validation_steps=2)
    assert not epochs_made


def test_validation_may_be_less_frequent(data):
    both(data, validation_data=data, validation_freq=2, epochs=3)


def test_the_time_left_is_that_of_the_epochs_after_the_first(monkeypatch, capsys):
    clock = iter([0, 10, 20])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    shown = Progress()
    shown.set_params({"epochs": 4})
    shown.on_train_begin()
    shown.on_epoch_end(0)
    shown.on_epoch_end(1)
    assert [line.split()[-2] for line in capsys.readouterr().out.splitlines()] == ["0:30", "0:20"]


class EvaluatesInItsWay(Sequential):
    def test_step(self, data):
        return super().test_step(data) | {"seven": 7.0}


def test_an_evaluation_of_the_students_own_is_kept(data):
    model = EvaluatesInItsWay([keras.Input((FEATURES,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(*data, validation_data=data, verbose=0).history["val_seven"] == [7.0]


def test_a_callback_on_validation_batches_is_called(data):
    class Counts(keras.callbacks.Callback):
        batches = 0

        def on_test_batch_end(self, batch, logs=None):
            self.batches += 1

    counts = Counts()
    dense(Sequential).fit(
        *data, validation_data=data, batch_size=BATCH, callbacks=[counts], verbose=0
    )
    assert counts.batches == BATCHES


def test_a_model_has_to_be_compiled(data):
    for cls in (Sequential, keras.Sequential):
        with pytest.raises(ValueError, match="compile"):
            cls([keras.Input((FEATURES,)), layers.Dense(1)]).fit(*data, verbose=0)
