"""Turn what a program wrote to a terminal into the plain text that the terminal would show."""

import re

# ECMA-48, with the strings that terminals added to it (OSC: titles and links). An unfinished one
# ends with its line.
_ESCAPE = re.compile(
    r"""
    (?:\x1b\[|\x9b) (?P<argument>[0-?]*) [ -/]* (?P<final>[@-~]?)  # CSI: colours, the cursor
    | (?:\x1b[P_^X]|[\x90\x98\x9e\x9f]) [^\x1b\x9c]* (?:\x1b\\|\x9c)  # DCS, APC, PM, SOS
    | (?:\x1b[]P_^X]|[\x90\x98\x9d-\x9f]) [^\x07\x1b\x9c\n]* (?:\x07|\x1b\\|\x9c)?  # OSC
    | \x1b[ -/]* [0-~]?  # character sets, modes
    """,
    re.VERBOSE,
)
_MOVES = "ABCDEFGHJKf"
_LINE_ENDS = re.compile(r"(?<!\r)\r+\n|[\x0b\x0c\x85]")  # looked for once in each row of \r
_UNSEEN = {code: None for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"}
_STEP = re.compile(r"\x00(?P<argument>[0-?]*)(?P<final>[@-~])|[\n\r\b]|[^\x00\n\r\b]+")


def plain(text: str) -> str:
    """Return the text as a terminal shows it in the end: no escapes, progress bars once.

    A line that was written over (carriage return, backspace, movements of the cursor) is its last
    state.
    """
    # Movements stay, marked by a character that is none of the text's own.
    text = _LINE_ENDS.sub("\n", text).replace("\x00", "")
    text = _ESCAPE.sub(
        lambda m: f"\x00{m['argument']}{m['final']}" if m["final"] and m["final"] in _MOVES else "",
        text,
    )
    if re.search("[\x00\r\b]", text):
        text = _played(text)
    return printable(text)


def printable(text: str) -> str:
    """Return text without the control characters that no reader sees."""
    return text.translate(_UNSEEN)


def _played(text: str) -> str:
    """Return what stands there when all was written; no movement leaves the last rows."""
    above: list[str] = []
    rows: list[list[str]] = [[]]
    row = column = 0
    for step in _STEP.finditer(text):
        what, final = step[0], step["final"]
        count, second = _numbers(step["argument"])
        if what == "\n":
            row, column = row + 1, 0
        elif what == "\r":
            column = 0
        elif what == "\b":
            column = max(0, column - 1)
        elif final is None:
            line = rows[row]
            line.extend(" " * (column - len(line)))
            line[column : column + len(what)] = what
            column += len(what)
        elif final in "AF":
            row = max(0, row - max(1, count))
        elif final in "BE":
            row = min(row + max(1, count), len(rows) - 1)
        elif final == "C":
            column = min(column + max(1, count), _WIDTH)
        elif final == "D":
            column = max(0, column - max(1, count))
        elif final == "G":
            column = min(max(0, count - 1), _WIDTH)
        elif final in "Hf":
            row, column = min(max(0, count - 1), len(rows) - 1), min(max(0, second - 1), _WIDTH)
        elif final == "J" and count >= 2:
            rows, row = [[]], 0
        elif final == "J":
            del rows[row + 1 :], rows[row][column:]
        elif count == 0:  # K: the rest of the line
            del rows[row][column:]
        else:
            rows[row][: column if count == 1 else None] = " " * column if count == 1 else ""
        column = 0 if final and final in "EF" else column
        if row == len(rows):
            rows.append([])
        if row == _ROWS:
            above.append("".join(rows.pop(0)).rstrip())
            row -= 1
    return "\n".join([*above, *("".join(line).rstrip() for line in rows)])


# The terminal that is played: movements go no further, what is written does.
_ROWS, _WIDTH = 50, 300


def _numbers(argument: str | None) -> tuple[int, int]:
    """Return the two numbers of a movement, 0 where they are left out."""
    given = [int(part) if part.isdecimal() else 0 for part in (argument or "").split(";")[:2]]
    first, second = [min(number, 10_000) for number in [*given, 0, 0][:2]]
    return first, second
