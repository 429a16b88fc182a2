"""Turn what a program wrote to a terminal into the plain text that a reader would see there."""

import re

# ECMA-48, with the strings that terminals added to it (OSC: titles and links). An unfinished one
# ends with its line.
_ESCAPE = re.compile(
    r"""
    (?:\x1b\[|\x9b) [0-?]* [ -/]* [@-~]?  # CSI: colours, the cursor
    | (?:\x1b[P_^X]|[\x90\x98\x9e\x9f]) [^\x1b\x9c]* (?:\x1b\\|\x9c)  # DCS, APC, PM, SOS
    | (?:\x1b[]P_^X]|[\x90\x98\x9d-\x9f]) [^\x07\x1b\x9c\n]* (?:\x07|\x1b\\|\x9c)?  # OSC
    | \x1b[ -/]* [0-~]?  # character sets, modes
    """,
    re.VERBOSE,
)
_LINE_ENDS = re.compile(r"(?<!\r)\r+\n|[\x0b\x0c\x85]")  # looked for once in each row of \r
_WRITTEN_OVER = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)
_UNSEEN = {code: None for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"}


def plain(text: str) -> str:
    """Return text without escapes, each line in its last state: progress bars once."""
    return printable(shown(_ESCAPE.sub("", _LINE_ENDS.sub("\n", text))))


def printable(text: str) -> str:
    """Return text without the control characters that no reader sees."""
    return text.translate(_UNSEEN)


def shown(text: str) -> str:
    """Return text without what its backspaces and carriage returns took back."""
    if "\b" in text:
        kept: list[str] = []
        for character in text:
            if character != "\b":
                kept.append(character)
            elif kept and kept[-1] != "\n":
                kept.pop()
        text = "".join(kept)
    return _WRITTEN_OVER.sub("", text)
