"""Where a dataset comes from, in order: placed files, Keras, Kaggle, a cut of MNIST, practice data.

Each source returns what it loaded, or None where it has nothing to do with the dataset or has
not been given anything, or raises `DataError` with the reason why it could not.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.datasets import cache
from workbook.datasets.cache import Loaded
from workbook.datasets.catalogue import CATALOGUE, Spec
from workbook.datasets.decode import checked, is_published
from workbook.datasets.files import unwritable
from workbook.datasets.kaggle import request
from workbook.datasets.network import LATER, UnreachableError, fetch, reachable
from workbook.datasets.search import Candidate, candidates
from workbook.errors import DataError
from workbook.paths import in_home, shown

import numpy as np

MODES = ("auto", "real", "practice")
CUT_SEED = 42


def mode() -> str:
    """Return what ``WORKBOOK_DATA`` asks for: auto (also if unset), real or practice.

    Raises:
        DataError: It asks for something else.
    """
    asked = os.environ.get("WORKBOOK_DATA", "").strip().lower() or "auto"
    if asked not in MODES:
        raise DataError("WORKBOOK_DATA", repr(asked), " or ".join(MODES))
    return asked


def load(spec: Spec, *sources: Callable[[Spec], Any]) -> tuple[Any, str]:
    """Return the dataset of the first source that has it; or None, and the reasons of all.

    ``sources`` are those of `real` if none are given; the first is that of placed files.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and no source of real data has it.
    """
    if mode() == "practice":
        return None, "WORKBOOK_DATA=practice asks for it"
    loaded, reasons = real(spec, *sources)
    if loaded is None and mode() == "real":
        raise DataError(
            spec.title,
            f"cannot be had, and WORKBOOK_DATA=real allows no practice data ({'; '.join(reasons)})",
            "",
            f"To get it: {spec.how_to_get}",
        )
    return loaded, "; ".join(reasons)


def real(spec: Spec, *sources: Callable[[Spec], Any]) -> tuple[Any, list[str]]:
    """Return a dataset from the first source of real data, or None; and the others' reasons.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and a placed file is not what it should be.
    """
    sources = sources or (placed, keras_download, kaggle, cut)
    reasons = []
    for source in sources:
        try:
            loaded = source(spec)
        except DataError as problem:
            if source is sources[0] and mode() == "real":
                raise
            if source in (sources[0], kaggle) and not isinstance(problem, UnreachableError):
                print(f"Not used: {problem}")  # what the user has set up is not passed over
            reasons.append(problem.reason)
            continue
        if loaded:
            return loaded, reasons
        if source is sources[0]:
            reasons.append(f"no file of it in {_named(paths.placed_dirs())}")
    return None, reasons


def _named(folders: list[Path]) -> str:
    return " or ".join(f"{shown(folder)}/" for folder in folders)


def _first(spec: Spec, found: list[Candidate]) -> tuple[Loaded | None, list[Candidate]]:
    """Return the first candidate that holds the dataset, or None and all with their problems."""
    for candidate in found:

        def decode(candidate: Candidate = candidate) -> Loaded:
            arrays = candidate.read()
            verified = is_published(spec, arrays)
            if not candidate.own and not verified:
                raise DataError(
                    candidate,
                    f"of the form of {spec.title}, but not the published images",
                    "",
                    f"To use it, name its folder {spec.folders[0]}",
                )
            return Loaded(arrays, f"from {candidate}", verified)

        try:
            return cache.get_or_make(spec, "placed", decode, candidate.fingerprint()), []
        except DataError as error:
            candidate.problem = error
    return None, found


def tell_problems(problems: list[Candidate]) -> None:
    """Raise the first problem with files that were placed for the dataset; print other ones.

    Raises:
        DataError: Files are the dataset's own by their names, and cannot be used.
    """
    first = next((one.problem for one in problems if one.own), None)
    for one in [one for one in problems if one.problem is not first][:3]:
        print(f"Not used: {one.problem}")
    if first:
        raise first


def placed(spec: Spec) -> Loaded | None:
    """Load the files that the user placed, or that Keras downloaded on this machine."""
    found = at_hand(spec)
    loaded, problems = _first(spec, found)
    tell_problems(problems)
    if loaded is None and not problems:
        require_data_dir()
    return loaded


def at_hand(spec: Spec) -> list[Candidate]:
    """Return where the dataset may be on this machine, first to last.

    That is under ``WORKBOOK_DATA_DIR``, ``data/`` and, if it is what was published, Keras' folder.
    """
    found = [each for folder in paths.placed_dirs() for each in candidates(spec, folder)]
    home = in_home(os.environ.get("KERAS_HOME") or "~/.keras") if spec.downloads else None
    by_keras = candidates(spec, home / "datasets") if home else []
    return [*found, *(replace(each, own=False) for each in by_keras)]


def require_data_dir() -> None:
    """Make sure, where nothing was found, that ``WORKBOOK_DATA_DIR`` is not merely mistyped.

    Raises:
        DataError: It names a folder that is not there, or that the user may not look at.
    """
    folders = paths.placed_dirs()
    if len(folders) > 1 and not _is_dir(folders[0]):
        found = f"no folder {folders[0]} that you may read"
        raise DataError("WORKBOOK_DATA_DIR", found, "", "Mend or unset it")


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def keras_download(spec: Spec) -> Loaded | None:
    """Download the files that `keras.datasets` downloads, checked before they are kept.

    (Keras itself writes them under their final names and checks only one of them.)
    """
    if not spec.downloads:
        return None

    def download(folder: Path) -> None:
        for url in spec.downloads:
            fetch(url, folder / url.rpartition("/")[2])

    return cache.get_or_make(spec, "keras", lambda: _downloaded(spec, spec.downloads[0], download))


@contextmanager
def downloading(spec: Spec, url: str) -> Iterator[Path]:
    """Give an empty folder in the cache to download into; it is removed at the end.

    Raises:
        DataError: The host of ``url`` does not answer, or the folder cannot be written.
    """
    reachable(url)
    folder = cache.folder(spec) / "download"
    try:
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise unwritable(folder, error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _downloaded(spec: Spec, url: str, download: Callable[[Path], None]) -> Loaded:
    """Download into a folder of the cache, and decode what is there."""
    host = url.split("/")[2]
    with downloading(spec, url) as folder:
        download(folder)
        found = candidates(spec, folder)
        if not found:
            raise DataError(host, "sent none of the dataset's files", "", LATER)
        try:
            arrays = found[0].read()
        except DataError as problem:
            raise DataError(host, f"sent something else ({problem})", "", LATER) from None
        verified = is_published(spec, arrays)
        if spec.sha256 and not verified:
            raise DataError(host, "sent images that are not the published ones", "", LATER)
        return Loaded(arrays, f"downloaded from {host}", verified)


def kaggle(spec: Spec) -> Loaded | None:
    """Download from Kaggle: a public dataset with no account, a competition's data with one."""
    if not (spec.kaggle_dataset or spec.kaggle_competition):
        return None

    def make() -> Loaded:
        asked = request(spec)
        return _downloaded(
            spec, asked["url"], lambda folder: fetch(path=folder / "archive.zip", **asked)
        )

    return cache.get_or_make(spec, "kaggle", make)


def cut(spec: Spec) -> Loaded | None:
    """Cut the competition's form (labelled, unlabelled) from real MNIST by a fixed seed."""
    if not spec.cut_from:
        return None
    whole = CATALOGUE[spec.cut_from]

    def make() -> Loaded:
        mnist, reasons = real(whole)
        if mnist is None or not mnist.verified:
            why = "; ".join(reasons) or "its images are not the published ones"
            raise DataError(f"cut from {whole.title}", why)
        X = np.concatenate([mnist.arrays["X_train"], mnist.arrays["X_test"]])
        y = np.concatenate([mnist.arrays["y_train"], mnist.arrays["y_test"]])
        rng = np.random.default_rng(CUT_SEED)
        order = rng.permutation(len(y))
        chosen = [
            order[y[order] == label][:count] for label, count in enumerate(spec.train_class_counts)
        ]
        train = rng.permutation(np.concatenate(chosen))
        rest = np.setdiff1d(order, train)
        test = rng.permutation(rest)
        arrays = checked(
            spec, {"X_train": X[train], "y_train": y[train], "X_test": X[test]}, spec.title
        )
        return Loaded(
            arrays,
            f"cut from {whole.title} ({mnist.source}) with Kaggle's class counts: "
            "not Kaggle's own split",
            is_published(spec, arrays),
        )

    return cache.get_or_make(spec, "cut", make)


def practice(spec: Spec) -> Loaded:
    """Return drawings made by the workbook."""
    from workbook import practice as drawings

    def make() -> Loaded:
        drawn = {name: a for name, a in drawings.draw(spec.name).items() if a is not None}
        arrays = checked(spec, drawn, "practice")
        return Loaded(arrays, "practice data drawn by the workbook", False)

    return cache.get_or_make(spec, "practice", make, drawings.VERSION)
