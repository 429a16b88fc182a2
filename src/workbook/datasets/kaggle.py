"""What Kaggle is asked for: a public dataset with no account, a competition's files with one.

The request is that of Kaggle's own client, which would take its account from wherever it looks.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

from workbook.datasets.catalogue import Spec
from workbook.datasets.files import refuse_non_data, unreadable
from workbook.datasets.network import UnreachableError
from workbook.errors import DataError
from workbook.paths import in_home, shown

_NEW_TOKEN = (
    "Make a new API token at https://www.kaggle.com/settings "
    "and put it where that page says, or remove the old one"
)


def request(spec: Spec) -> dict[str, Any]:
    """Return the arguments of `network.fetch` that download a dataset's zip.

    Raises:
        UnreachableError: It needs an account, and none is set up here.
        DataError: It needs an account, and what is set up here cannot be one.
    """
    refusals = {401: ("it did not accept the token", _NEW_TOKEN)}
    if spec.kaggle_competition:
        header = account()
        if not header:
            text = "needs an account for this competition; none is set up here"
            raise UnreachableError("Kaggle", text)
        headers = {"Authorization": header}
        service = "competitions.CompetitionApiService/DownloadDataFiles"
        body: dict[str, Any] = {"competitionName": spec.kaggle_competition}
        accept = f"Sign in and accept them at {spec.url}/rules"
        refusals[403] = ("the rules of this competition have not been accepted", accept)
    else:
        try:
            account()
        except DataError as fault:
            print(f"Not used: {fault} {spec.title} needs no account, and is asked for with none.")
        headers = {}
        service = "datasets.DatasetApiService/DownloadDataset"
        owner, slug, _, version = spec.kaggle_dataset.split("/")
        body = {"ownerSlug": owner, "datasetSlug": slug, "datasetVersionNumber": int(version)}
    url = f"{spec.kaggle_host.rstrip('/')}/v1/{service}"
    return {"url": url, "host": "Kaggle", "refusals": refusals, "json": body, "headers": headers}


def account() -> str:
    """Return the header that names the account that is set up here, "" where none is.

    Looked at is what Kaggle's client looks at; the first that is sound counts.

    Raises:
        DataError: What is set up cannot be an account.
    """
    token, named = os.environ.get("KAGGLE_API_TOKEN", ""), os.environ.get("KAGGLE_CONFIG_DIR", "")
    user, key = os.environ.get("KAGGLE_USERNAME"), os.environ.get("KAGGLE_KEY")
    if token and not token.strip():
        raise DataError("KAGGLE_API_TOKEN", "blank", "a token", _NEW_TOKEN)
    if token and not _exists(token):
        return f"Bearer {token.strip()}"
    if user and key:
        return _basic(user, key)
    fault = None
    tokens = [token] if token else ["~/.kaggle/access_token", "~/.kaggle/access_token.txt"]
    for name in (*tokens, f"{named or '~/.kaggle'}/kaggle.json"):
        try:
            if file := in_home(name):
                read = _key if name.endswith(".json") else _token
                return read(file, file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            fault = fault or unreadable(Path(error.filename), error)
        except DataError as error:
            fault = fault or error
    if named and not _exists(str(in_home(named))):
        fault = fault or DataError(
            "KAGGLE_CONFIG_DIR", f"no folder {named}", "", "Mend or unset it"
        )
    if fault:
        raise fault
    return ""


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a token is no name that a file can have
        return False


def _basic(user: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def _token(file: Path, data: bytes) -> str:
    refuse_non_data(shown(file), data.strip(), "a token", _NEW_TOKEN)
    if not data.isascii() or len(data.split()) != 1:
        raise DataError(shown(file), "not a token alone", "a token", _NEW_TOKEN)
    return f"Bearer {data.decode().strip()}"


def _key(file: Path, data: bytes) -> str:
    form = '{"username": "…", "key": "…"}'
    refuse_non_data(shown(file), data.strip(), form, _NEW_TOKEN)
    try:
        found = json.loads(data)  # whatever the encoding
    except ValueError:
        raise DataError(shown(file), "not JSON", form, _NEW_TOKEN) from None
    for name in ("username", "key"):
        value = found.get(name) if isinstance(found, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise DataError(shown(file), f"no {name} in it", form, _NEW_TOKEN)
    return _basic(found["username"], found["key"])
