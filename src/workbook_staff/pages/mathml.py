"""Turn mathematics in LaTeX into MathML, which a browser shows without a script."""

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element

KEEP_FORMULA = 20_000
"""A formula of more characters is shown as it is written."""

FITS_PAPER = 60
"""Signs of a formula that a line on paper holds; a longer one is broken there."""

_ENVIRONMENTS = (
    r"(?:equation|align(?:ed|at|edat)?|eqnarray|gather(?:ed)?|multline|flalign|split|cases|array"
    r"|[pbBvV]?(?:small)?matrix|math|displaymath|subarray|dcases)\*?"
)
# What LaTeX writes formulas between; the last are what it sets as formulas without being told.
_FORMULA = re.compile(
    rf"""(?<!\\)\$\$(?P<dollars>.+?)(?<!\\)\$\$
    | (?<![\\$])\$(?P<dollar>[^$]+?)(?<!\\)\$
    | \\\[(?P<brackets>.+?)\\\]
    | \\\((?P<parentheses>.+?)\\\)
    | (?P<environment>\\begin\{{(?P<name>{_ENVIRONMENTS})\}}.*?\\end\{{(?P=name)\}})""",
    re.VERBOSE | re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\\begin\{")
_OTHER = re.compile(rf"\\begin\{{(?!{_ENVIRONMENTS}\}})")
# Names and numbers for a document around the formula.
_LABEL = re.compile(r"\\label\s*\{[^{}]*\}|\\(?:nonumber|notag)\b")
_ESCAPED = re.compile(r"\\([$%&_#{}])")

# The library knows these environments by other names only, or not at all.
_ALIGNED = re.compile(
    r"\\(begin|end)\{(?:aligned|alignedat|gather(?:ed)?|eqnarray|flalign|multline)\*?\}"
)
# What a formula may say of its own look: nothing that leads anywhere, and no name.
_ATTRIBUTES = {
    *("accent", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle"),
    *("fence", "form", "frame", "height", "largeop", "linebreak", "linethickness", "lspace"),
    *("mathbackground", "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize"),
    *("movablelimits", "notation", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator"),
    *("stretchy", "voffset", "width", "xmlns"),
}
_EQUATION = re.compile(r"\\(begin|end)\{(?:displaymath|math)\}")


def mathml(latex: str, display: str = "inline") -> str:
    """Return LaTeX mathematics as MathML; what cannot be read as such is shown as it is written.

    ``display`` is "inline" or "block".
    """
    as_written = f"<code>{html.escape(latex)}</code>"
    if len(latex) > KEEP_FORMULA or _OTHER.search(latex):
        return as_written
    known = _ALIGNED.sub(r"\\\1{align*}", _LABEL.sub("", latex))
    known = _EQUATION.sub(r"\\\1{equation*}", known)
    try:
        tree = convert_to_element(known, display=display)
    except Exception:  # the library's errors have no common class, and IndexError is among them
        return as_written
    # The library's own serialiser leaves text unescaped: \text{<script>} would be one.
    for element in tree.iter():
        element.text = html.unescape(element.text) if element.text else None
        element.attrib = {n: v for n, v in element.attrib.items() if n in _ATTRIBUTES}
    if display == "block":
        tree.set("tabindex", "0")
        if sum(len(element.text or "") for element in tree.iter()) > FITS_PAPER:
            tree.set("class", "long")
    return ElementTree.tostring(tree, encoding="unicode")


def prose(latex: str) -> str:
    """Return a LaTeX output as HTML: text with formulas in it, or one formula."""
    latex = latex.strip()
    formulas = list(_FORMULA.finditer(latex))
    whole = len(formulas) == 1 and formulas[0].span() == (0, len(latex))
    parts, end = [], 0
    for found in formulas:
        kind = str(found.lastgroup)
        is_inline = kind in ("dollar", "parentheses") and not whole
        parts.append(_text(latex[end : found.start()]))
        parts.append(mathml(found[kind].strip(), "inline" if is_inline else "block"))
        end = found.end()
    return "".join([*parts, _text(latex[end:])])


def _text(text: str) -> str:
    """Return LaTeX outside formulas as HTML; an environment in it as it is written."""
    if _ENVIRONMENT.search(text):
        return f"<pre><code>{html.escape(text.strip())}</code></pre>"
    paragraphs = re.split(r"\n\s*\n", html.escape(_ESCAPED.sub(r"\1", text)))
    return "<br><br>".join(part.replace(r"\\", "<br>") for part in paragraphs)
