"""What all tests share: a real browser, and that what a test leaves is freed at once."""

import gc
import signal
from collections.abc import Iterator

from workbook import notice
from workbook_staff import pdf

import pytest
from playwright.sync_api import Browser, sync_playwright

MARKED = {"browser": "browser", "graded": "sandbox", "command": "sandbox"}
"""The marker of the tests that ask for a fixture."""


def pytest_configure() -> None:
    """Let tests be interrupted where a shell started them in the background, without SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they ask for."""
    for item in items:
        for fixture in MARKED.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKED[fixture])


@pytest.fixture(autouse=True)
def freed() -> Iterator[None]:
    """Free what a test has made, at the price of what it has made.

    An iterator of tf.data that was left half-way, as by a training that failed, is waited for when
    it is freed, the longer the older it is: half a minute after a hundred trainings.
    """
    gc.freeze()
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_practice_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what data earlier tests have loaded: figures say so where it is practice data."""
    monkeypatch.setattr(notice, "PRACTICE", {})


@pytest.fixture(scope="module")  # two at a time cannot be, and the workbook starts its own
def browser() -> Iterator[Browser]:
    """Give Chromium; the test is skipped where there is none."""
    if not pdf.chromium():
        pytest.skip("no Chromium, Chrome or Edge on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=pdf.chromium(), args=pdf.ARGUMENTS)
        yield started
        started.close()
