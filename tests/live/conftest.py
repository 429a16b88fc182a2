from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workbook import live
from workbook.backend import keras
from workbook.layers import LocalContrast, RandomLight, RandomWarp
from workbook.live import page
from workbook.reports import printing

import numpy as np
import pytest
from keras import layers
from playwright.sync_api import Browser, Page, sync_playwright


def settled(model: keras.Model) -> keras.Model:
    """Give a network weights of the size of a trained one's, with answers that are far apart."""
    random = np.random.default_rng(7)
    for weight in model.weights:
        if "kernel" in weight.path:
            weight.assign(4 * weight)
        elif "seed" not in weight.path:
            low, high = (0.3, 2.0) if "variance" in weight.path else (-0.5, 0.8)
            weight.assign(random.uniform(low, high, weight.shape))
    return model


def dense(units: tuple[int, ...] = (200, 100), warp: bool = False) -> keras.Model:
    """The networks of notebooks 01 and 03."""
    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(unit, activation="relu") for unit in units]
    augment = [RandomWarp(rotation=10, elastic=(30, 4), seed=1)] if warp else []
    last = layers.Dense(10, activation="softmax")
    return settled(
        keras.Sequential([keras.Input((28, 28)), *augment, layers.Flatten(), *hidden, last])
    )


def garments() -> keras.Model:
    """A network with the layers of notebook 02."""
    keras.utils.set_random_seed(2)
    parts = [keras.Input((28, 28)), layers.Flatten()]
    for units in (64, 32):
        parts += [layers.Dense(units), layers.LayerNormalization(), layers.ReLU()]
        parts += [layers.Dropout(0.3)]
    return settled(keras.Sequential([*parts, layers.Dense(10, activation="softmax")]))


def hands(classes: int = 24) -> keras.Model:
    """The network of notebook 04."""
    keras.utils.set_random_seed(3)

    def block(filters: int) -> list[keras.layers.Layer]:
        return [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.MaxPooling2D(2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.05),
        ]

    head = [layers.Flatten(), layers.Dense(128, use_bias=False), layers.BatchNormalization()]
    return settled(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                RandomWarp(rotation=12, seed=1),
                RandomLight(noise=0.06, seed=2),
                LocalContrast(),
                *block(32),
                *block(64),
                *block(128),
                *head,
                layers.ReLU(),
                layers.Dense(classes, activation="softmax"),
            ]
        )
    )


LETTERS = tuple("ABCDEFGHIKLMNOPQRSTUVWXY")


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not printing.chromium():
        pytest.skip("no Chromium, Chrome or Edge on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=printing.chromium(), args=printing.ARGUMENTS
        )
        yield started
        started.close()


Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Open an output as a page of its own; a page that logs an error fails its test."""
    contexts, troubles = [], []

    def open_page(shown: live.Live, **context: Any) -> Page:
        path = tmp_path / "page.html"
        path.write_text(page.render(shown, "Shown"), encoding="utf-8")
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
