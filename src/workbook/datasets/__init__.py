"""Load the course's datasets: one call for each, checked, with where the images came from.

>>> digit_mnist = datasets.load("mnist")  # doctest: +SKIP
>>> (X_train_full, y_train_full), (X_test, y_test) = digit_mnist.load_data()  # doctest: +SKIP

From that line to the bytes in five stops:

1. `load` (here) looks the name up in the `catalogue`, where datasets are data, and makes the
   `Dataset` of what it is given.
2. `sources.load` tries one source after another: placed files, Keras, Kaggle, a cut of MNIST;
   where none has it, practice data is drawn.
3. `search.candidates` finds the files in a folder, a placed one or one just downloaded.
4. `sources.kept` asks the `cache` first; otherwise each `Candidate` is read, one process at a time.
5. `readers` turns the bytes into arrays and compares them with what was published.

Aside of it: `photographs` does stops 3 to 5 for folders of JPEGs, `people` for those of which is
known whose hand they show (`load_people`), `kaggle` talks with Kaggle's
client, and `network` says in words what stands between.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook import notice, paths
from workbook.datasets import cache, people, photographs, sources
from workbook.datasets.catalogue import CATALOGUE, PEOPLE, PHOTOGRAPHS, Spec
from workbook.datasets.readers import Arrays, shown
from workbook.datasets.search import OWN, Candidate, candidates
from workbook.errors import DataError

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = [
    "DataError",
    "Dataset",
    "digest",
    "load",
    "load_people",
    "names",
    "practice_notice",
    "table",
]

Split = tuple[np.ndarray, np.ndarray]

load_people = people.load
practice_notice = notice.text


@dataclass(frozen=True, repr=False)
class Dataset:
    """A loaded dataset: its images, its class names, and where it came from.

    ``label_values`` are the labels as they stand in ``y_train``, in the order of ``class_names``.
    ``verified`` tells that every image and label is, byte by byte, the published one.
    ``practice`` tells that the images are drawings made by the workbook.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    label_values: tuple[int, ...]
    source: str
    verified: bool
    practice: bool
    licence: str
    url: str
    _arrays: Arrays = field(compare=False)
    _csv: dict[str, str] = field(compare=False)
    _photographs: photographs.Photographs | None = field(default=None, compare=False)

    def load_data(self) -> tuple[Split, tuple[np.ndarray, np.ndarray | None]]:
        """Return ``(X_train, y_train), (X_test, y_test)``, as Keras' own datasets do.

        Images are uint8 arrays of shape (n, 28, 28), 0 to 255; labels are uint8 of shape (n,).
        Where the test images have no labels ``y_test`` is None. Each call gives new copies.
        """
        copies = {name: array.copy() for name, array in self._arrays.items()}
        return (
            (copies["X_train"], copies["y_train"]),
            (copies["X_test"], copies.get("y_test")),
        )

    def stream(
        self,
        subset: str = "train",
        batch_size: int = 64,
        image_size: tuple[int, int] = (200, 200),
        shuffle: bool = True,
        seed: int | None = None,
    ) -> "tf.data.Dataset":
        """Return batches of colour images and labels, decoded in parallel while they are used.

        Images are uint8 (batch, height, width, 3), from the photographs in full size where the
        dataset has them, else from the small images; labels are uint8 (batch,). ``subset`` is
        "train" or "test"; shuffling takes place over the whole subset, anew in each epoch.

        Raises:
            DataError: There is no such subset, or its images have no labels.
        """
        labelled = [name for name in ("train", "test") if f"y_{name}" in self._arrays]
        if subset not in labelled:
            raise DataError(self.title, f"no labelled subset {subset!r}", " or ".join(labelled))
        images, labels = self._arrays[f"X_{subset}"], self._arrays[f"y_{subset}"]
        if self._photographs:
            images, labels = getattr(self._photographs, subset)
        return photographs.stream(images, labels, batch_size, image_size, shuffle, seed)

    def csv(self, name: str) -> Path:
        """Return a CSV file of this dataset, such as ``train.csv``, on disk for pandas to read.

        The user's own file where one was placed, else one with the same header and rows.

        Raises:
            DataError: The dataset has no such file, or the disk cannot be written.
        """
        if name in self._csv:
            return Path(self._csv[name])
        return cache.csv_file(_spec(self.name), name, self._arrays)

    def __repr__(self) -> str:
        """Return what the dataset is and where it came from, as a small table."""
        n_train, n_test = len(self._arrays["X_train"]), len(self._arrays["X_test"])
        if self.practice:
            state = "no: PRACTICE DATA, drawn by the workbook"
        elif self._photographs:
            skipped = len(self._photographs.skipped)
            state = "names and folders only: the publisher gives no digest"
            state += f" ({skipped:,} files skipped)" if skipped else ""
        elif self.verified and not _spec(self.name).sha256:
            state = "the images and class counts; their order and single labels only Kaggle knows"
        elif self.verified:
            state = "yes, each image and label is the published one"
        else:
            state = "no: right in form, but not the published images"
        unlabelled = "" if "y_test" in self._arrays else " without labels"
        rows = {
            "dataset": self.title,
            "images": f"{n_train:,} for training, {n_test:,} for testing{unlabelled}",
            "classes": f"{len(self.class_names)}: {', '.join(self.class_names)}",
            "source": self.source,
            "verified": state,
            "licence": "MIT, like the workbook" if self.practice else self.licence,
            "home page": self.url,
        }
        return "\n".join(f"{key:<10} {value}" for key, value in rows.items())


def names() -> tuple[str, ...]:
    """Return the names of all datasets, those that `load` takes first."""
    return (*CATALOGUE, *PHOTOGRAPHS, *PEOPLE)


def load(name: str) -> Dataset:
    """Load a dataset from the first source that has it.

    In order: files placed under ``WORKBOOK_DATA_DIR`` or ``data/``; Keras or Kaggle; practice
    data, which is announced. ``WORKBOOK_DATA`` (auto, real, practice) chooses.

    Raises:
        DataError: There is no such dataset; or it cannot be had, and real data was asked for or
            there are no practice drawings of it.
    """
    spec = _spec(name)
    sys.audit("workbook.datasets", spec.name)  # heard where a run is recorded
    if spec.name in PEOPLE:
        raise DataError(
            "datasets.load",
            f"{spec.title} has no images to train on",
            "",
            f"Its photographs are loaded by datasets.load_people({name!r}, signs)",
        )
    frames = None
    if spec.name in PHOTOGRAPHS:
        found, frames, why_practice = photographs.load(spec)
    else:
        found, why_practice = sources.load(spec)
    loaded = found or _drawn(spec, why_practice)
    if found:
        notice.PRACTICE.pop(spec.name, None)
    if found and not found.verified and not frames:
        known = spec.sha256 or spec.images_sha256
        print(
            f"NOT VERIFIED: this data ({loaded.source}) has the form of {spec.title}, but "
            + (
                f"its images or labels are not the published ones. To get those: {spec.how_to_get}."
                if known
                else "the catalogue has no digests to compare it with."
            )
        )
    return Dataset(
        name=spec.name,
        title=spec.title,
        class_names=spec.class_names,
        label_values=spec.label_values,
        source=loaded.source,
        verified=loaded.verified,
        practice=found is None,
        licence=spec.licence,
        url=spec.url,
        _arrays=loaded.arrays,
        _csv={} if frames else loaded.csv,
        _photographs=frames,
    )


def _drawn(spec: Spec, why: str) -> cache.Loaded:
    """Return practice data, announced, and marked in figures from now on.

    Raises:
        DataError: There are no drawings of this dataset.
    """
    from workbook import practice

    if spec.name not in practice.NAMES:
        raise DataError(
            spec.title,
            f"no practice drawings of it, which would be used here ({why})",
            "",
            f"To get the real images: {spec.how_to_get}; then run this again",
        )
    notice.PRACTICE[spec.name] = spec.title
    print(
        f"PRACTICE DATA: these are drawings made by the workbook, not {spec.title}.\n"
        f"Why: {why}.\n"
        f"To get the real images: {spec.how_to_get}; then run this again."
    )
    return sources.practice(spec)


def _spec(name: str) -> Spec:
    if name not in names():
        raise DataError("datasets.load", f"no dataset {name!r}", " or ".join(map(repr, names())))
    return (CATALOGUE | PHOTOGRAPHS | PEOPLE)[name]


def table() -> str:
    """Return what `load` would use, without loading or downloading anything: a text table."""
    rows = [("dataset", "found", "verified", "images", "size", "licence")]
    for spec in CATALOGUE.values():
        megabytes = sum(int(np.prod(shape)) for shape in spec.shapes.values()) / 1e6
        images = f"{spec.n_train:,} + {spec.n_test:,}"
        rows.append((spec.name, *_state(spec), images, f"{megabytes:.0f} MB", spec.licence))
    for size, specs in {"1.1 GB": PHOTOGRAPHS, "30 MB": PEOPLE}.items():
        for spec in specs.values():
            images = f"{spec.n_train:,} + {spec.n_test:,}"
            rows.append((spec.name, *_photographs_state(spec), images, size, spec.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    everything = map(_spec, names())
    hints = [f"  {spec.name}: {spec.how_to_get}" for spec in everything]
    return "\n".join([*lines, "", "How to get them:", *hints])


def digest(name: str) -> str:
    """Return a digest of the data that `load` would find now, "" where none is at hand.

    It is made of what earlier loads recorded of the files, so that no image is read; of files that
    were never loaded, of their sizes and times of change.
    """
    spec = _spec(name)
    if sources.mode() == "practice":
        said: list[Any] = ["practice"]  # drawn by the code alone
    elif spec.name in PHOTOGRAPHS | PEOPLE:
        said = [found for found in [photographs.origin(spec)] if found]
    else:
        said = [
            [kept["arrays"], kept["source"]] if kept else stamp for _, stamp, kept in _at_hand(spec)
        ]
        if spec.cut_from:
            said += filter(None, [digest(spec.cut_from)])
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32] if said else ""


def _at_hand(spec: Spec) -> Iterator[tuple[str, object, dict[str, Any] | None]]:
    """Yield where `load` would find a dataset, first to last: in words, the stamp of its files, and
    what is recorded of them, None where they were not loaded yet.
    """
    for slot, candidate in _candidates(spec):
        if candidate.complete:
            stamp = candidate.fingerprint()
            yield str(candidate), stamp, cache.record(spec, slot, stamp)
    for slot in ("keras", "kaggle", "cut"):
        if kept := cache.record(spec, slot):
            yield f"data/cache, {kept['source']}", None, kept


def _candidates(spec: Spec) -> list[tuple[str, Candidate]]:
    folders = [("placed", folder) for folder in paths.placed_dirs()]
    if spec.downloads and (home := sources.keras_home()):
        folders.append(("keras-cache", home))
    return [(slot, candidate) for slot, f in folders for candidate in candidates(spec, f)]


def _state(spec: Spec) -> tuple[str, str]:
    """Return where `load` would find a dataset, and whether that is known to be right."""
    if sources.mode() == "practice":
        return "practice data (WORKBOOK_DATA=practice)", "no"
    for where, _, kept in _at_hand(spec):
        return where, _verified(kept) if kept else "not yet"
    found = _candidates(spec)
    if found and found[0][1].level == OWN:
        return f"{found[0][1].where}, unusable: load() tells why", "no"
    if spec.cut_from:
        return f"load() cuts it from {CATALOGUE[spec.cut_from].title}", "-"
    if spec.downloads or spec.kaggle_dataset or spec.kaggle_competition:
        return "not here: load() downloads it", "-"
    return "not here: place it yourself", "-"


def _photographs_state(spec: Spec) -> tuple[str, str]:
    if sources.mode() == "practice":
        drawn = spec.name in PHOTOGRAPHS
        return ("practice data" if drawn else "not used") + " (WORKBOOK_DATA=practice)", "no"
    try:
        root = photographs.placed(spec)
    except DataError as problem:
        if problem.sure:
            return f"{problem.where}, unusable: load() tells why", "no"
        root = None
    return (shown(root), "no digest") if root else ("not here: load() downloads it", "-")


def _verified(kept: dict[str, Any]) -> str:
    return "yes" if kept["verified"] else "no"
