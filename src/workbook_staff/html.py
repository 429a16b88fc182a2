"""Pages as HTML: one environment of templates, one frame, one policy for what a page may do."""

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from workbook import palette

from jinja2 import Environment, PackageLoader

RIGHTS = {
    "play": "media-src data:",
    "ask its server": "connect-src 'self'",
}
"""What a page may be allowed besides its style, its own script and pictures inside it."""

_CODE, _EMPHASIS = re.compile(r"(`+)(.+?)\1"), re.compile(r"(\*+)(?=\S)([^*]+)(?<=\S)\1")


def page(
    template: str,
    *,
    title: str,
    styles: Iterable[str],
    script: str = "",
    rights: Iterable[str] = (),
    **values: object,
) -> str:
    """Return a page as HTML.

    ``template`` extends ``base.html.j2``, and is given ``values``, which it escapes. ``styles``
    are names of files among the templates, ``script`` is the one script that runs on the page;
    ``rights`` are keys of ``RIGHTS``.
    """
    style = "\n".join([f":root {{\n{palette.css()}\n}}", *map(asset, ["shared.css", *styles])])
    return (
        _environment()
        .get_template(template)
        .render(title=title, style=style, script=script, policy=policy(script, rights), **values)
    )


def policy(script: str = "", rights: Iterable[str] = ()) -> str:
    """Return the content security policy of a page, by which it asks no host for anything."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = [
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        f"script-src 'sha256-{digest}'" if script else "script-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join([*rules, *(RIGHTS[right] for right in rights)])


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("workbook_staff"),
        autoescape=True,
        keep_trailing_newline=True,
    )
    made.filters["plain"] = _plain
    return made


def _plain(text: str) -> str:
    """Return Markdown without its marks of code and of emphasis; asterisks in code stay."""
    text = _CODE.sub(lambda code: code[2].replace("*", "\0"), text)
    return _EMPHASIS.sub(r"\2", text).replace("\0", "*")


@cache
def asset(name: str) -> str:
    """Return a file of the folder ``templates`` as text."""
    return (files("workbook_staff") / "templates" / name).read_text(encoding="utf-8")
