"""Times training and loading against the alternatives: ``python -m workbook bench``.

Every measurement is a process of its own, so that its peak memory is its own; the alternatives
take turns, so that a busy machine disturbs them alike. Compare the ratios within one table:
seconds differ from machine to machine.
"""

import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from workbook import QUICK, datasets, paths

import numpy as np

UNITS = (784, 200, 100, 10)
BATCH = 32
VALID = 6_000
EPOCHS = 2 if QUICK else 4
ROUNDS = 1 if QUICK else 3
OPTIMIZERS = ("sgd", "adam")


def main() -> int:
    """Measure, print the table, write it to ``reports/bench.json``; return the exit code 0."""
    trainers = [name for name in TRAINERS if name != "pytorch" or importlib.util.find_spec("torch")]
    runs: dict[tuple[str, str], list[dict]] = {}
    bounds = []
    for _ in range(ROUNDS):
        bounds.append(_bound())
        for optimizer in OPTIMIZERS:
            for name in trainers:
                runs.setdefault((name, optimizer), []).append(_measure("train", name, optimizer))
    bound = median(bounds)
    rows: list[dict[str, Any]] = []
    for (name, optimizer), results in runs.items():
        seconds = median(second for result in results for second in result["seconds"])
        rows.append(
            {
                "what": name,
                "optimizer": optimizer,
                "seconds_per_epoch": seconds,
                "first_epoch": median(result["first"] for result in results),
                "peak_mb": max(result["peak_mb"] or 0 for result in results) or None,
                "times_bound": seconds / bound,
            }
        )
    ours = {row["optimizer"]: row for row in rows if row["what"] == "workbook"}
    for row in rows:
        row["times_workbook"] = (
            row["seconds_per_epoch"] / ours[row["optimizer"]]["seconds_per_epoch"]
        )
    loads = [_measure("load", name) for name in datasets.catalogue.CATALOGUE]
    _print(rows, bound, loads)
    paths.REPORTS.mkdir(parents=True, exist_ok=True)
    with paths.writing(paths.REPORTS / "bench.json") as path:
        path.write_text(json.dumps({"bound": bound, "training": rows, "loading": loads}, indent=1))
    return 0


def _print(rows: list[dict[str, Any]], bound: float, loads: list[dict[str, Any]]) -> None:
    print(f"One epoch of {'-'.join(map(str, UNITS))}, batches of {BATCH}, validation included:")
    print(f"{'':10} {'':5} {'seconds':>8} {'first':>8} {'MB':>6} {'/workbook':>10} {'/bound':>7}")
    for row in rows:
        print(
            f"{row['what']:10} {row['optimizer']:5} {row['seconds_per_epoch']:8.2f} "
            f"{row['first_epoch']:8.2f} {row['peak_mb'] or 0:6.0f} "
            f"{row['times_workbook']:10.2f} {row['times_bound']:7.2f}"
        )
    print(f"{'bound':10} {'':5} {bound:8.2f}   the matrix products alone")
    print("Loading a dataset, seconds:")
    for load in loads:
        print(f"{load['name']:20} cold {load['cold']:6.2f}  warm {load['warm']:6.2f}")


def _measure(*arguments: str) -> dict[str, Any]:
    """Run one measurement in a process of its own and return what it found."""
    command = [sys.executable, "-m", "workbook.bench", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _bound() -> float:
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
    rows = np.resize(np.arange(len(images)), 60_000)  # practice data may have fewer
    return images.reshape(-1, 784)[rows].astype(np.float32) / 255, labels[rows]


def _train_keras(optimizer: str, ours: bool) -> list[float]:
    from workbook.backend import keras
    from workbook.training import Sequential

    X, y = _data()
    keras.utils.set_random_seed(1)
    *hidden, last = UNITS[1:]
    model = (Sequential if ours else keras.Sequential)([keras.Input((UNITS[0],))])
    for units in hidden:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(last, activation="softmax"))
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
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


def _train_torch(optimizer: str) -> list[float]:
    torch = importlib.import_module("torch")  # no requirement of the workbook
    X, y = (torch.from_numpy(array) for array in _data())
    y = y.long()
    layers: list[Any] = []
    for n, m in pairwise(UNITS):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    update = kinds[optimizer](model.parameters(), lr=0.01 if optimizer == "sgd" else 0.001)

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


TRAINERS: dict[str, Callable[[str], list[float]]] = {
    "keras": lambda optimizer: _train_keras(optimizer, ours=False),
    "pytorch": _train_torch,
    "workbook": lambda optimizer: _train_keras(optimizer, ours=True),
}


def _peak_mb() -> float | None:
    """Return this process's greatest memory in MB, or None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _one_training(name: str, optimizer: str) -> dict[str, Any]:
    first, *others = TRAINERS[name](optimizer)
    return {"first": first, "seconds": others, "peak_mb": _peak_mb()}


def _one_loading(name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as empty:
        paths.CACHE = Path(empty)
        cold, warm = (_timed(lambda: datasets.load(name).load_data()) for _ in range(2))
    return {"name": name, "cold": cold, "warm": warm}


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": _one_training,
    "load": _one_loading,
}

if __name__ == "__main__":
    print(json.dumps(MEASUREMENTS[sys.argv[1]](*sys.argv[2:])))
