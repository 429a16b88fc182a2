"""Print the pages in the reports folder to PDF, with a Chromium that is on the machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from workbook import paths
from workbook.errors import BrowserError

from playwright.sync_api import Error, sync_playwright

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


def chromium() -> str | None:
    """Return the Chromium, Chrome or Edge of this machine, None where there is none."""
    places = (os.path.expandvars(place) for place in _PLACES)
    return next(filter(None, map(shutil.which, [*_NAMES, *places])), None)


def driver_fault() -> str | None:
    """Return why Playwright's driver does not start on this machine, None where it does.

    Asked of its own command: from within, Playwright says only that the driver has gone, and the
    driver writes the reason past Python's stderr.
    """
    asked = subprocess.run(
        [sys.executable, "-m", "playwright", "--version"],
        capture_output=True,
        text=True,
        errors="replace",
    )
    if asked.returncode == 0:
        return None
    return (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]


def write(folder: Path | None = None) -> Iterator[Path]:
    """Write a PDF beside each page in ``folder`` (default: ``reports/``); yield each when written.

    Raises:
        FileNotFoundError: There is no browser, or no page.
        BrowserError: Playwright or the browser does not start, or does not print.
    """
    folder = folder or paths.REPORTS
    browser_path = chromium()
    if browser_path is None:
        raise FileNotFoundError(
            f"no Chromium, Chrome or Edge was found (looked for {', '.join(_NAMES)}): install "
            "one, or open the pages in any browser and print them"
        )
    pages = [p for p in paths.listed(folder, "*.html") if p.name != "index.html"]
    if not pages:
        raise FileNotFoundError(
            f"{folder} holds no pages: make them with python -m workbook reports"
        )
    fault = driver_fault()
    if fault is not None:
        raise BrowserError(
            f"Playwright, which prints the pages, does not start ({fault}): install what is "
            "missing there (libatomic.so.1 is in Debian's and Ubuntu's package libatomic1, in "
            "Fedora's libatomic), or open the pages in any browser and print them"
        )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
            page = browser.new_page()
            for path in pages:
                page.goto(path.resolve().as_uri())
                with paths.writing(path.with_suffix(".pdf")) as partial:
                    page.pdf(path=partial, prefer_css_page_size=True, tagged=True, outline=True)
                yield path.with_suffix(".pdf")
            browser.close()
    except Error as error:
        raise BrowserError(
            f"{browser_path} cannot print ({error.message.splitlines()[0]}): install another "
            "browser, or open the pages in any browser and print them"
        ) from None
