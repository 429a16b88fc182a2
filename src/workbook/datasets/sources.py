"""Where a dataset comes from, in order: placed files, Keras, Kaggle, a cut of MNIST, practice data.

Each source returns what it loaded, or None where it has nothing to do with the dataset or has
not been given anything, or raises `DataError` with the reason why it could not.
"""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from workbook import paths
from workbook.datasets import cache
from workbook.datasets.cache import Loaded
from workbook.datasets.catalogue import CATALOGUE, Spec
from workbook.datasets.readers import (
    Candidate,
    DataError,
    candidates,
    checked,
    is_published,
    shown,
)

import numpy as np

MODES = ("auto", "real", "practice")
PROBE_SECONDS = 2.0
"""How long to wait for a host: a dataset asks at most two, and the decision may take five."""
SILENCE_SECONDS = 20.0
"""How long a download may stand still before it is given up."""
CUT_SEED = 42

HOST_REFUSALS = {
    401: "it did not accept the credentials",
    403: "it refused the request",
    404: "it has no such file",
    429: "it asks for fewer requests: wait some minutes",
}


def mode() -> str:
    """Return what ``WORKBOOK_DATA`` asks for: auto (also if unset), real or practice.

    Raises:
        DataError: It asks for something else.
    """
    asked = os.environ.get("WORKBOOK_DATA", "").strip().lower() or "auto"
    if asked not in MODES:
        raise DataError("WORKBOOK_DATA", repr(asked), " or ".join(MODES))
    return asked


def load(spec: Spec) -> tuple[Loaded, str]:
    """Return a dataset from the first source that has it, and why it is practice data, if it is.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and no source of real data has it.
    """
    if mode() == "practice":
        return practice(spec), "WORKBOOK_DATA=practice asks for it"
    loaded, reasons = real(spec)
    if loaded:
        return loaded, ""
    if mode() == "real":
        raise DataError(
            spec.title,
            f"cannot be had, and WORKBOOK_DATA=real allows no practice data ({'; '.join(reasons)})",
            "",
            f"To get it: {spec.how_to_get}",
        )
    return practice(spec), "; ".join(reasons)


def real(spec: Spec) -> tuple[Loaded | None, list[str]]:
    """Return a dataset from the first source of real data, or None; and why the others had none.

    Raises:
        DataError: ``WORKBOOK_DATA=real``, and a placed file is not what it should be.
    """
    reasons = []
    for source in (placed, keras_cache, keras_download, kaggle, cut):
        try:
            loaded = source(spec)
        except DataError as problem:
            if source is placed and mode() == "real":
                raise
            if source is placed:
                print(f"Not used: {problem}")
            reasons.append(str(problem).rstrip("."))
        else:
            if loaded:
                return loaded, reasons
            if source is placed:
                reasons.append(f"no file of it in {_named(paths.placed_dirs())}")
    return None, reasons


def _named(folders: list[Path]) -> str:
    return " or ".join(f"{shown(folder)}/" for folder in folders)


def _kept(spec: Spec, slot: str, make: Callable[[], Loaded], origin: object = None) -> Loaded:
    """Return what the cache keeps under a slot; make and keep it where it keeps nothing."""
    loaded = cache.get(spec, slot, origin)
    if loaded is None:
        with cache.lock(spec):
            loaded = cache.get(spec, slot, origin)  # another process may have made it meanwhile
            if loaded is None:
                loaded = make()
                cache.put(spec, slot, loaded, origin)
    return loaded


def _first(spec: Spec, found: list[Candidate], slot: str, source: str) -> Loaded | None:
    """Return the first candidate that holds the dataset; raise the first problem if none does."""
    problems = []
    for candidate in found:

        def decode(candidate: Candidate = candidate) -> Loaded:
            arrays, csv = candidate.read()
            return Loaded(arrays, f"{source} {candidate}", is_published(spec, arrays), csv)

        try:
            return _kept(spec, slot, decode, candidate.fingerprint())
        except DataError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    return None


def placed(spec: Spec) -> Loaded | None:
    """Load the files that the user placed under ``WORKBOOK_DATA_DIR`` or ``data/``."""
    found = [c for folder in paths.placed_dirs() for c in candidates(spec, folder)]
    return _first(spec, found, "placed", "from")


def keras_home() -> Path:
    """Return the folder in which Keras keeps the datasets that it has downloaded."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / "datasets"


def keras_cache(spec: Spec) -> Loaded | None:
    """Load what Keras has already downloaded on this machine."""
    if not spec.downloads:
        return None
    return _first(spec, candidates(spec, keras_home()), "keras-cache", "from")


def keras_download(spec: Spec) -> Loaded | None:
    """Download the files that `keras.datasets` downloads, checked before they are kept.

    (Keras itself writes them under their final names and checks only one of them.)
    """
    if not spec.downloads:
        return None

    def download(folder: Path) -> None:
        for url in spec.downloads:
            fetch(url, folder / url.rpartition("/")[2])

    return _kept(
        spec, "keras", lambda: _downloaded(spec, spec.downloads[0], download, "downloaded from")
    )


def _downloaded(spec: Spec, url: str, download: Callable[[Path], None], source: str) -> Loaded:
    """Download into a folder of the cache, decode what is there, and remove it."""
    host = url.split("/")[2]
    if not reachable(url):
        raise DataError(host, "could not be reached")
    folder = cache.folder(spec) / "download"
    try:
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir(parents=True)
        download(folder)
        found = candidates(spec, folder)
        if not found:
            raise DataError(host, "sent none of the dataset's files")
        arrays, _ = found[0].read()
        verified = is_published(spec, arrays)
        if spec.sha256 and not verified:
            raise DataError(host, "sent files whose SHA-256 is not the published one")
        return Loaded(arrays, f"{source} {host}", verified)
    except OSError as error:
        raise DataError(
            shown(folder),
            f"cannot be written ({error.strerror or error})",
            "",
            "Free some space, or give yourself permission to write there",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    from tqdm import tqdm

    host = url.split("/")[2]
    try:
        with requests.get(url, stream=True, timeout=SILENCE_SECONDS) as response:
            if response.status_code != 200:
                raise refusal(host, url, response.status_code)
            size = int(response.headers.get("Content-Length", 0))
            with (
                path.open("wb") as file,
                tqdm(total=size or None, unit="B", unit_scale=True, desc=path.name) as progress,
            ):
                for chunk in response.iter_content(1 << 16):
                    file.write(chunk)
                    progress.update(len(chunk))
            if size and path.stat().st_size != size:
                raise DataError(host, f"sent {path.stat().st_size:,} of {size:,} bytes of {url}")
    except requests.RequestException as error:
        raise DataError(host, f"the download of {url} broke off ({type(error).__name__})") from None


def refusal(host: str, url: str, status: int) -> DataError:
    """Return the error for an HTTP status that is not a success."""
    why = HOST_REFUSALS.get(status, "it failed: try again later")
    return DataError(host, f"answered {status} for {url} ({why})")


def kaggle(spec: Spec) -> Loaded | None:
    """Download from Kaggle: a public dataset with no account, a competition's data with one."""
    if spec.kaggle_competition and cache.record(spec, "kaggle") is None and not has_credentials():
        raise DataError(
            "www.kaggle.com", "needs an account for this competition, and none is set up here"
        )
    if not (spec.kaggle_dataset or spec.kaggle_competition):
        return None
    return _kept(
        spec,
        "kaggle",
        lambda: _downloaded(
            spec, spec.kaggle_host, lambda folder: _ask_kaggle(spec, folder), "downloaded from"
        ),
    )


def has_credentials() -> bool:
    """Return whether Kaggle's clients would find credentials here; none is read or kept."""
    home = Path(os.environ.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle").expanduser()
    return (
        bool(os.environ.get("KAGGLE_API_TOKEN"))
        or bool(os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"))
        or any((home / name).is_file() for name in ("kaggle.json", "access_token"))
    )


def _ask_kaggle(spec: Spec, folder: Path) -> None:
    import logging

    import kagglehub
    import requests
    from kagglehub.exceptions import DataCorruptionError, UnauthenticatedError

    logging.getLogger("kagglehub").setLevel(logging.ERROR)
    host = "www.kaggle.com"
    try:
        if spec.kaggle_competition:
            kagglehub.competition_download(
                spec.kaggle_competition, output_dir=str(folder), force_download=True
            )
        else:
            kagglehub.dataset_download(
                spec.kaggle_dataset, output_dir=str(folder), force_download=True
            )
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status == 403 and spec.kaggle_competition:
            raise DataError(
                host,
                "answered 403: the rules of the competition are not accepted",
                "",
                f"Sign in and accept them at {spec.url}/rules",
            ) from None
        if status == 401:
            raise DataError(
                host,
                "answered 401: it did not accept the credentials found on this machine",
                "",
                "Make a new API token at https://www.kaggle.com/settings",
            ) from None
        raise refusal(host, spec.url, status) from None
    except UnauthenticatedError:
        raise DataError(
            host, "found no usable credentials", "", "See https://www.kaggle.com/settings"
        ) from None
    except DataCorruptionError:
        raise DataError(host, "the download does not have the announced checksum") from None
    except requests.RequestException as error:
        raise DataError(host, f"the download broke off ({type(error).__name__})") from None
    except (ValueError, SystemExit) as error:
        raise DataError(host, f"the download failed ({type(error).__name__})") from None


def cut(spec: Spec) -> Loaded | None:
    """Cut the competition's form (labelled, unlabelled) from real MNIST by a fixed seed."""
    if not spec.cut_from:
        return None
    whole = CATALOGUE[spec.cut_from]
    if (loaded := cache.get(spec, "cut")) is not None:
        return loaded
    mnist, reasons = real(whole)
    if mnist is None or not mnist.verified:
        raise DataError(
            f"cut from {whole.title}", "; ".join(reasons) or "its images are not the published ones"
        )

    def make() -> Loaded:
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

    return _kept(spec, "cut", make)


def practice(spec: Spec) -> Loaded:
    """Return drawings made by the workbook, of the dataset's shapes and labels."""
    from workbook import practice as drawings

    def make() -> Loaded:
        drawn = {name: a for name, a in drawings.draw(spec.name).items() if a is not None}
        return Loaded(
            checked(spec, drawn, "practice"), "practice data drawn by the workbook", False
        )

    return _kept(spec, "practice", make, drawings.VERSION)
