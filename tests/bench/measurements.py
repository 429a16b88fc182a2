"""The single measurements of the benchmark, each run as a process of its own."""

import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbook import QUICK, datasets, paths
from workbook.datasets.catalogue import CATALOGUE

import numpy as np

UNITS = (784, 200, 100, 10)
BATCH = 32
VALID = 6_000
EPOCHS = 2 if QUICK else 4
RATES = {"sgd": 0.01, "adam": 0.001}
DATASETS = ("mnist", "fashion-mnist", "digit-recognizer", "sign-language-mnist")


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


def _train_torch(optimizer: str, compiled: bool = False) -> list[float]:
    torch = importlib.import_module("torch")  # no requirement of the workbook
    X, y = (torch.from_numpy(array) for array in _data())
    y = y.long()
    layers: list[Any] = []
    for n, m in pairwise(UNITS):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    update = kinds[optimizer](model.parameters(), lr=RATES[optimizer])
    if compiled:
        model = torch.compile(model)

    def epoch() -> None:
        right = torch.zeros(())
        for rows in torch.split(VALID + torch.randperm(len(X) - VALID), BATCH):
            scores = model(X[rows])
            loss = loss_of(scores, y[rows])
            update.zero_grad()
            loss.backward()
            update.step()
            right += (scores.argmax(1) == y[rows]).sum()
        with torch.no_grad():
            for rows in torch.split(torch.arange(VALID), BATCH):
                loss_of(model(X[rows]), y[rows])

    return [_timed(epoch) for _ in range(EPOCHS)]


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
    "pytorch": Trainer(_train_torch, ("torch",)),
    "torch.compile": Trainer(partial(_train_torch, compiled=True), ("torch",)),
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


def _one_loading(name: str, folder: str, empty: str = "") -> dict[str, Any]:
    """Load with the cache in ``folder``, or in an empty one."""
    with tempfile.TemporaryDirectory() as nothing:
        paths.CACHE = Path(nothing if empty else folder)
        if not empty:
            datasets.load(name)
        seconds = _timed(lambda: datasets.load(name).load_data())
    return {"seconds": seconds, "peak_mb": _peak_mb()}


def plain_files(name: str, folder: Path) -> list[Any]:
    """Return a reader's name, and files in ``folder`` that hold the dataset for it."""
    dataset = datasets.load(name)
    (X_train, y_train), (X_test, y_test) = dataset.load_data()
    tables = CATALOGUE[name].csv_parts
    if tables or y_test is None:
        return ["pandas.read_csv", *map(dataset.csv, tables)]
    path = folder / "plain.npz"
    np.savez_compressed(path, x_train=X_train, y_train=y_train, x_test=X_test, y_test=y_test)
    return ["numpy.load", path]


def _one_reading(reader: str, *files: str) -> dict[str, Any]:
    def read() -> None:
        for file in files:
            if reader == "numpy.load":
                with np.load(file) as arrays:
                    dict(arrays)
            else:
                importlib.import_module("pandas").read_csv(file)

    importlib.import_module("pandas" if "pandas" in reader else "numpy")
    return {"seconds": _timed(read), "peak_mb": _peak_mb()}


def _one_export() -> dict[str, Any]:
    from workbook_staff.notebooks.execute import stored
    from workbook_staff.pages import export

    exporter = export.Exporter()
    notebooks = paths.listed(paths.NOTEBOOKS, "*.ipynb")
    return {"seconds": _timed(lambda: [exporter.page(stored(path), path) for path in notebooks])}


def _taught_recipe(clock: Any) -> None:
    """Train the network that public notebooks on this dataset widely teach."""
    from workbook.backend import keras

    layers = keras.layers
    (X_train, y_train), (X_test, y_test) = datasets.load("sign-language-mnist").load_data()
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((28, 28, 1))])
    model.add(layers.RandomRotation(10 / 360))
    model.add(layers.RandomZoom(0.1))
    model.add(layers.RandomTranslation(0.1, 0.1))
    model.add(layers.RandomFlip("horizontal"))
    for filters, dropout in ((75, 0.0), (50, 0.2), (25, 0.0)):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.Dropout(dropout))
        model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D(2, padding="same"))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(25, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    X_train, X_test = (X[..., np.newaxis].astype("float32") / 255 for X in (X_train, X_test))
    clock.test = X_test, y_test
    rows = slice(None, None, 8 if QUICK else 1)
    epochs = 1 if QUICK else 20
    model.fit(
        X_train[rows], y_train[rows], batch_size=32, epochs=epochs, callbacks=[clock], verbose=0
    )


def _notebook_recipe(clock: Any) -> None:
    """Train as notebook 04 does, by its own cells up to the end of its first training."""
    from workbook.training import Sequential

    space: dict[str, Any] = {}
    fit: Callable = Sequential.fit

    def watched(model: Any, *arguments: Any, callbacks: Any = (), **options: Any) -> Any:
        clock.test = space["prepare"](space["X_test"]), space["y_test"]
        return fit(model, *arguments, callbacks=[*callbacks, clock], **options)

    Sequential.fit = watched  # type: ignore
    notebook = json.loads((paths.NOTEBOOKS / "04_asl_cnn.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and not clock.epochs:
            exec("".join(cell["source"]), space)


RECIPES: dict[str, Callable[[Any], None]] = {
    "the widely taught recipe": _taught_recipe,
    "notebook 04": _notebook_recipe,
}


def _one_sign_language(name: str) -> dict[str, Any]:
    from workbook.backend import keras

    class Clock(keras.callbacks.Callback):
        """Measures test accuracy after each epoch, with the clock stopped meanwhile."""

        def __init__(self) -> None:
            super().__init__()
            self.epochs: list[tuple[float, float]] = []
            self.seconds = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds += time.perf_counter() - self.began
            X_test, y_test = self.test
            predicted = self.model.predict(X_test, batch_size=256, verbose=0).argmax(axis=1)
            self.epochs.append((self.seconds, float(np.mean(predicted == y_test))))
            print(f"{name}: {self.epochs[-1]}", file=sys.stderr, flush=True)

    clock = Clock()
    RECIPES[name](clock)
    return {"epochs": clock.epochs, "peak_mb": _peak_mb()}


def _one_grading(count: str, *notebooks: str) -> dict[str, Any]:
    from tests.bench import grading

    return grading.measure(int(count), notebooks)


def _one_live(name: str) -> dict[str, Any]:
    from tests.bench import live

    return live.measure([paths.DATA / "models" / name])[0]


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": _one_training,
    "load": _one_loading,
    "read": _one_reading,
    "export": _one_export,
    "live": _one_live,
    "grade": _one_grading,
    "sign_language": _one_sign_language,
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
