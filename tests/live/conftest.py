from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workbook import live
from workbook_staff import live_page

import numpy as np
import pytest
from playwright.sync_api import Browser, Page


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


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Open an output as a page of its own; a page that logs an error fails its test."""
    contexts, troubles = [], []

    def open_page(shown: live.Live, **context: Any) -> Page:
        path = tmp_path / "page.html"
        path.write_text(live_page.render(shown, "Shown"), encoding="utf-8")
        contexts.append(browser.new_context(**context))
        opened = contexts[-1].new_page()
        opened.on("pageerror", lambda error: troubles.append(str(error)))
        opened.on("console", lambda s: troubles.extend([s.text] if s.type == "error" else []))
        opened.on("request", lambda request: troubles.extend(_asked(request.url, path)))
        opened.goto(path.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


def _asked(url: str, path: Path) -> list[str]:
    return [] if url == path.as_uri() or url.startswith(("data:", "blob:")) else [f"asked {url}"]
