"""Download files, or say in words why a host could not be used: its name, a proxy, a status."""

import os
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbook.errors import DataError

PROBE_SECONDS = 2.2
"""How long to wait for a host: a dataset asks at most two, and the decision may take five."""
SILENCE_SECONDS = 20.0
"""How long a download may stand still before it is given up."""

LATER = "Try again later, or place the files yourself"

_PROXY = (
    "the proxy of this network wants a sign-in: set HTTPS_PROXY and HTTP_PROXY to "
    "http://NAME:PASSWORD@HOST:PORT"
)

HOST_REFUSALS = {
    401: ("it wants an account", "Place the files yourself"),
    403: ("it refuses", "Place the files yourself"),
    404: ("it has no such file", "Place the files yourself"),
    407: (_PROXY, "Or place the files yourself"),
    429: ("it asks for fewer requests", "Wait some minutes, or place the files yourself"),
    511: (
        "this network wants a sign-in",
        "Open any page in a browser, sign in there and try again",
    ),
}
"""What a host means by a status, and what to do about it."""


class UnreachableError(DataError):
    """A host that cannot be asked: there is no network or it is shut off, or no account."""


def reachable(url: str) -> None:
    """Make sure that the host of a URL answers in time, looking it up included.

    Looking up a name has no timeout of its own, so it is done aside and not waited for.

    Raises:
        UnreachableError: It does not, with the reason where that is known.
    """
    import requests

    reasons = []
    session = requests.Session()
    # The environment is read here, since it may change while a slow host is asked.
    settings = session.merge_environment_settings(url, {}, None, None, None)
    request = session.prepare_request(requests.Request("HEAD", url))

    def ask() -> None:
        try:
            session.send(request, timeout=PROBE_SECONDS, allow_redirects=False, **settings)
            reasons.append("")
        except (requests.RequestException, OSError, ValueError) as error:
            reasons.append(why(error) or type(error).__name__)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_SECONDS)
    if reasons != [""]:
        reason = reasons[0] if reasons else "no answer in time"
        raise UnreachableError(url.split("/")[2], f"could not be reached ({reason})")


def fetch(
    url: str,
    path: Path,
    host: str = "",
    refusals: Mapping[int, tuple[str, str]] | None = None,
    **options: Any,
) -> None:
    """Download a file with a progress bar; with ``json``, which is sent, by POST.

    ``host`` is what messages call it, ``refusals`` what it means by a status beyond
    `HOST_REFUSALS`; other options are those of ``requests.request``.

    Raises:
        DataError: The host refuses, sends less than it announced, or falls silent.
        OSError: The file cannot be written.
    """
    import requests
    from tqdm.auto import tqdm

    host = host or url.split("/")[2]
    method = "POST" if "json" in options else "GET"
    try:
        with requests.request(
            method, url, stream=True, timeout=SILENCE_SECONDS, **options
        ) as response:
            if (status := response.status_code) != 200:
                known = {**HOST_REFUSALS, **(refusals or {})}
                meaning, next_step = known.get(status, ("it failed", LATER))
                raise DataError(host, f"answered {status} for {url}: {meaning}", "", next_step)
            size = int(response.headers.get("Content-Length", 0))
            with (
                path.open("wb") as file,
                tqdm(total=size or None, unit="B", unit_scale=True, desc=path.name) as progress,
            ):
                for chunk in response.iter_content(1 << 16):
                    file.write(chunk)
                    progress.update(len(chunk))
    except requests.RequestException as error:
        reason = why(error) or type(error).__name__
        raise DataError(host, f"the download of {url} broke off ({reason})", "", LATER) from None


def why(error: BaseException) -> str:
    """Return what lies behind an error of `requests` and what mends it; "" where nobody knows."""
    told = [(each, str(each).lower()) for each in _behind(error)]
    reasons = [e.verify_message for e, _ in told if isinstance(e, ssl.SSLCertVerificationError)]
    if reasons or any("certificate_verify_failed" in text for _, text in told):
        reason = next(filter(None, reasons), "it cannot be verified").rstrip(".")
        return (
            f"its certificate is not trusted on this machine ({reason}); where a school or a "
            "company inspects traffic, ask for its certificate file and set REQUESTS_CA_BUNDLE "
            "to it (for other Python programs, SSL_CERT_FILE)"
        )
    for _, text in told:
        if "tls ca certificate bundle" in text or "certificate file" in text:
            names = [n for n in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(n)]
            return (
                f"{' or '.join(names)} names no certificate file that can be read: mend or unset it"
            )
        if "407" in text and "proxy" in text:
            return _PROXY
    kinds = [type(each).__name__ for each, _ in told]
    if any("Proxy" in kind or kind == "InvalidURL" for kind in kinds):  # ours are valid
        return "the proxy that HTTPS_PROXY or HTTP_PROXY names cannot be used: mend or unset it"
    if any(isinstance(each, ssl.SSLError) for each, _ in told):
        return "no encrypted connection to it; this network may want a sign-in in a browser first"
    if any(re.search("gaierror|NameResolution", kind) for kind in kinds):
        return "its name cannot be looked up; is there a network?"
    if any(isinstance(each, ConnectionResetError) for each, _ in told) or any(
        "closed connection" in text or "connection aborted" in text for _, text in told
    ):
        return "the connection was cut; this network may not allow it"
    if any("Timeout" in kind for kind in kinds):
        return "no answer in time"
    return ""


def _behind(error: BaseException | object) -> Iterator[BaseException]:
    """Give an error and all that it came of; libraries hide causes in arguments too."""
    queue, seen = [error], set()
    while queue:
        each = queue.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            queue += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
