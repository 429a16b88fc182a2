"""What a notebook promises and what it reached, recorded inside the executed notebook itself.

The record is an output of its own type, so that the page, the index and the README's table are
all made from the same numbers.
"""

import html
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbook import QUICK
from workbook.datasets import Dataset

import numpy as np

MIME_TYPE = "application/vnd.workbook.results+json"


@dataclass(frozen=True)
class Summary:
    """The outcome of one notebook's run.

    ``accuracy`` maps a name ("training", "validation", "test") to a fraction from 0 to 1;
    ``floors`` maps some of these names to the least accuracy that the notebook promises on the
    real data; ``seconds`` is the time that training took.
    """

    dataset: Dataset
    accuracy: Mapping[str, float]
    floors: Mapping[str, float]
    seed: int
    seconds: float

    @property
    def asserted(self) -> bool:
        """Whether this run can hold the promise: a full run on the real data."""
        return _is_full(self.dataset)

    def check(self) -> None:
        """Print each promise and whether it held.

        Raises:
            AssertionError: A full run on the real data stayed below a floor.
        """
        why_not = "a quick run" if QUICK else "practice data"
        for name, floor in self.floors.items():
            promise = f"{name} accuracy of at least {floor:.1%}"
            if not self.asserted:
                print(f"{promise}: not asserted, since this is {why_not}")
                continue
            assert self.accuracy[name] >= floor, (
                f"{promise} was promised, and this run reached {self.accuracy[name]:.2%}. Run the "
                "notebook again from its first cell; if it stays below, undo your last change."
            )
            print(f"{promise}: held")

    def record(self) -> dict[str, Any]:
        """Return the run as plain JSON values."""
        from workbook.backend import keras, tf

        return {
            "dataset": self.dataset.name,
            "title": self.dataset.title,
            "source": self.dataset.source,
            "verified": self.dataset.verified,
            "practice": self.dataset.practice,
            "quick": QUICK,
            "seed": self.seed,
            "device": device(),
            "versions": {
                "python": platform.python_version(),
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "numpy": np.__version__,
            },
            "seconds": round(self.seconds, 1),
            "accuracy": self._rounded(),
            "floors": dict(self.floors),
        }

    def _rounded(self) -> dict[str, float]:
        # What is recorded is shown: the digits of two roundings could differ.
        return {name: round(float(value), 7) for name, value in self.accuracy.items()}

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (name, f"{value:.2%}", f"{self.floors[name]:.1%}" if name in self.floors else "")
            for name, value in self._rounded().items()
        ]

    def _notes(self) -> list[str]:
        notes = [f"Data: {self.dataset.title}, {self.dataset.source}."]
        if self.dataset.practice:
            notes.append(
                "PRACTICE DATA: drawn by the workbook. These numbers say nothing about real images."
            )
        if QUICK:
            notes.append("QUICK RUN: training was cut short (WORKBOOK_QUICK=1).")
        notes.append(f"Training took {self.seconds:.0f} s on {device()}; seed {self.seed}.")
        return notes

    def __repr__(self) -> str:
        """Return the table as text."""
        rows = [("accuracy on", "reached", "promised"), *self._rows()]
        width = max(len(name) for name, _, _ in rows)
        return "\n".join([*(f"{a:<{width}} {b:>8} {c:>9}" for a, b, c in rows), *self._notes()])

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        cells = "".join(
            f'<tr><th scope="row">{html.escape(a)}</th><td>{b}</td><td>{c}</td></tr>'
            for a, b, c in self._rows()
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        table = (
            "<table><caption>What this run reached</caption><thead><tr>"
            '<th scope="col">accuracy on</th><th scope="col">reached</th>'
            f'<th scope="col">promised</th></tr></thead><tbody>{cells}</tbody></table>{notes}'
        )
        return {MIME_TYPE: self.record(), "text/html": table, "text/plain": repr(self)}


def claim(sentence: str, holds: bool, dataset: Dataset) -> None:
    """Assert what a sentence of the notebook's text says of its outputs; print nothing.

    ``sentence`` is that sentence, or a part of it, word for word; ``holds`` says whether this run
    shows the same; ``dataset`` is what was measured on. As floors are, it is asserted in a full run
    on the real data only. It stands in a cell tagged ``claim``, beside its sentence.

    Raises:
        AssertionError: A full run on the real data shows otherwise.
    """
    assert holds or not _is_full(dataset), (
        f"the text says {sentence!r}, and this run shows otherwise. Run the notebook again from "
        "its first cell; if it stays so, correct the sentence, or undo your last change."
    )


def _is_full(dataset: Dataset) -> bool:
    return not (QUICK or dataset.practice)


def device() -> str:
    """Return what TensorFlow computes on here, such as "2 CPU cores" or a GPU's name."""
    from workbook.backend import tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return ", ".join(tf.config.experimental.get_device_details(g)["device_name"] for g in gpus)
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    count = int(threads if threads.isdecimal() else 0) or os.cpu_count()
    return "1 CPU core" if count == 1 else f"{count} CPU cores"
