"""Say in words why a host could not be used: its certificate, a proxy, a name, a status."""

import os
import re
import ssl
from collections.abc import Iterator

from workbook.errors import DataError

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
    """A host that does not answer: there is no network, or it is shut off."""


def refusal(host: str, url: str, status: int) -> DataError:
    """Return what to raise for a host's answer of a status other than 200."""
    why, next_step = HOST_REFUSALS.get(status, ("it failed", LATER))
    return DataError(host, f"answered {status} for {url}: {why}", "", next_step)


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
