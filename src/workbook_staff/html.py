"""Templates of every page: one environment, one folder of templates, styles and scripts."""

import re
from functools import cache, partial
from importlib.resources import files

from jinja2 import Environment, PackageLoader, Template

_MARKS = re.compile(r"([*`]+)([^*`]+)\1")
"""Emphasis and code in Markdown, as the course's own explanations have them."""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("workbook_staff"),
        autoescape=True,
        keep_trailing_newline=True,
    )
    made.filters["plain"] = partial(_MARKS.sub, r"\2")
    return made


def template(name: str) -> Template:
    """Return a template of the folder ``templates``; what it is given is escaped."""
    return _environment().get_template(name)


@cache
def asset(name: str) -> str:
    """Return a file of the folder ``templates`` as text."""
    return (files("workbook_staff") / "templates" / name).read_text(encoding="utf-8")
