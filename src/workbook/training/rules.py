"""Which of three loops trains a model: a table of rules, of which the first that holds decides."""

from collections.abc import Callable, Iterator
from numbers import Integral
from types import SimpleNamespace
from typing import Any, NamedTuple

from workbook import QUICK
from workbook.backend import keras, tf
from workbook.layers import LocalContrast, RandomLight, RandomWarp
from workbook.training.epoch import to_tensor

import numpy as np
from keras import layers, losses, optimizers, regularizers
from keras.src.trainers.trainer import model_supports_jit

KERAS = "Keras' own loop"
PLAIN = "compiled loop, without XLA"
XLA = "compiled loop, by XLA"

TESTED_WITH_XLA = {
    keras.Sequential,
    *(layers.InputLayer, layers.Flatten, layers.Reshape, layers.Dense, layers.ReLU),
    *(layers.Activation, layers.Rescaling, layers.Normalization),
    *(layers.BatchNormalization, layers.LayerNormalization),
    *(RandomWarp, RandomLight, LocalContrast),
    *(keras.activations.get(name) for name in ("linear", "relu", "sigmoid", "softmax", "tanh")),
    *(regularizers.L1, regularizers.L2, regularizers.L1L2),
    *(losses.SparseCategoricalCrossentropy, losses.sparse_categorical_crossentropy),
    *(losses.CategoricalCrossentropy, losses.categorical_crossentropy),
    *(losses.BinaryCrossentropy, losses.binary_crossentropy),
    *(losses.MeanSquaredError, losses.mean_squared_error),
    *(optimizers.SGD, optimizers.Adam, optimizers.AdamW, optimizers.schedules.CosineDecay),
    "accuracy",
}
"""Of what a model may be made for XLA to compile it: what trains there as it does elsewhere.

XLA leaves assertions out, reads some row for a place that there is not, divides whole numbers by
zero, makes NaN of a root of 0; its random numbers do not follow from the seed; and on a CPU its
convolutions took 40 times as long as TensorFlow's, dropout 10.
"""

SHORT = 1_200
"""With fewer steps a training is over before XLA has paid for its three seconds of compiling."""

BATCH_HOOKS = [
    f"on_{kind}batch_{moment}" for kind in ("", "train_", "test_") for moment in ("begin", "end")
]


class Rule(NamedTuple):
    """A row of the table.

    ``test`` takes the arguments of ``fit`` as attributes, together with ``model`` and, once a
    ``validation_split`` is made, ``train`` and ``valid`` (pairs of x and y; ``valid`` may be
    None). It returns whether the rule holds, or the name of what makes it hold.
    """

    name: str
    loop: str
    why: str
    test: Callable[[SimpleNamespace], bool | str]


def decide(asked: SimpleNamespace) -> tuple[str, str]:
    """Return which loop trains, and a sentence that says so with the reason."""
    for rule in RULES:
        if found := rule.test(asked):
            what = f" ({found})" if isinstance(found, str) else ""
            return rule.loop, f"{rule.loop}: {rule.why}{what}"
    raise AssertionError("the last rule holds always")


def are_arrays(pair: Any) -> bool:
    """Tell whether ``pair`` is two NumPy arrays of numbers, with as many rows (n, …) each."""
    return (
        isinstance(pair, tuple)
        and len(pair) == 2
        and all(isinstance(a, np.ndarray) and a.ndim and a.dtype.kind in "fiub" for a in pair)
        and len(pair[0]) == len(pair[1]) > 0
    )


def _own_step(asked: SimpleNamespace) -> bool | str:
    for name in ("train_step", "test_step", "compute_metrics"):
        own = getattr(type(asked.model), name) is not getattr(keras.Model, name)
        if own or name in vars(asked.model):
            return name
    for name in ("make_train_function", "make_test_function"):
        if getattr(type(asked.model), name).__module__ != "workbook.training.model":
            return name
    return False


def _eager(asked: SimpleNamespace) -> bool:
    model = asked.model
    return not model.compiled or model.run_eagerly or tf.config.functions_run_eagerly()


def _devices(asked: SimpleNamespace) -> bool:
    here = tf.distribute.get_strategy()
    return tf.distribute.has_strategy() or asked.model.distribute_strategy is not here


def _weights(asked: SimpleNamespace) -> bool:
    return not (asked.class_weight is asked.sample_weight is None)


def _steps(asked: SimpleNamespace) -> bool:
    limits = keras.config.max_steps_per_epoch() or keras.config.max_epochs()
    return bool(limits) or not (asked.steps_per_epoch is asked.validation_steps is None)


def _odd_argument(asked: SimpleNamespace) -> bool:
    sizes: list[Any] = [asked.batch_size, asked.validation_batch_size]
    return not isinstance(asked.shuffle, bool) or not all(
        size is None or (isinstance(size, Integral) and int(size) >= 0) for size in sizes
    )


def _no_arrays(asked: SimpleNamespace) -> bool:
    return not all(map(are_arrays, _pairs(asked)))


def _batch_callback(asked: SimpleNamespace) -> bool | str:
    for callback in asked.callbacks:
        plain: type = keras.callbacks.Callback
        if isinstance(callback, keras.callbacks.ModelCheckpoint) and callback.save_freq == "epoch":
            plain = keras.callbacks.ModelCheckpoint  # its hook for batches does nothing then
        if isinstance(callback, keras.callbacks.CallbackList) or any(
            getattr(getattr(callback, hook), "__func__", None) is not getattr(plain, hook)
            for hook in BATCH_HOOKS
        ):
            return type(callback).__name__
    return False


def _pairs(asked: SimpleNamespace) -> list:
    return [pair for pair in (asked.train, asked.valid) if pair is not None]


def _cannot_build(asked: SimpleNamespace) -> bool:
    model, x = asked.model, asked.train[0]
    try:
        if isinstance(model, keras.Sequential) and not model.built:
            # Built by its first batch, it would take the batch's size for that of all.
            model.build((None, *x.shape[1:]))
        rows = asked.batch_size or 32
        model._symbolic_build(data_batch=tuple(to_tensor(a[:rows]) for a in asked.train))
        for pair in _pairs(asked):
            model.compute_output_shape((None, *pair[0].shape[1:]))
    except Exception:  # whatever a layer of the user's raises
        return True
    return False


def _not_finite(asked: SimpleNamespace) -> bool:
    return any(
        x.dtype.kind == "f" and x.size and not np.isfinite([x.min(), x.max()]).all()
        for x, _ in _pairs(asked)
    )


def _losses(model: Any) -> list:
    return [losses.get(loss) for loss in tf.nest.flatten(model.loss)]


def _label_without_output(asked: SimpleNamespace) -> bool:
    sparse = losses.sparse_categorical_crossentropy
    if not any(getattr(loss, "fn", loss) is sparse for loss in _losses(asked.model)):
        return False
    shape = asked.model.compute_output_shape((None, *asked.train[0].shape[1:]))
    classes = shape[-1] if isinstance(shape, tuple) and isinstance(shape[-1], int) else 1
    return any(y.size and (y.min() < 0 or y.max() >= classes) for _, y in _pairs(asked))


def _parts(model: Any) -> Iterator[Any]:
    """Yield what a step computes with: layers, activations, losses, metrics, optimizer, …."""
    for layer in model._flatten_layers():
        yield layer
        yield from (getattr(layer, name, None) for name in ("activation", "activity_regularizer"))
    for variable in model.trainable_variables:
        yield from (variable.regularizer, variable.constraint)
    yield model.optimizer
    if not isinstance(model.optimizer._learning_rate, keras.Variable):
        yield model.optimizer._learning_rate
    yield from _losses(model)
    given = model._compile_config.config
    yield from tf.nest.flatten([given["metrics"], given["weighted_metrics"]])


def _untested(asked: SimpleNamespace) -> bool | str:
    for part in _parts(asked.model):
        names = isinstance(part, str) or hasattr(part, "__name__")
        # Of the workbook's own Sequential, __class__ is Keras'.
        if part is not None and (part if names else part.__class__) not in TESTED_WITH_XLA:
            return part if isinstance(part, str) else getattr(part, "__name__", type(part).__name__)
    return False


def _jit(wanted: bool) -> Callable[[SimpleNamespace], bool]:
    return lambda asked: (
        asked.model._requested_jit != "auto" and bool(asked.model.jit_compile) is wanted
    )


def _short(asked: SimpleNamespace) -> bool:
    steps = len(asked.train[0]) // int(asked.batch_size or 32)
    return QUICK or steps * (asked.epochs - asked.initial_epoch) < SHORT


def _unsupported(asked: SimpleNamespace) -> bool:
    return not model_supports_jit(asked.model)


RULES = [
    Rule("own step", KERAS, "the model has its own way to do a step", _own_step),
    Rule("eager", KERAS, "the model is not compiled, or runs as Python, step by step", _eager),
    Rule("devices", KERAS, "a strategy spreads the batches over devices", _devices),
    Rule("batch callback", KERAS, "a callback acts on every batch", _batch_callback),
    Rule("weights", KERAS, "classes or samples have weights", _weights),
    Rule("steps", KERAS, "the number of steps is limited", _steps),
    Rule("odd argument", KERAS, "shuffle or a batch size is of an odd kind", _odd_argument),
    Rule("no arrays", KERAS, "x and y are not two NumPy arrays with as many rows", _no_arrays),
    Rule("cannot build", KERAS, "the model does not fit the arrays; Keras says why", _cannot_build),
    Rule("not finite", KERAS, "x holds NaN or infinity, which XLA may change", _not_finite),
    Rule("label", KERAS, "a label has no output, and XLA would not notice", _label_without_output),
    Rule("asked for", XLA, "compile was given jit_compile=True", _jit(True)),
    Rule("declined", PLAIN, "compile was given jit_compile=False", _jit(False)),
    Rule("unsupported", PLAIN, "Keras allows no XLA for this model or machine", _unsupported),
    Rule("untested", PLAIN, "a part of the model is not tested with XLA", _untested),
    Rule("short", PLAIN, "it is over before XLA would have paid for compiling", _short),
    Rule("tested", XLA, "all parts of the model are tested with it", lambda asked: True),
]
