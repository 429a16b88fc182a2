"""Make HTML that a notebook holds fit for a page: whole, loading nothing, safe if need be."""

import html
import re
from collections.abc import Callable, Collection
from functools import partial

from workbook_staff.pages import pictures
from workbook_staff.pages.anchors import PREFIX

import nh3
from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

# fmt: off
_SAFE_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "small", "span", "strong",
    "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}
_DROPPED_TAGS = {
    "script", "style", "iframe", "object", "template", "noscript", "svg", "math", "button", "title",
}
_SAFE_ATTRIBUTES = {
    "*": {"alt", "aria-label", "class", "colspan", "id", "role", "rowspan", "scope", "tabindex",
          "title"},
    "a": {"href", "name"},
    "img": {"height", "src", "width"},
    "audio": {"controls", "src"}, "source": {"src", "type"}, "video": {"controls", "src"},
}
# What shows itself, without a word in it. A canvas stays empty without its script.
_SEEN = re.compile(
    r"<(?:img\b[^>]*\ssrc=|(?:svg|video|audio|math|input|button|select|textarea|hr)\b)"
)
_UNSEEN = re.compile(
    r"<(script|style|noscript|template|title)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL
)
# What has to be looked at one by one; nh3 does the rest, and is much faster.
_MENDED = re.compile(r"<(?:img|iframe|frame|embed|object|video|audio|script)\b", re.IGNORECASE)
# fmt: on

# What the templates call their own: a notebook must not speak in their voice.
_OWN_CLASSES = {"notice", "failed", "good", "bad", "skip", "top", "bottom", "took", "told"}

SCRIPT_ONLY = "An output that only a script could draw was taken out."

_SVG_TAG = re.compile(r"<(?P<ends>/?)svg\b[^<>]*?(?P<empty>/?)>", re.IGNORECASE)

# What a styled table of pandas' may say of its own cells, and by which functions.
_SELECTOR = re.compile(r"#T_\w+(?:\s+[\w.-]+)*", re.ASCII)
_PROPERTY = re.compile(
    r"(?:background-)?color|background|font-(?:weight|style)|text-(?:align|decoration)|width"
    r"|border(?:-(?:top|right|bottom|left))?"
)
_VALUE = re.compile(r"[\w#%.,() -]+", re.ASCII)
_FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "linear-gradient"}

Source = Callable[[str], str]
"""Returns the ``data:`` address of the picture at an address; raises PictureError."""

Cleaner = Callable[[str, Source, Collection[str]], str]
"""``clean``, where it plays or not."""


def clean(text: str, source: Source, own: Collection[str] = (), plays: bool = False) -> str:
    """Return HTML with everything removed that could run a script, load or imitate anything.

    Ids are set apart from the page's own, but for those in ``own``. Sound and film inside the text
    stay where it ``plays``.
    """
    # Pictures drawn in the text: as files, they can do nothing.
    text = _with_pictures(text)
    scripts = re.search(r"<script\b", text, re.IGNORECASE)
    if _MENDED.search(text):
        soup = _parsed(text)
        _mend(soup, source, plays)
        text = str(soup)
    made = nh3.clean(
        text,
        tags=_SAFE_TAGS | {"audio", "source", "video"} if plays else _SAFE_TAGS,
        clean_content_tags=_DROPPED_TAGS,
        attributes=_SAFE_ATTRIBUTES,
        attribute_filter=partial(_safe_value, own),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    # What is left of a thing that a script would have filled is not the thing.
    if scripts and shows(made) and not re.search(r"<(table|img|h[1-6]|li|pre|p)\b", made):
        made += _told(SCRIPT_ONLY)
    return _styles(text) + made


def _styles(text: str) -> str:
    """Return a ``<style>`` of what HTML says of the cells of pandas' styled tables, "" for none."""
    rules = []
    # Split, since an expression would look for the end of each from the start of each.
    for part in re.split(r"<style\b[^<>]*>", text, flags=re.IGNORECASE)[1:]:
        for block in part.partition("</")[0].split("}"):
            selectors, _, body = block.partition("{")
            found = filter(_SELECTOR.fullmatch, map(str.strip, selectors.split(",")))
            named = ", ".join(one.replace("#", f"#{PREFIX}") for one in found)
            pairs = [line.partition(":")[::2] for line in body.split(";")]
            said = {name.strip(): value.strip() for name, value in pairs}
            kept = {n: value for n, value in said.items() if _is_colouring(n, value)}
            if named and kept:
                if {"background", "background-color"} & kept.keys() and "gradient" not in body:
                    rules.append(f":where({named}) {{color: black}}")  # the page's may be light
                rules.append(f"{named} {{{'; '.join(map(': '.join, kept.items()))}}}")
    return f"<style>{' '.join(rules)}</style>" if rules else ""


def _is_colouring(name: str, value: str) -> bool:
    functions = set(re.findall(r"([\w-]*)\(", value))
    return bool(_PROPERTY.fullmatch(name) and _VALUE.fullmatch(value)) and functions <= _FUNCTIONS


def shows(text: str) -> bool:
    """Return whether there is anything to see in HTML, as made here, when no script runs."""
    text = _UNSEEN.sub("", text)
    return bool(_SEEN.search(text) or html.unescape(re.sub(r"<[^>]*>", "", text)).strip())


def has_script(text: str) -> bool:
    """Return whether a script, or a frame with one, stands in HTML."""
    return re.search(r"<(script|iframe|canvas|object|embed)\b", text, re.IGNORECASE) is not None


def without_empty_headers(text: str) -> str:
    """A header cell with nothing in it, as pandas and Markdown write, is an ordinary cell."""
    return re.sub(r"<th\b[^>]*>\s*</th>", "<td></td>", text)


def _parsed(text: str) -> BeautifulSoup:
    """Return HTML as a tree; declarations that the parser refuses (``<![``) are text."""
    try:
        return BeautifulSoup(text, "html.parser")
    except ParserRejectedMarkup:
        return BeautifulSoup(re.sub(r"<!(?!--)", "&lt;!", text), "html.parser")


def _mend(soup: BeautifulSoup, source: Source, plays: bool) -> None:
    """Put pictures inside, and words or links in place of frames and of what does not play."""
    for image in soup.find_all("img"):
        _embed(soup, image, source)
    for frame in soup.find_all(["iframe", "embed", "object", "frame"]):
        frame.replace_with(_instead(soup, frame, "frame"))
    for player in soup.find_all(["video", "audio"]):
        sources = [player, *player.find_all("source")]
        if plays and any(str(s.get("src", "")).startswith("data:") for s in sources):
            player["controls"] = ""
        else:
            player.replace_with(_instead(soup, player, player.name))


def _embed(soup: BeautifulSoup, image: Tag, source: Source) -> None:
    """Put the picture of an ``<img>`` inside the page, or say that it is missing."""
    address = str(image.get("src", "")).strip()
    del image["srcset"]
    if re.match(r"(?:https?:)?//", address, re.IGNORECASE):
        image.replace_with(_link(soup, image))
        return
    if not address:
        return
    try:
        image["src"] = source(address)
    except pictures.PictureError as error:
        missing = soup.new_tag("em")
        name = str(image.get("alt") or "") or address[:100]
        missing.string = f"missing picture: {name} ({error})"
        image.replace_with(missing)
        return
    if not image.has_attr("alt"):
        image["alt"] = "A picture without a description"


def _instead(soup: BeautifulSoup, element: Tag, name: str) -> Tag:
    """Return what stands for something that does not play: a link to it, or a word."""
    address = str(element.get("src") or element.get("data") or "")
    inner = element.find("source")
    if not address and isinstance(inner, Tag):
        address = str(inner.get("src") or "")
    if address and not re.match(r"\s*(data|javascript|about|blob):", address, re.IGNORECASE):
        return _link(soup, element, address)
    word = soup.new_tag("em")
    word.string = f"A {'sound' if name == 'audio' else name} was taken out."
    return word


def _link(soup: BeautifulSoup, element: Tag, address: str = "") -> Tag:
    address = address or str(element.get("src"))
    name = address.split("?")[0].rstrip("/").rpartition("/")[2]
    # A link holds no other.
    within = element.find_parent("a") is not None
    link = soup.new_tag("span") if within else soup.new_tag("a", href=address)
    link.string = str(element.get("alt") or element.get("title") or name or address)
    return link


def _with_pictures(text: str) -> str:
    """Return HTML with an ``<img>`` for each drawing, which may have others inside it."""
    parts, after, start, depth = [], 0, 0, 0
    for tag in _SVG_TAG.finditer(text):
        if not tag["ends"]:
            start = start if depth else tag.start()
            depth += 1
        if tag["ends"] or tag["empty"]:
            depth -= 1
            if depth == 0:
                parts += [text[after:start], _drawn(text[start : tag.end()])]
                after = tag.end()
            depth = max(depth, 0)
    return "".join([*parts, text[after:]])


def _drawn(svg: str) -> str:
    """Return an SVG within HTML as an ``<img>``, a word where it is none."""
    try:
        address = pictures.from_bytes(svg.encode("utf-8", "replace"))
    except pictures.PictureError:
        return "<em>A drawing was taken out.</em>"
    return f'<img src="{address}" alt="A drawing without a description">'


def _told(words: str) -> str:
    return f"<p><em>{words}</em></p>"


def _safe_value(own: Collection[str], tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value, None where it loads, or looks like, something else."""
    if name == "src":
        kinds = ("data:image/",) if tag == "img" else ("data:audio/", "data:video/")
        return value if value.startswith(kinds) else None
    if name == "href":
        # Browsers leave white space and control characters out of an address.
        bare = re.sub(r"[\s\x00-\x1f]", "", value).lower()
        return None if bare.startswith(("data:", "javascript:", "vbscript:")) else value
    if name in ("id", "name"):
        return value if value in own else PREFIX + value
    if name == "class":
        return None if _OWN_CLASSES & set(value.split()) else value
    if name in ("width", "height") and tag == "img":
        return value if re.fullmatch(r"[1-9]\d{0,3}(%|px)?", value) else None
    return value
