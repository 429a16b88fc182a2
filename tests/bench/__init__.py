"""Times the workbook against the alternatives: ``python -m tests.bench``.

Every measurement is a process of its own, so that its peak memory is its own; the alternatives
take turns, so that a busy machine disturbs them alike. Compare the ratios within one table:
seconds differ from machine to machine.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from tests.bench import measurements
from workbook import QUICK, paths

ROUNDS = 1 if QUICK else 3
OPTIMIZERS = ("sgd", "adam")
HAND_INS = 20 if QUICK else 100

Row = dict[str, Any]


def main(chosen: Sequence[str] = ()) -> int:
    """Measure, print the tables, write all to ``reports/bench.json``.

    Of the tables only those that are ``chosen``, if any: the file keeps what it has of others.
    Returns 0, or 1 where a measurement failed: the tables before it are kept.

    Raises:
        DataError: Real data was asked for and cannot be had.
    """
    file = paths.REPORTS / "bench.json"
    found: dict[str, Any] = {}
    if chosen and file.exists():
        found = json.loads(file.read_text(encoding="utf-8"))
    tables = _tables()
    for name in chosen:
        if name not in tables:
            there = ", ".join(tables)
            print(f"FAILED: no table is called {name!r}; there are {there}", file=sys.stderr)
            return 1
    for name in chosen or tables:
        measure, columns = tables[name]
        try:
            found[name] = measure()
        except subprocess.CalledProcessError as error:
            what = " ".join(error.cmd[3:])
            print(
                f"FAILED: the measurement {what!r} ended with exit code {error.returncode}; what "
                "it said is above",
                file=sys.stderr,
            )
            return 1
        _print(name, found[name], columns)
        paths.REPORTS.mkdir(parents=True, exist_ok=True)
        with paths.writing(file) as path:
            path.write_text(json.dumps(found, indent=1))
    return 0


def _tables() -> dict[str, tuple[Callable[[], list[Row]], tuple[str, ...]]]:
    """Return how each table is measured, and what it shows."""
    return {
        "training": (
            _training,
            ("seconds", "first", "peak_mb", "times_workbook", "times_bound"),
        ),
        "in the page": (_in_the_page, ("float32", "int8", "predictions_per_second")),
        "grading": (_grading, ("seconds", "cpu_each", "peak_mb", "as_made")),
    }


def _training() -> list[Row]:
    """Time an epoch of 784-200-100-10, batches of 32, validation included; the first apart."""
    trainers = []
    for name, trainer in measurements.TRAINERS.items():
        missing = [module for module in trainer.needs if not importlib.util.find_spec(module)]
        if missing:
            print(f"{' and '.join(missing)} not installed here: {name} is not measured.")
        else:
            trainers.append(name)
    runs: dict[tuple[str, str], list[Row]] = {}
    bounds = []
    for _ in range(ROUNDS):
        bounds.append(measurements.bound())
        for optimizer in OPTIMIZERS:
            for name in trainers:
                runs.setdefault((name, optimizer), []).append(_measure("train", name, optimizer))
    rows: list[Row] = [
        {
            "what": f"{name}, {optimizer}",
            "seconds": median(second for result in results for second in result["seconds"]),
            **_medians(results, "first", "peak_mb", "practice"),
        }
        for (name, optimizer), results in runs.items()
    ]
    ours = {row["what"]: row["seconds"] for row in rows}
    for row in rows:
        optimizer = row["what"].rpartition(", ")[2]
        row["times_workbook"] = row["seconds"] / ours[f"workbook, {optimizer}"]
        row["times_bound"] = row["seconds"] / median(bounds)
    return [*rows, {"what": "bound: the matrix products alone", "seconds": median(bounds)}]


def _in_the_page() -> list[Row]:
    """Let Chromium predict with the saved models that run in a page; what 8-bit weights cost."""
    # Imported here: a measurement's process, which imports this file, does without.
    from tests.bench import live
    from workbook_staff import pdf

    names = [path.name for path in live.saved()]
    if not names or not pdf.chromium():
        missing = "Chromium is not installed" if names else "notebooks 01, 03 and 04 saved no model"
        print(f"{missing}, so what runs in the page is not measured.")
        return []
    return [{"what": Path(name).stem, **_measure("live", name)} for name in names]


def _is_kept(one: Any) -> bool:
    """Whether the run of a course's notebook need not be made, since it is stored."""
    from workbook_staff.grading import course
    from workbook_staff.notebooks.reading import read

    notebook = course._with_snapshots(read(one.path), one)
    return course._cache().find(one.path, notebook)[0] is not None


def _grading() -> list[Row]:
    """Grade made hand-ins of the notebooks whose runs are kept; then once more, with one new one.

    Beside it what executing them would take: at least the training, as each notebook's stored
    results have it. Exercises whose answers train are left open. ``as_made`` is the share of
    answers that were graded as they were made: all, but for slips that are none after a quick
    training, as to take the last epoch for the best one.
    """
    # Imported here: a measurement's process, which imports this file, does without.
    from workbook_staff.grading import course
    from workbook_staff.grading.sandbox import parent

    if why := parent.missing():
        print(f"{why}, so grading is not measured.")
        return []
    from tests.bench import grading

    asked = course.courses()
    kept = [one for one in asked if _is_kept(one)]
    if not kept:
        print("no run of the course's own is kept (make grade keeps it): grading is not measured.")
        return []
    if left_out := [one.notebook for one in asked if one not in kept]:
        print(f"not among the hand-ins, since no run of it is kept: {', '.join(left_out)}")
    found = _measure("grade", str(HAND_INS), *(one.notebook for one in kept))
    trained = mean(grading.stored_seconds(one.path) for one in kept)
    return [
        {"what": f"{HAND_INS} hand-ins", **found["first"], "practice": found["practice"]},
        {"what": "the same and one more", **found["again"]},
        {"what": "executed: training alone, as stored", "seconds": HAND_INS * trained},
    ]


def _medians(results: list[Row], *keys: str) -> Row:
    """Return the medians of what several runs found under ``keys``; None where none knew.

    (Windows does not tell the peak memory.) The notice of practice data is no number: it stays
    where any run has it.
    """
    row: Row = {}
    for key in keys:
        known = [result[key] for result in results if result[key] is not None]
        row[key] = (known[0] if key == "practice" else median(known)) if known else None
    return row


def _measure(*arguments: str) -> Row:
    """Run one measurement in a process of its own and return what it found."""
    child = "from tests.bench import measurements; measurements.main()"
    command = [sys.executable, "-c", child, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=paths.ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def _print(name: str, rows: list[Row], columns: tuple[str, ...]) -> None:
    print(f"\n{name}{'':{40 - len(name)}}" + "".join(f" {column:>17}" for column in columns))
    for row in rows:
        values = (row.get(column) for column in columns)
        cells = "".join(f"{'' if value is None else f'{value:.3f}':>18}" for value in values)
        print(f"{row['what']:40}{cells}", flush=True)
    for notice in dict.fromkeys(row["practice"] for row in rows if row.get("practice")):
        print(f"measured on {notice}", flush=True)
