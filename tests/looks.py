"""Both looks of a page: a phone in light colours, a wide screen in dark ones."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def settle(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def assert_both_are_fine(page: Page) -> None:
    """Assert that axe finds nothing in either look, and that nothing is beyond the right edge."""
    for width, scheme in ((360, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=scheme)
        settle(page)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
