"""A loaded dataset: its arrays, its class names, where it came from; practice data in its stead."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from workbook import notice
from workbook.datasets import cache, photographs, sources
from workbook.datasets.catalogue import PEOPLE, PHOTOGRAPHS, Spec, find_spec
from workbook.datasets.decode import Arrays
from workbook.errors import DataError

import numpy as np

Split = tuple[np.ndarray, np.ndarray]


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
    _skipped: dict[str, str] = field(compare=False)

    def positions(self, labels: np.ndarray) -> np.ndarray:
        """Return labels as positions in ``class_names``, for a network with an output for each.

        Where the labels leave no number out they are the same.
        """
        return np.searchsorted(self.label_values, labels)

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

    def csv(self, name: str) -> Path:
        """Return a CSV file of this dataset, such as ``train.csv``, on disk for pandas to read.

        It is written from the images and labels, with the publisher's header and rows.

        Raises:
            DataError: The dataset has no such file, or the disk cannot be written.
        """
        return cache.csv_file(find_spec(self.name), name, self._arrays)

    def __repr__(self) -> str:
        """Return what the dataset is and where it came from, as a small table."""
        n_train, n_test = len(self._arrays["X_train"]), len(self._arrays["X_test"])
        if self.practice:
            state = "no: PRACTICE DATA, drawn by the workbook"
        elif self.name in PHOTOGRAPHS:
            state = "names and folders only: the publisher gives no digest"
            state += f" ({len(self._skipped):,} files skipped)" if self._skipped else ""
        elif self.verified and not find_spec(self.name).sha256:
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


def load(name: str) -> Dataset:
    """Load a dataset from the first source that has it.

    In order: files placed under ``WORKBOOK_DATA_DIR`` or ``data/``; Keras or Kaggle; practice
    data, which is announced. ``WORKBOOK_DATA`` (auto, real, practice) chooses.

    Raises:
        DataError: There is no such dataset; or it cannot be had, and real data was asked for or
            there are no practice drawings of it.
    """
    spec = find_spec(name)
    sys.audit("workbook.datasets", spec.name)  # heard where a run is recorded
    if spec.name in PEOPLE:
        raise DataError(
            "datasets.load",
            f"{spec.title} has no images to train on",
            "",
            f"Its photographs are loaded by datasets.load_people({name!r}, signs)",
        )
    find = photographs.load if spec.name in PHOTOGRAPHS else sources.load
    found, reason = find(spec)
    loaded = found or _drawn(spec, reason)
    if found:
        notice.PRACTICE.pop(spec.name, None)
    if found and not found.verified and spec.name not in PHOTOGRAPHS:
        print(
            f"NOT VERIFIED: this data ({loaded.source}) has the form of {spec.title}, but its "
            f"images or labels are not the published ones. To get those: {spec.how_to_get}."
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
        _skipped=loaded.skipped,
    )


def _drawn(spec: Spec, reason: str) -> cache.Loaded:
    """Return practice data, announced, and marked in figures from now on.

    Raises:
        DataError: There are no drawings of this dataset.
    """
    from workbook import practice

    if spec.name not in practice.NAMES:
        raise DataError(
            spec.title,
            f"no practice drawings of it, which would be used here ({reason})",
            "",
            f"To get the real images: {spec.how_to_get}; then run this again",
        )
    notice.PRACTICE[spec.name] = spec.title
    print(
        f"PRACTICE DATA: these are drawings made by the workbook, not {spec.title}.\n"
        f"Why: {reason}.\n"
        f"To get the real images: {spec.how_to_get}; then run this again."
    )
    return sources.practice(spec)
