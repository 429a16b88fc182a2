"""The single measurements of the benchmark, each run as a process of its own."""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from workbook import QUICK, datasets, paths

import numpy as np

UNITS = (784, 200, 100, 10)
BATCH = 32
VALID = 6_000
EPOCHS = 2 if QUICK else 4
RATES = {"sgd": 0.01, "adam": 0.001}


def bound() -> float:
    """Return the seconds that the matrix products of one epoch take at the machine's best rate.

    The rate is that of a float32 product of 2048×2048 matrices. Backward there are two products
    for a layer's one, but for the first layer, whose input needs no gradient.
    """
    size = 2048
    matrix = np.random.default_rng(0).random((size, size), dtype=np.float32)
    rate = 2 * size**3 / min(_timed(lambda: matrix @ matrix) for _ in range(8))
    weights = [n * m for n, m in pairwise(UNITS)]
    forward = 2 * sum(weights)
    train = 3 * forward - 2 * weights[0]
    return ((60_000 - VALID) * train + VALID * forward) / rate


def _timed(action: Callable) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _data() -> tuple[np.ndarray, np.ndarray]:
    (images, labels), _ = datasets.load("mnist").load_data()
    return images.reshape(-1, 784).astype(np.float32) / 255, labels


def _train_workbook(optimizer: str) -> list[float]:
    from workbook.backend import keras
    from workbook.training import Sequential

    return _fit(keras, Sequential, optimizer)


def _train_keras(optimizer: str, backend: str = "tensorflow", **options: Any) -> list[float]:
    """Train by Keras' own ``fit``, on a backend of Keras', with options of ``compile``."""
    os.environ["KERAS_BACKEND"] = backend
    keras = importlib.import_module("keras")
    return _fit(keras, keras.Sequential, optimizer, **options)


def _fit(keras: Any, kind: Any, optimizer: str, **options: Any) -> list[float]:
    """Return the seconds of each epoch of a model of this kind."""
    X, y = _data()
    keras.utils.set_random_seed(1)
    *hidden, last = UNITS[1:]
    model = kind([keras.Input((UNITS[0],))])
    for units in hidden:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(last, activation="softmax"))
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **options,
    )
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: ends.append(time.perf_counter()),
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()),
    )
    model.fit(
        X[VALID:],
        y[VALID:],
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(X[:VALID], y[:VALID]),
        callbacks=[clock],
        verbose=0,
    )
    return list(np.diff(ends))


def _train_jax(optimizer: str) -> list[float]:
    """Train by one compiled loop over the batches of an epoch, ``jax.lax.scan``."""
    jax, optax = map(importlib.import_module, ("jax", "optax"))
    X, y = _data()
    X, y = jax.numpy.array(X), jax.numpy.array(y)
    random = np.random.default_rng(1)
    weights = [
        (random.uniform(-1, 1, (n, m)).astype("float32") * (6 / (n + m)) ** 0.5, np.zeros(m, "f"))
        for n, m in pairwise(UNITS)
    ]
    update = getattr(optax, optimizer)(RATES[optimizer])

    def loss_of(weights: Any, rows: Any) -> Any:
        hidden = X[rows]
        *first, (w, b) = weights
        for u, c in first:
            hidden = jax.nn.relu(hidden @ u + c)
        scores = hidden @ w + b
        loss = optax.softmax_cross_entropy_with_integer_labels(scores, y[rows]).mean()
        return loss, (scores.argmax(1) == y[rows]).sum()

    def step(carried: Any, rows: Any) -> Any:
        weights, state = carried
        found, gradients = jax.value_and_grad(loss_of, has_aux=True)(weights, rows)
        changes, state = update.update(gradients, state, weights)
        return (optax.apply_updates(weights, changes), state), found

    @jax.jit
    def epoch(weights: Any, state: Any, order: Any) -> Any:
        (weights, state), trained = jax.lax.scan(step, (weights, state), order)
        tested = jax.lax.map(lambda rows: loss_of(weights, rows), held_out)
        return weights, state, trained, tested

    n = (len(X) - VALID) // BATCH * BATCH  # the last batch of an epoch is left out: it is smaller
    held_out = jax.numpy.arange(VALID // BATCH * BATCH).reshape(-1, BATCH)
    state = update.init(weights)

    def one() -> None:
        nonlocal weights, state
        order = (VALID + random.permutation(len(X) - VALID)[:n]).reshape(-1, BATCH)
        weights, state, *found = epoch(weights, state, order)
        jax.block_until_ready(found)

    return [_timed(one) for _ in range(EPOCHS)]


@dataclass(frozen=True)
class Trainer:
    """A way to train the network: ``train`` takes the optimizer and returns seconds an epoch.

    ``needs`` names the modules, beside the workbook's own, without which it is not measured.
    """

    train: Callable[[str], list[float]]
    needs: tuple[str, ...] = ()


STEPS: dict[str, Any] = {"steps_per_execution": 100}
XLA: dict[str, Any] = {"jit_compile": True}
TRAINERS = {
    "keras": Trainer(_train_keras),
    "keras, steps": Trainer(partial(_train_keras, **STEPS)),
    "keras, steps and XLA": Trainer(partial(_train_keras, **STEPS, **XLA)),
    "keras on JAX, steps and XLA": Trainer(
        partial(_train_keras, backend="jax", **STEPS, **XLA), ("jax",)
    ),
    "JAX scan": Trainer(_train_jax, ("jax", "optax")),
    "workbook": Trainer(_train_workbook),
}
"""What a student would pick: Keras as it is, with an argument of its own or two, or others."""


def _peak_mb() -> float | None:
    """Return this process's greatest memory in MB, or None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _one_training(name: str, optimizer: str) -> dict[str, Any]:
    first, *others = TRAINERS[name].train(optimizer)
    return {"first": first, "seconds": others, "peak_mb": _peak_mb()}


def _one_grading(count: str, *notebooks: str) -> dict[str, Any]:
    from tests.bench import grading

    return grading.measure(int(count), notebooks)


def _one_live(name: str) -> dict[str, Any]:
    from tests.bench import live

    return live.measure([paths.DATA / "models" / name])[0]


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": _one_training,
    "live": _one_live,
    "grade": _one_grading,
}


def main() -> None:
    """Do the measurement that the command line names, and print what it found as JSON.

    The notice of practice data goes with it, None for real data or no data: nobody sees what else
    is printed here.
    """
    try:
        found = MEASUREMENTS[sys.argv[1]](*sys.argv[2:])
    except datasets.DataError as error:
        sys.exit(str(error))
    print(json.dumps(found | {"practice": datasets.practice_notice()}))
