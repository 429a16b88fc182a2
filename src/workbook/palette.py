"""The colours of all that is shown: figures, pages, slides, the pad, the look inside.

Styles name them as custom properties (``var(--link)``), which :func:`css` declares; scripts have
them as ``PALETTE``.
"""

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"
"""The colours of figures: Okabe and Ito's, which colour-blind readers can tell apart."""

COLOURS = {
    "page": ("#fdfcfa", "#16181b"),
    "paper": ("#ffffff", "#0e0f11"),
    "text": ("#22262b", "#e4e2dd"),
    "quiet": ("#5a6068", "#a9adb3"),
    "line": ("#dedad3", "#383c42"),
    "link": ("#0b5a8a", "#8cc6f2"),
    "code": ("#f5f3ee", "#1f2226"),
    "mark": ("#fff4d6", "#3a3113"),
    "bad": ("#a3201d", "#ff9d94"),
    "good": ("#1b6636", "#93d6a5"),
    # Of code.
    "keyword": ("#8c1d64", "#f39fcb"),
    "string": ("#1b6636", "#a3d6a4"),
    "number": ("#86450a", "#f0bf8a"),
    "comment": ("#5a6068", "#a9adb3"),
    "name": ("#0b5a8a", "#8cc6f2"),
    "builtin": ("#5a3d9e", "#c8b5fb"),
    # Of a network's answers, and of weights that speak for a class or against it.
    "bar": ("#9db7c9", "#4b6479"),
    "top": ("#147dc3", "#56a9dc"),
    "for": ("#147dc3", "#147dc3"),
    "against": ("#e1690f", "#e1690f"),
    "frame": ("#ffb000", "#ffb000"),
}
"""Each colour on a light and on a dark page."""


def css() -> str:
    """Return the colours as declarations, which follow the ``color-scheme`` of their element."""
    return "\n".join(
        f"--{name}: light-dark({light}, {dark});" for name, (light, dark) in COLOURS.items()
    )
