"""Who a hand-in is from: what learning platforms write into paths, and how names are compared."""

import re
import unicodedata
from dataclasses import dataclass

from workbook.errors import GradingError

# Where teams hand in, a team's name stands before the student's; such a word tells it from a name.
_TEAM = r"(?:[^/_]*(?:\d|\b(?:gr[ou]+p|team|[ée]quip|групп|команд))[^/_-]*-\s*)?"

PATTERNS = {
    "nbgrader": r"(?:^|/)submitted/(?P<student>[^/]+)/[^/]+/[^/]+$",
    "Moodle": rf"(?:^|/){_TEAM}(?P<student>[^/]+?)_(?P<number>\d+)_assignsubmission_\w+?(?:_|/|$)",
    "Blackboard": (
        r"(?:^|/)[^/]*_(?P<login>[^_/]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})[_.][^/]*"
        r"(?:$|(?<=\.zip)/)"
    ),
    "Brightspace": (
        r"(?:^|/)(?P<number>\d+)-\d+ - (?P<student>[^/]+) - (?P<when>[^/-]*\d{4}[^/-]*)(?:/| - )"
    ),
    "Sakai": r"(?:^|/)(?P<student>[^/(,]+,[^/(]*[^/( ])\((?P<login>[^/()]+)\)/",
    "Canvas": (
        r"(?:^|/)(?P<student>[^_/\d][^_/]*)_(?P<late>LATE_)?(?P<number>\d+)_(?P<when>\d+)_[^/]+?"
        r"(?:$|\.zip/)"
    ),
    "ILIAS": r"(?:^|/)(?P<last>[^/_]+)_(?P<student>[^/_]+)_(?P<login>[^/]+)_(?P<number>\d+)/",
}
"""Where a path says whose a file is, by platform; the first that fits holds.

Paths are those within what was given, with slashes. ``number`` is the platform's own number of the
student, ``login`` what they log in by, ``last`` a family name that stands apart; ``when`` says
which of several is the later one, ``late`` that it was handed in late.
"""

VAGUE = ("Blackboard", "Canvas", "ILIAS")
"""Those that may fit by chance, as "lab_4_1_last.ipynb" fits Canvas', or cut a login short."""

# How the months begin in the languages of Europe that have Latin letters, and a year with a time.
_MONTHS = (
    *("jan|ene|gen|oca", "feb|fév|fev|şub", "mar|mär|maa|mrt", "apr|avr|abr|nis"),
    *("mai|may|mei|mag|maj", "jun|juin|giu|haz", "jul|juil|lug|tem", "aug|aoû|ago|aou|ağu"),
    *("sep|set|eyl", "okt|oct|ott|out|eki", "nov|kas", "dec|dez|déc|dic|ara"),
)
_YEAR_AND_TIME = re.compile(
    r"\b(?P<year>20\d\d)\D+(?P<hour>\d\d?)\D{0,3}(?P<minute>\d\d)\b\W*(?P<half>[ap]\W*m\b)?", re.I
)


@dataclass(frozen=True)
class Identity:
    """Who a hand-in is from, as far as its path tells: what it does not tell is "".

    ``name`` is as people write it, in one line and in Unicode's composed form (NFC). ``number`` is
    the ``platform``'s own, and means nothing in another's lists. Where ``platform`` is "", a
    person has named the folder, and ``name`` may as well be a login or a number.
    """

    name: str = ""
    login: str = ""
    number: str = ""
    platform: str = ""

    def __str__(self) -> str:
        """Return what people call them."""
        return self.name or self.login or self.number or "?"


NOBODY = Identity()


@dataclass(frozen=True)
class Named:
    """What a path says: whose a file is, ``when`` (it sorts), if ``late``, what is ``before``."""

    student: Identity
    when: str = ""
    late: bool = False
    before: str = ""


def patterns(student_from: str | None = None) -> dict[str, re.Pattern[str]]:
    """Return the expressions by platform, or the instructor's own alone.

    Raises:
        GradingError: It is no regular expression, or has no group for the student.
    """
    if student_from is None:
        return {platform: re.compile(one, re.I) for platform, one in PATTERNS.items()}
    try:
        pattern = re.compile(student_from)
    except re.error as error:
        raise GradingError(
            f"--student-from {student_from!r}: {error}; expected a regular expression such "
            r"as '^(?P<student>[^/]+)/'"
        ) from None
    if not pattern.groups:
        raise GradingError(
            f"--student-from {student_from!r} has no group; put what names the student into "
            r"parentheses, such as '^(?P<student>[^/]+)/'"
        )
    return {"": pattern}


def named(place: str, known: dict[str, re.Pattern[str]]) -> Named | None:
    """Return what a path says by the first expression that fits, None where none does."""
    for platform, pattern in known.items():
        match = pattern.search(place)
        if match is None:
            continue
        found = {key: value or "" for key, value in match.groupdict().items()}
        student = found.get("student", "") if found.keys() & {"student", "login"} else match[1]
        name = in_a_line(student or "")
        if found.get("last"):
            name = f"{name} {in_a_line(found['last'])}"
        who = Identity(name, found.get("login", ""), found.get("number", ""), platform)
        if who != Identity(platform=platform):
            when = _sorting(found.get("when", ""))
            return Named(who, when, bool(found.get("late")), place[: match.start(1)])
    return None


def in_a_line(text: str, most: int = 200) -> str:
    """Return text in one line, in Unicode's NFC, without what hides or turns its letters."""
    plain = unicodedata.normalize("NFC", text)
    plain = "".join(letter if letter.isprintable() else " " for letter in plain)
    return " ".join(plain.split())[:most]


def _turned(name: str) -> str:
    """Return "Last, First" as "First Last"."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma else name


def _sorting(when: str) -> str:
    """Return when a file was handed in as text that sorts, from Brightspace's words for it."""
    time, day = _YEAR_AND_TIME.search(when), re.search(r"\b\d\d?\b", when)
    begins = (rf"\b({month})" for month in _MONTHS)
    months = [n for n, month in enumerate(begins, 1) if re.search(month, when, re.IGNORECASE)]
    if not (time and day and months):
        return re.sub(r"\d+", lambda number: number[0].zfill(20), when)
    hour = int(time["hour"])
    if time["half"]:
        hour = hour % 12 + 12 * (time["half"][0] in "pP")
    date = f"{time['year']}{months[0]:02}{int(day[0]):02}{hour:02}{time['minute']}"
    return date.zfill(20)


_APOSTROPHES = "'`\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"

UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
"""Letters of Chinese, Japanese and Korean, between which a blank means nothing."""


def words(name: str) -> tuple[str, ...]:
    """Return what a name is compared by: its words, without capitals and accents.

    "Last, First" is turned round. Accents are dropped from Latin, Greek and Cyrillic letters only:
    elsewhere a mark is a letter.
    """
    kept: list[str] = []
    drops = False
    for letter in unicodedata.normalize("NFKD", _turned(name)):
        kind = unicodedata.category(letter)
        if kind[0] == "M":
            if not drops:
                kept.append(letter)
        elif kind[0] in "LN":
            script = unicodedata.name(letter, "").partition(" ")[0]
            drops = script in ("LATIN", "GREEK", "CYRILLIC")
            kept.append(letter)
        elif letter not in _APOSTROPHES and kind != "Cf":
            kept.append(" ")
    text = unicodedata.normalize("NFC", "".join(kept)).casefold()
    return tuple(re.sub(rf"(?<={UNSPACED}) +(?={UNSPACED})", "", text).split())


# How platforms that write ASCII only spell letters that have an accent, or none to drop.
_ASCII = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "ł": "l"}
    | {"đ": "d", "ð": "d", "þ": "th", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "œ": "oe"}
)


def spelled_alike(written: str, name: str) -> bool:
    """Return whether what a platform wrote into a path is a name, in this order of its parts.

    For a student whom a number or a login names already: words may have run together, and where
    the path is in ASCII, "oe" may stand for "ö", or letters that ASCII has not may be left out.
    """
    joined = "".join(words(written))
    if joined == "".join(words(name)):
        return bool(joined)
    composed = unicodedata.normalize("NFC", name).casefold()
    bare = "".join(letter for letter in composed if letter.isascii())
    spelled = ("".join(words(one)) for one in (composed.translate(_ASCII), bare))
    return written.isascii() and joined in {*spelled} - {""}
