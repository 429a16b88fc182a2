"""The pad in a real browser: drawing, switches, what is saved, keyboard and screen reader."""

import re
from pathlib import Path
from typing import Any

from tests.looks import assert_both_are_fine, settle
from workbook import live

import numpy as np
import pytest
from browsing import PIXELS, SEVEN, draw
from networks import dense
from playwright.sync_api import Page, expect


def seen(page: Page) -> np.ndarray:
    return np.array(page.locator(".seen canvas").evaluate(PIXELS), "uint8").reshape(28, 28)


@pytest.fixture(scope="module")
def one() -> live.Live:
    return live.pad(dense((32,), warp=True))


@pytest.fixture(scope="module")
def two() -> live.Live:
    return live.pad({"plain": dense(), "with distortions": dense(warp=True)})


def test_a_drawing_is_read_while_it_is_made(opened: Any, one: live.Live) -> None:
    page = opened(one)
    page.evaluate("""() => {
      const [network] = document.querySelector(".workbook-live").networks;
      const predict = network.predict;
      window.readings = 0;
      network.predict = (pixels) => { readings += 1; return predict(pixels); };
    }""")
    draw(page, [(0.2 + 0.6 * (i % 2), 0.2 + i / 10) for i in range(5)])
    assert page.evaluate("readings") > 3


def test_the_bars_are_what_the_network_says_of_what_it_sees(opened: Any, two: live.Live) -> None:
    page = opened(two)
    draw(page, SEVEN)
    said = page.evaluate(
        "p => document.querySelector('.workbook-live').networks.map(n => [...n.predict(p)])",
        seen(page).ravel().tolist(),
    )
    tables = page.locator(".answers")
    assert tables.count() == 2
    for k in range(2):
        shares = tables.nth(k).locator(".share").all_inner_texts()
        assert shares == [f"{100 * share:.0f}%" for share in said[k]]
        assert tables.nth(k).locator(".best b").inner_text() == str(np.argmax(said[k]))


def test_centring_puts_the_mass_in_the_middle_of_a_box_of_twenty(opened: Any, one: Any) -> None:
    page = opened(one)
    small = [(0.05 + x / 4, 0.05 + y / 4) for x, y in SEVEN]
    draw(page, small)
    pixels = seen(page)
    rows, columns = np.nonzero(pixels)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (20, 21)
    mass = [np.average(axis + 0.5, weights=pixels[rows, columns]) for axis in (rows, columns)]
    assert np.abs(np.array(mass) - 14).max() <= 0.51

    page.get_by_label("not", exact=True).check()
    settle(page)
    rows, columns = np.nonzero(seen(page))
    assert max(rows.max(), columns.max()) < 12


def test_a_thin_pen_leaves_less_ink(opened: Any, one: live.Live) -> None:
    page = opened(one)
    draw(page, SEVEN)
    thick = seen(page).sum()
    page.get_by_label("thin").check()
    settle(page)
    assert 0 < seen(page).sum() < 0.6 * thick


def test_drawings_are_saved_as_they_were_seen(opened: Any, one: live.Live, tmp_path: Path) -> None:
    page = opened(one)
    wanted = []
    for label, points in [(7, SEVEN), (1, [(0.5, 0.1), (0.5, 0.9)]), (0, [(0.5, 0.5)])]:
        draw(page, points)
        wanted.append((label, seen(page)))
        page.get_by_role("button", name=f"This is a {label}", exact=True).click()
        settle(page)
        assert not seen(page).any()
    page.get_by_role("button", name="Drop this drawing of a 1").click()
    del wanted[1]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my drawings").click()
    assert download.value.suggested_filename == "my_digits.csv"
    download.value.save_as(tmp_path / "my_digits.csv")
    X, y = live.read_digits(tmp_path / "my_digits.csv")
    assert y.tolist() == [7, 0] and X.any(axis=(1, 2)).all()
    assert all(np.array_equal(x, pixels) for x, (_, pixels) in zip(X, wanted, strict=True))
    header = (tmp_path / "my_digits.csv").read_text().splitlines()[0]
    assert header.startswith("label,pixel0,pixel1,") and header.endswith(",pixel783")


def test_the_keyboard_draws_and_a_screen_reader_hears_the_prediction(opened: Any, one: Any) -> None:
    page = opened(one)
    page.keyboard.press("Tab")
    keys = page.get_by_text("Arrow keys move the pen")
    expect(keys).to_be_visible()
    page.keyboard.press("Space")
    for key in ["ArrowDown"] * 8 + ["ArrowLeft"] * 8:
        page.keyboard.press(key)
    settle(page)
    drawn = seen(page)
    assert drawn.any()
    said = page.get_by_role("status")
    expect(said).to_have_text(re.compile(r"^[0-9], \d+%$"))
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    settle(page)
    assert np.array_equal(seen(page), drawn)  # the pen is up
    page.keyboard.press("Backspace")
    settle(page)
    assert not seen(page).any()
    expect(said).to_have_text("The pad is empty.")


def test_the_live_region_waits_until_the_hand_rests(opened: Any, one: live.Live) -> None:
    page = opened(one)
    expect(page.get_by_role("status")).to_have_text("The pad is empty.")
    page.get_by_role("status").evaluate("""region => {
      window.changes = 0;
      new MutationObserver(() => changes++).observe(region, { childList: true });
    }""")
    draw(page, SEVEN, steps=30)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^[0-9], \d+%$"))
    assert page.evaluate("changes") == 1


def test_a_finger_draws_and_does_not_scroll(opened: Any, one: live.Live) -> None:
    page = opened(one, width=360, height=740, has_touch=True, is_mobile=True)
    box = page.get_by_role("application", name="Drawing pad").bounding_box()
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", (0.5, 0.8))
    for i in range(1, 11):
        touch("touchMove", (0.5, 0.8 - 0.06 * i))
    touch("touchEnd")
    settle(page)
    assert seen(page).any()
    assert page.evaluate("scrollY") == 0


def test_undo_and_clear(opened: Any, one: live.Live) -> None:
    page = opened(one)
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    expect(undo).to_be_disabled()
    draw(page, SEVEN)
    first = seen(page)
    draw(page, [(0.2, 0.5), (0.8, 0.5)])
    assert not np.array_equal(seen(page), first)
    undo.click()
    settle(page)
    assert np.array_equal(seen(page), first)
    clear.click()
    settle(page)
    assert not seen(page).any()
    expect(undo).to_be_disabled()


def test_a_unit_s_weights_are_laid_on_the_digit(opened: Any) -> None:
    model = dense()
    page = opened(live.pad(model))
    draw(page, SEVEN)
    page.locator("summary").click()
    busiest = np.argmax(seen(page).ravel() / 255 @ model.get_weights()[0] + model.get_weights()[1])
    expect(page.get_by_text(f"{busiest + 1} of 200", exact=True)).to_be_visible()
    page.get_by_role("slider", name="Unit").fill("17")
    said = page.locator(".look").inner_text()
    pixels = seen(page).ravel() / 255
    kernel, bias = model.get_weights()[:2]
    votes = pixels * kernel[:, 16]
    for value in (votes[votes > 0].sum(), votes[votes < 0].sum(), votes.sum() + bias[16]):
        near = [f"{value + slack:+.2f}".replace("-", "−") for slack in (-0.01, 0, 0.01)]
        assert any(text in said for text in near), (near, said)


def test_axe_finds_nothing(opened: Any, two: live.Live) -> None:
    page = opened(two)
    for drawn in (False, True):
        if drawn:
            draw(page, SEVEN)
            page.get_by_role("button", name="This is a 7", exact=True).click()
            draw(page, SEVEN)
            page.locator("summary").click()
        assert_both_are_fine(page)


def test_print_and_a_browser_without_scripts_show_the_still_picture(opened: Any, two: Any) -> None:
    page = opened(two)
    still = page.locator(".workbook-live img")
    expect(still).not_to_be_visible()
    page.emulate_media(media="print")
    expect(still).to_be_visible()
    expect(page.get_by_role("application")).not_to_be_visible()
    plain = opened(two, java_script_enabled=False)
    expect(plain.locator(".workbook-live img")).to_be_visible()
    assert "plain reads" in plain.locator("img").get_attribute("alt")


class Hand:
    """A hand and a pen on the pad of a page with a touch screen."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.box = page.get_by_role("application", name="Drawing pad").bounding_box()

    def at(self, x: float, y: float) -> dict[str, float]:
        box = self.box
        return {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [self.at(*point) | {"id": i} for i, point in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def pen(self, kind: str, x: float, y: float) -> None:
        buttons = {"button": "left", "buttons": 1, "clickCount": 1} if kind != "mouseMoved" else {}
        where = self.at(x, y) | {"pointerType": "pen"} | buttons
        self.session.send("Input.dispatchMouseEvent", {"type": kind} | where)

    def write(self, *points: tuple[float, float]) -> None:
        first, *rest = points
        self.pen("mousePressed", *first)
        for point in rest:
            self.session.send(
                "Input.dispatchMouseEvent",
                {"type": "mouseMoved", "button": "left", "buttons": 1, "pointerType": "pen"}
                | self.at(*point),
            )
        self.pen("mouseReleased", *points[-1])


LINE = [(0.3, 0.2), (0.3, 0.5), (0.3, 0.8)]


def drawn(page: Page) -> np.ndarray:
    """Return what is drawn, not centred."""
    page.get_by_role("radio", name="not").check(force=True)
    settle(page)
    return seen(page)


def alone(opened: Any, one: live.Live) -> np.ndarray:
    page = opened(one, has_touch=True)
    Hand(page).write(*LINE)
    return drawn(page)


def test_a_palm_that_rests_on_the_pad_draws_nothing_once_the_pen_comes(
    opened: Any, one: live.Live
) -> None:
    page = opened(one, has_touch=True)
    hand = Hand(page)
    hand.touch("touchStart", (0.8, 0.9))
    hand.touch("touchMove", (0.8, 0.85))
    hand.write(*LINE)
    hand.touch("touchMove", (0.75, 0.8))
    hand.touch("touchEnd")
    assert np.array_equal(drawn(page), alone(opened, one))


def test_a_palm_that_comes_while_the_pen_writes_draws_nothing(opened: Any, one: live.Live) -> None:
    page = opened(one, has_touch=True)
    hand = Hand(page)
    hand.pen("mousePressed", *LINE[0])
    hand.touch("touchStart", (0.8, 0.9))
    hand.touch("touchMove", (0.6, 0.9))
    hand.touch("touchEnd")
    hand.write(*LINE)
    assert np.array_equal(drawn(page) > 0, alone(opened, one) > 0)


def test_two_fingers_draw_one_line(opened: Any, one: live.Live) -> None:
    pictures = []
    for second in ([], [(0.8, 0.9)]):
        page = opened(one, has_touch=True)
        hand = Hand(page)
        hand.touch("touchStart", (0.3, 0.2))
        if second:
            hand.touch("touchStart", (0.3, 0.2), *second)
        hand.touch("touchMove", (0.3, 0.5), *second)
        hand.touch("touchMove", (0.3, 0.8), *[(0.7, 0.7)][: len(second)])
        hand.touch("touchEnd")
        pictures.append(drawn(page))
    assert np.array_equal(*pictures) and pictures[0].any()


def test_a_space_pressed_while_a_line_is_drawn_bends_it_nowhere(opened: Any, one: Any) -> None:
    page = opened(one)
    board = page.get_by_role("application", name="Drawing pad")
    board.focus()
    box = board.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.keyboard.press(" ")
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.up()
    ink = drawn(page)
    assert not ink[9:12, 8:12].any()  # between the line and the pen of the keyboard, in the middle


def test_a_contrast_theme_shows_the_bars_and_what_is_chosen(opened: Any, one: live.Live) -> None:
    page = opened(one, forced_colors="active")
    draw(page, SEVEN)
    colour = "e => getComputedStyle(e).backgroundColor"
    plain = page.locator(".app").evaluate(colour)
    bars = [bar.evaluate(colour) for bar in page.locator(".bar").all()]
    assert plain not in bars and len(set(bars)) == 2
    for switch in page.locator(".choice").all():
        chosen = switch.locator(":checked + span").evaluate(colour)
        other = switch.locator(":not(:checked) + span").first.evaluate(colour)
        assert chosen not in (other, plain)
