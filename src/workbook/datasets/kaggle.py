"""Ask Kaggle's own client for a dataset, with the account that is set up here or with none."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from workbook.datasets.catalogue import Spec
from workbook.datasets.files import refuse_non_data, unreadable
from workbook.datasets.network import LATER, refusal, why
from workbook.errors import DataError
from workbook.paths import in_home, shown

_NEW_TOKEN = (
    "Make a new API token at https://www.kaggle.com/settings "
    "and put it where that page says, or remove the old one"
)


class RejectedError(DataError):
    """An account that Kaggle does not accept."""


def has_credentials() -> bool:
    """Return whether an account is set up here, be it rightly or not."""
    return account()[0]


def account() -> tuple[bool, DataError | None]:
    """Return whether an account is set up here, and what is wrong with it; none of it is kept.

    Looked at is what Kaggle's client looks at, in its order; the first that is sound counts.
    """
    token = os.environ.get("KAGGLE_API_TOKEN", "")
    if token and not token.strip():
        return True, DataError("KAGGLE_API_TOKEN", "blank", "a token", _NEW_TOKEN)
    token_files = ["~/.kaggle/access_token", "~/.kaggle/access_token.txt"]
    if token:
        if not _exists(token):
            return True, None
        token_files = [token]
    fault = None
    checks: list[Callable[[], bool]] = [partial(_has_token, file) for file in token_files]
    for check in (*checks, _has_key):
        try:
            if check():
                return True, None
        except DataError as error:
            fault = fault or error
    return fault is not None, fault


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a token is no name that a file can have
        return False


def _has_token(path: str) -> bool:
    """Return whether there is a file with a token.

    Raises:
        DataError: It holds something else, or cannot be read.
    """
    file = in_home(path)
    data = _content(file)
    if file is None or data is None:
        return False
    refuse_non_data(shown(file), data.strip(), "a token", _NEW_TOKEN)
    if not data.isascii() or len(data.split()) != 1:
        raise DataError(shown(file), "not a token alone", "a token", _NEW_TOKEN)
    return True


def _has_key() -> bool:
    """Return whether there is a user's name with a key, in the environment or in kaggle.json.

    Raises:
        DataError: The file holds something else or cannot be read, or its folder is not there.
    """
    if os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"):
        return True
    named = os.environ.get("KAGGLE_CONFIG_DIR", "")
    folder = in_home(named or "~/.kaggle")
    file = folder / "kaggle.json" if folder else None
    data = _content(file)
    if file is not None and data is not None:
        _check_key(file, data)
        return True
    if named and not (folder and folder.is_dir()):
        raise DataError("KAGGLE_CONFIG_DIR", f"no folder {named}", "", "Mend or unset it")
    return False


def _content(file: Path | None) -> bytes | None:
    """Return what is in a file; None where there is no file."""
    try:
        return file.read_bytes() if file else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(Path(error.filename), error) from None


def _check_key(file: Path, data: bytes) -> None:
    form = '{"username": "…", "key": "…"}'
    refuse_non_data(shown(file), data.strip(), form, _NEW_TOKEN)
    try:
        found = json.loads(data.decode())
    except ValueError:
        marked = data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
        text = "a byte order mark, which Kaggle's client does not read" if marked else "not JSON"
        raise DataError(shown(file), text, form, _NEW_TOKEN) from None
    if not isinstance(found, dict):
        text = f"JSON of another kind ({type(found).__name__})"
        raise DataError(shown(file), text, form, _NEW_TOKEN)
    for name in ("username", "key"):
        if not isinstance(found.get(name), str) or not found[name].strip():
            raise DataError(shown(file), f"no {name} in it", form, _NEW_TOKEN)


def require_account() -> None:
    """Make sure that an account is set up, as far as can be told without asking Kaggle.

    Raises:
        DataError: None is set up, or what is set up cannot be one.
    """
    there, fault = account()
    if fault:
        raise fault
    if not there:
        raise DataError("Kaggle", "needs an account for this competition; none is set up here")


def ask(spec: Spec, folder: Path, patience: float) -> None:
    """Let Kaggle's client download and unpack into a folder.

    The client sets no time limit on a silent host, so it works aside and is watched; after
    ``patience`` seconds without a byte it is given up.

    Raises:
        DataError: It failed, with what to do next; no credential is part of the message.
    """
    if in_home("~") is None:  # without one the client cannot even be imported
        raise DataError(
            "Kaggle",
            "its client needs a home folder, and this user has none",
            "",
            "Set HOME to a folder that you may write, or place the files yourself",
        )
    there, fault = account()
    if not fault:
        try:
            return _watched(spec, folder, patience, anonymous=False)
        except RejectedError as rejected:
            if spec.kaggle_competition or not there:
                raise
            fault = rejected
    print(f"Not used: {fault} {spec.title} needs no account and is asked for without one.")
    _watched(spec, folder, patience, anonymous=True)


def _watched(spec: Spec, folder: Path, patience: float, anonymous: bool) -> None:
    """Let the client work aside, with the account that is set up or with none."""
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

    # The client looks where the account was looked for here; or, if it is none, nowhere.
    changes: dict[str, str | None] = {
        "KAGGLE_CONFIG_DIR": os.environ.get("KAGGLE_CONFIG_DIR") or str(in_home("~/.kaggle"))
    }
    if anonymous:
        changes = dict.fromkeys(("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"))
        nobody = str(folder / "nobody")
        changes |= dict.fromkeys(("HOME", "USERPROFILE", "KAGGLE_CONFIG_DIR"), nobody)
    with _client_sees(changes):
        working = threading.Thread(target=download, daemon=True)
        working.start()
        size, changed = -1, time.monotonic()
        while working.is_alive():
            working.join(0.2)
            if (now := size_of(folder)) != size:
                size, changed = now, time.monotonic()
            elif time.monotonic() - changed > patience:
                raise DataError("Kaggle", f"fell silent for {patience:.0f} seconds", "", LATER)
    if failures:
        raise _problem(spec, failures[0])


@contextmanager
def _client_sees(changes: dict[str, str | None]) -> Iterator[None]:
    """Change the environment, which is what Kaggle's client asks, for as long as it works."""
    before = {name: os.environ.get(name) for name in changes}
    try:
        _set(changes)
        yield
    finally:
        _set(before)


def _set(changes: dict[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder, without those that are removed meanwhile."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(parent, name).stat().st_size
    return size


def _problem(spec: Spec, failure: BaseException) -> Exception:
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
            return RejectedError(
                "Kaggle", "answered 401: it did not accept the token", "", _NEW_TOKEN
            )
        return refusal("Kaggle", spec.url, status)
    if isinstance(failure, UnauthenticatedError):
        return DataError("Kaggle", "found no usable token", "", _NEW_TOKEN)
    if isinstance(failure, DataCorruptionError):
        return DataError("Kaggle", "sent a file without the announced checksum", "", LATER)
    reason = why(failure)
    if isinstance(failure, OSError) and not (
        reason or isinstance(failure, requests.RequestException)
    ):
        return failure
    detail = f": {reason}" if reason else ""
    broke = f"the download broke off ({type(failure).__name__}){detail}"
    return DataError("Kaggle", broke, "", LATER)
