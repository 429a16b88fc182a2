"""What all tests share: a real browser, and that what a test leaves is freed at once."""

import gc
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbook import notice
from workbook_staff import pdf

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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


@dataclass
class Tab:
    """A page that tests use one after the other, and what it asked for and logged in this one."""

    page: Page
    requests: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._log)

    def _log(self, said: Any) -> None:
        self.logged.append(said.text)
        if said.type == "error":
            self.errors.append(said.text)

    def forget(self) -> None:
        for found in (self.requests, self.logged, self.errors):
            found.clear()


Tabs = Callable[..., Tab]


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Tabs:
    """Give a tab that looks as is asked; tests that ask for the same kind of browser share one.

    A process that Chromium starts for a tab costs more than most tests that need one.
    """
    made: dict[str, Tab] = {}

    def tab(
        width: int = 1280,
        height: int = 720,
        color_scheme: Any = "light",
        forced_colors: Any = "none",
        **kind: Any,
    ) -> Tab:
        name = repr(sorted(kind.items()))
        if name not in made:
            made[name] = Tab(browser.new_context(**kind).new_page())
        page = made[name].page
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(media="null", color_scheme=color_scheme, forced_colors=forced_colors)
        made[name].forget()
        return made[name]

    return tab
