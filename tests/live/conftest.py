from collections.abc import Callable, Iterator
from typing import Any

from workbook import live
from workbook_staff import live_page

import numpy as np
import pytest
from playwright.sync_api import Page


@pytest.fixture(scope="session")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """A hundred pictures of the tests' own, with light, shadow and edges, and 24 labels."""
    y, x = np.mgrid[:28, :28]
    random = np.random.default_rng(5)
    cx, cy, width, tilt = random.uniform(6, 22, (4, 100, 1, 1))
    shapes = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width)) * 200 + tilt * x / 14
    images = np.clip(shapes + random.normal(0, 6, shapes.shape), 0, 255).astype("uint8")
    images[::3][images[::3] < 30] = 0
    return images, np.arange(100) % 24


Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[live.Live], str]:
    """Give the address of an output's own page, which is written once."""
    folder = tmp_path_factory.mktemp("pages")
    pages: list[live.Live] = []

    def address(shown: live.Live) -> str:
        if not any(shown is one for one in pages):
            pages.append(shown)
            text = live_page.render(shown, "Shown")
            (folder / f"{len(pages)}.html").write_text(text, encoding="utf-8")
        number = next(n for n, one in enumerate(pages, start=1) if one is shown)
        return (folder / f"{number}.html").as_uri()

    return address


@pytest.fixture
def opened(tabs: Any, written: Callable[[live.Live], str]) -> Iterator[Opened]:
    """Open an output as a page of its own; a page that logs an error fails its test."""
    addresses: dict[int, tuple[Any, str]] = {}

    def check() -> None:
        for tab, address in addresses.values():
            asked = [url for url in tab.requests if not url.startswith((address, "data:", "blob:"))]
            assert (tab.errors, asked) == ([], [])

    def open_page(shown: live.Live, **look: Any) -> Page:
        check()
        tab, address = tabs(**look), written(shown)
        addresses[id(tab)] = tab, address
        tab.page.goto(address)
        return tab.page

    yield open_page
    check()
