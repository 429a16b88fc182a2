"""Where a dataset comes from, in order: placed files, Keras, Kaggle, a cut of MNIST, practice data.

Each source returns what it loaded, or None where it has nothing to do with the dataset or has
not been given anything, or raises `DataError` with the reason why it could not.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.datasets import cache
from workbook.datasets.cache import Loaded
from workbook.datasets.catalogue import CATALOGUE, Spec
from workbook.datasets.readers import (
    Candidate,
    DataError,
    candidates,
    checked,
    in_home,
    is_dir,
    is_file,
    is_published,
    shown,
)

import numpy as np

MODES = ("auto", "real", "practice")
PROBE_SECONDS = 2.2
"""How long to wait for a host: a dataset asks at most two, and the decision may take five."""
SILENCE_SECONDS = 20.0
"""How long a download may stand still before it is given up."""
CUT_SEED = 42

_LATER = "Try again later, or place the files yourself"
_NEW_TOKEN = (
    "Make a new API token at https://www.kaggle.com/settings "
    "and put it where that page says, or remove the old one"
)
_AGAIN = "Remove it, and it will be downloaded again"

HOST_REFUSALS = {
    401: ("it wants an account", "Place the files yourself"),
    403: ("it refuses", "Place the files yourself"),
    404: ("it has no such file", "Place the files yourself"),
    429: ("it asks for fewer requests", "Wait some minutes, or place the files yourself"),
}
"""What a host means by a status, and what to do about it."""


class UnreachableError(DataError):
    """A host that does not answer: there is no network, or it is shut off."""


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
    """Return what the first source that has it gives; or None, and why practice data is due.

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
    """Return a dataset from the first source of real data, or None; and why the others had none.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and a placed file is not what it should be.
    """
    sources = sources or (placed, keras_cache, keras_download, kaggle, cut)
    reasons = []
    for source in sources:
        try:
            loaded = source(spec)
        except DataError as problem:
            if source is sources[0] and mode() == "real":
                raise
            set_up = source is sources[0] or (source is kaggle and has_credentials())
            if set_up and not isinstance(problem, UnreachableError):
                print(f"Not used: {problem}")  # what the user has set up is not passed over
            reasons.append(problem.reason)
        else:
            if loaded:
                return loaded, reasons
            if source is sources[0]:
                reasons.append(f"no file of it in {_named(paths.placed_dirs())}")
    return None, reasons


def _named(folders: list[Path]) -> str:
    return " or ".join(f"{shown(folder)}/" for folder in folders)


def kept(spec: Spec, slot: str, make: Callable[[], Loaded], origin: object = None) -> Loaded:
    """Return what the cache keeps under a slot; make and keep it where it keeps nothing."""
    loaded = cache.get(spec, slot, origin)
    if loaded is None:
        with cache.lock(spec):
            loaded = cache.get(spec, slot, origin)  # another process may have made it meanwhile
            if loaded is None:
                loaded = make()
                cache.put(spec, slot, loaded, origin)
    return loaded


def _first(spec: Spec, found: list[Candidate], slot: str) -> Loaded | None:
    """Return the first candidate that holds the dataset; raise the first problem if none does."""
    problems = []
    for candidate in found:

        def decode(candidate: Candidate = candidate) -> Loaded:
            arrays, csv = candidate.read()
            return Loaded(arrays, f"from {candidate}", is_published(spec, arrays), csv)

        try:
            return kept(spec, slot, decode, candidate.fingerprint())
        except DataError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    return None


def placed(spec: Spec) -> Loaded | None:
    """Load the files that the user placed under ``WORKBOOK_DATA_DIR`` or ``data/``."""
    found = [c for folder in paths.placed_dirs() for c in candidates(spec, folder)]
    loaded = _first(spec, found, "placed")
    if loaded is None:
        require_data_dir()
    return loaded


def require_data_dir() -> None:
    """Make sure, where nothing was found, that ``WORKBOOK_DATA_DIR`` is not merely mistyped.

    Raises:
        DataError: It names a folder that is not there, or that the user may not look at.
    """
    folders = paths.placed_dirs()
    if len(folders) > 1 and not is_dir(folders[0]):
        found = f"no folder {folders[0]} that you may read"
        raise DataError("WORKBOOK_DATA_DIR", found, "", "Mend or unset it")


def keras_home() -> Path | None:
    """Return the folder in which Keras keeps what it has downloaded; None with no home folder."""
    home = in_home(os.environ.get("KERAS_HOME") or "~/.keras")
    return home / "datasets" if home else None


def keras_cache(spec: Spec) -> Loaded | None:
    """Load what Keras has already downloaded on this machine."""
    home = keras_home()
    if not spec.downloads or home is None:
        return None
    loaded = _first(spec, candidates(spec, home), "keras-cache")
    if loaded and not loaded.verified:
        raise DataError(loaded.source.removeprefix("from "), "not the published images", "", _AGAIN)
    return loaded


def keras_download(spec: Spec) -> Loaded | None:
    """Download the files that `keras.datasets` downloads, checked before they are kept.

    (Keras itself writes them under their final names and checks only one of them.)
    """
    if not spec.downloads:
        return None

    def download(folder: Path) -> None:
        for url in spec.downloads:
            fetch(url, folder / url.rpartition("/")[2])

    return kept(spec, "keras", lambda: _downloaded(spec, spec.downloads[0], download))


@contextmanager
def downloading(spec: Spec, url: str) -> Iterator[Path]:
    """Give an empty folder in the cache to download into; it is removed at the end.

    Raises:
        DataError: The host of ``url`` does not answer, or the folder cannot be written.
    """
    if not reachable(url):
        raise UnreachableError(url.split("/")[2], "could not be reached")
    folder = cache.folder(spec) / "download"
    try:
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise DataError(
            shown(folder),
            f"cannot be written ({error.strerror or error})",
            "",
            "Free some space, or give yourself permission to write there",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _downloaded(spec: Spec, url: str, download: Callable[[Path], None]) -> Loaded:
    """Download into a folder of the cache, and decode what is there."""
    host = url.split("/")[2]
    with downloading(spec, url) as folder:
        download(folder)
        found = candidates(spec, folder)
        if not found:
            raise DataError(host, "sent none of the dataset's files", "", _LATER)
        try:
            arrays, _ = found[0].read()
        except DataError as problem:
            raise DataError(host, f"sent something else ({problem})", "", _LATER) from None
        verified = is_published(spec, arrays)
        if spec.sha256 and not verified:
            raise DataError(host, "sent images that are not the published ones", "", _LATER)
        return Loaded(arrays, f"downloaded from {host}", verified)


def reachable(url: str) -> bool:
    """Return whether the host of a URL answers in time, looking it up included.

    Looking up a name has no timeout of its own, so it is done aside and not waited for.
    """
    import requests

    answered = []

    def ask() -> None:
        try:
            requests.head(url, timeout=PROBE_SECONDS, allow_redirects=False)
            answered.append(True)
        except (requests.RequestException, OSError, ValueError):
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_SECONDS)
    return bool(answered)


def fetch(url: str, path: Path) -> None:
    """Download a file with a progress bar.

    Raises:
        DataError: The host refuses, sends less than it announced, or falls silent.
        OSError: The file cannot be written.
    """
    import requests
    from tqdm.auto import tqdm

    host = url.split("/")[2]
    try:
        with requests.get(url, stream=True, timeout=SILENCE_SECONDS) as response:
            if response.status_code != 200:
                raise _refusal(host, url, response.status_code)
            size = int(response.headers.get("Content-Length", 0))
            with (
                path.open("wb") as file,
                tqdm(total=size or None, unit="B", unit_scale=True, desc=path.name) as progress,
            ):
                for chunk in response.iter_content(1 << 16):
                    file.write(chunk)
                    progress.update(len(chunk))
    except requests.RequestException as error:
        raise DataError(
            host, f"the download of {url} broke off ({type(error).__name__})", "", _LATER
        ) from None


def _refusal(host: str, url: str, status: int) -> DataError:
    why, next_step = HOST_REFUSALS.get(status, ("it failed", _LATER))
    return DataError(host, f"answered {status} for {url}: {why}", "", next_step)


def kaggle(spec: Spec) -> Loaded | None:
    """Download from Kaggle: a public dataset with no account, a competition's data with one."""
    if spec.kaggle_competition and cache.record(spec, "kaggle") is None and not has_credentials():
        raise DataError("Kaggle", "needs an account for this competition; none is set up here")
    if not (spec.kaggle_dataset or spec.kaggle_competition):
        return None
    return kept(
        spec,
        "kaggle",
        lambda: _downloaded(spec, spec.kaggle_host, lambda folder: ask_kaggle(spec, folder)),
    )


def has_credentials() -> bool:
    """Return whether Kaggle's clients would find credentials here; none is read or kept."""
    folder = os.environ.get("KAGGLE_CONFIG_DIR") or "~/.kaggle"
    files = [in_home(f"{folder}/kaggle.json")]
    files += [in_home(f"~/.kaggle/access_token{suffix}") for suffix in ("", ".txt")]
    return (
        bool(os.environ.get("KAGGLE_API_TOKEN"))
        or bool(os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"))
        or any(file is not None and is_file(file) for file in files)
    )


def ask_kaggle(spec: Spec, folder: Path) -> None:
    """Let Kaggle's client download and unpack into a folder.

    The client sets no time limit on a silent host, so it works aside and is watched.

    Raises:
        DataError: It failed, with what to do next; no credential is part of the message.
    """
    import logging

    if in_home("~") is None:  # without one the client cannot even be imported
        raise DataError(
            "Kaggle",
            "its client needs a home folder, and this user has none",
            "",
            "Set HOME to a folder that you may write, or place the files yourself",
        )
    import kagglehub

    logging.getLogger("kagglehub").setLevel(logging.CRITICAL)
    failures: list[BaseException] = []

    def download() -> None:
        try:
            if spec.kaggle_competition:
                kagglehub.competition_download(
                    spec.kaggle_competition, output_dir=str(folder), force_download=True
                )
            else:
                kagglehub.dataset_download(
                    spec.kaggle_dataset, output_dir=str(folder), force_download=True
                )
        except BaseException as failure:  # SystemExit too: it must not end the student's session
            failures.append(failure)

    working = threading.Thread(target=download, daemon=True)
    working.start()
    size, changed = -1, time.monotonic()
    while working.is_alive():
        working.join(0.2)
        if (now := _size(folder)) != size:
            size, changed = now, time.monotonic()
        elif time.monotonic() - changed > SILENCE_SECONDS:
            raise DataError("Kaggle", f"fell silent for {SILENCE_SECONDS:.0f} seconds", "", _LATER)
    if failures:
        raise _kaggle_problem(spec, failures[0])


def _size(folder: Path) -> int:
    """Return the bytes of all files below a folder, without those that are removed meanwhile."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(parent, name).stat().st_size
    return size


def _kaggle_problem(spec: Spec, failure: BaseException) -> Exception:
    import requests
    from kagglehub.exceptions import DataCorruptionError, UnauthenticatedError

    if isinstance(failure, requests.HTTPError) and failure.response is not None:
        status = failure.response.status_code
        failure.response.close()  # the client leaves its socket open
        if status == 403 and spec.kaggle_competition:
            return DataError(
                "Kaggle",
                "answered 403: the rules of this competition have not been accepted",
                "",
                f"Sign in and accept them at {spec.url}/rules",
            )
        if status == 401:
            return DataError("Kaggle", "answered 401: it did not accept the token", "", _NEW_TOKEN)
        return _refusal("Kaggle", spec.url, status)
    if isinstance(failure, UnauthenticatedError):
        return DataError("Kaggle", "found no usable token", "", _NEW_TOKEN)
    if isinstance(failure, DataCorruptionError):
        return DataError("Kaggle", "sent a file without the announced checksum", "", _LATER)
    if isinstance(failure, OSError) and not isinstance(failure, requests.RequestException):
        return failure
    return DataError("Kaggle", f"the download broke off ({type(failure).__name__})", "", _LATER)


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

    return kept(spec, "cut", make)


def practice(spec: Spec) -> Loaded:
    """Return drawings made by the workbook, fewer where the dataset is one of photographs."""
    from workbook import practice as drawings

    def make() -> Loaded:
        drawn = {name: a for name, a in drawings.draw(spec.name).items() if a is not None}
        if spec.name in CATALOGUE:
            drawn = checked(spec, drawn, "practice")
        return Loaded(drawn, "practice data drawn by the workbook", False)

    return kept(spec, "practice", make, drawings.VERSION)
