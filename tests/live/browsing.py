"""What the tests do in a page: draw, wait, look at pixels."""

from tests.looks import settle

from playwright.sync_api import Page

SEVEN = [(0.25, 0.2), (0.7, 0.2), (0.45, 0.8)]

PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
}"""


def draw(page: Page, points: list[tuple[float, float]], steps: int = 6) -> None:
    """Draw a line through points, each from 0 to 1 of the pad's side."""
    board = page.get_by_role("application", name="Drawing pad")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    (x, y), *rest = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=steps)
    page.mouse.up()
    settle(page)
