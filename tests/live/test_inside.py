"""The look inside a convolutional network, in a real browser."""

from typing import Any

from tests.looks import assert_both_are_fine, settle
from workbook import live

import numpy as np
import pytest
from browsing import PIXELS
from networks import LETTERS, hands
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def shown(pictures: Any) -> live.Live:
    return live.inside(hands(), *pictures, LETTERS)


def view(page: Any) -> np.ndarray:
    return np.array(page.locator(".view canvas").first.evaluate(PIXELS)).reshape(28, 28)


def test_twenty_test_images_can_be_chosen(opened: Any, shown: live.Live, pictures: Any) -> None:
    page = opened(shown)
    buttons = page.get_by_role("group", name="Test images").get_by_role("button")
    assert buttons.count() == 20
    buttons.nth(5).click()
    settle(page)
    images, labels = pictures
    name = buttons.nth(5).get_attribute("aria-label")
    number = int(name.split()[2].strip(","))
    assert name == f"Test image {number}, {LETTERS[labels[number]]}"
    assert np.array_equal(view(page), images[number])


def test_the_maps_after_each_block_can_be_clicked_through(opened: Any, shown: live.Live) -> None:
    page = opened(shown)
    for stage, maps, side in [
        ("Local contrast", 2, 28),
        ("Block 1", 32, 14),
        ("Block 2", 64, 7),
        ("Block 3", 128, 4),
    ]:
        page.get_by_label(stage, exact=True).check()
        settle(page)
        group = page.get_by_role("group", name=f"{stage}: {maps} maps of {side} × {side}")
        assert group.get_by_role("button").count() == maps
        group.get_by_role("button").last.click()
        expect(page.get_by_text(f"{stage}, map {maps} of {maps}", exact=True)).to_be_visible()


def test_a_patch_covers_a_part_and_changes_what_is_said(opened: Any, shown: live.Live) -> None:
    page = opened(shown)
    before, bars = view(page), page.locator(".answers .share").all_inner_texts()
    page.get_by_label("Slide a patch").check()
    box = page.locator(".view").first.bounding_box()
    changed = set()
    for x, y in [(0.3, 0.3), (0.5, 0.5), (0.7, 0.6)]:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        settle(page)
        covered = np.argwhere(view(page) != before)
        assert (np.ptp(covered, axis=0) < 7).all()
        centre = np.array([int(y * 28), int(x * 28)])
        assert (np.abs(covered - centre) <= 3).all() and len(covered) > 30
        changed.add(tuple(page.locator(".answers .share").all_inner_texts()))
    assert changed != {tuple(bars)}
    assert "without the patch" in page.locator(".best").inner_text()
    page.locator(".view").first.focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert np.argwhere(view(page) != before)[:, 1].max() <= int(0.7 * 28) + 2
    page.get_by_label("Slide a patch").uncheck()
    settle(page)
    assert np.array_equal(view(page), before)
    assert page.locator(".answers .share").all_inner_texts() == bars


def test_axe_finds_nothing(opened: Any, shown: live.Live) -> None:
    page = opened(shown)
    for stage in ("Local contrast", "Block 3"):
        page.get_by_label(stage, exact=True).check()
        page.get_by_label("Slide a patch").set_checked(stage == "Block 3")
        assert_both_are_fine(page)
