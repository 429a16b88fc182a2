"""Print the pages in the reports folder to PDF, with a Chromium that is on the machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workbook import paths
from workbook.errors import BrowserError

_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge"]

_PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
]

ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""Keeps a browser that only prints from talking to its maker."""

_PRINTING = [
    "--headless",
    "--no-sandbox",  # which has no place in containers, nor for root; the pages load nothing
    "--disable-dev-shm-usage",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
]


def chromium() -> str | None:
    """Return the Chromium, Chrome or Edge of this machine, None where there is none."""
    places = (os.path.expandvars(place) for place in _PLACES)
    return next(filter(None, map(shutil.which, [*_NAMES, *places])), None)


def write(folder: Path | None = None) -> Iterator[Path]:
    """Write a PDF beside each page in ``folder`` (default: ``reports/``); yield each when written.

    Raises:
        BrowserError: There is no browser, or no page; or the browser does not start or print.
    """
    folder = (folder or paths.REPORTS).resolve()
    browser = chromium()
    if browser is None:
        raise BrowserError(
            f"no Chromium, Chrome or Edge was found (looked for {', '.join(_NAMES)}): install "
            "one, or open the pages in any browser and print them"
        )
    pages = [p for p in paths.listed(folder, "*.html") if p.name != "index.html"]
    if not pages:
        raise BrowserError(f"{folder} holds no pages: make them with python -m workbook reports")
    for path in pages:
        with (
            paths.writing(path.with_suffix(".pdf")) as partial,
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        ):
            # In a profile of its own: a browser that is open already would take the order, and end.
            command = [browser, *ARGUMENTS, *_PRINTING, f"--user-data-dir={profile}"]
            command += [f"--print-to-pdf={partial}", path.as_uri()]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
            if not partial.exists():
                said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
                raise BrowserError(
                    f"{browser} cannot print {path.name} ({said[-300:]}): install another "
                    "browser, or open the pages in any browser and print them"
                )
        yield path.with_suffix(".pdf")
