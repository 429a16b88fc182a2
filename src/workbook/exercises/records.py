"""What an exercise says, with the record that it leaves; and what this kernel has seen of it.

Each check leaves a record in the notebook, as an output of its own type, by which a hand-in can be
judged later. Nothing else is written down, and nothing is sent anywhere.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

MIME_TYPE = "application/vnd.workbook.exercise+json"

opened: Counter[str] = Counter()
"""How many hints of each exercise were opened, 0 to 3, since the kernel was started."""

predicted: dict[str, str] = {}
"""The first prediction for each exercise since the kernel was started, as it was shown."""


@dataclass(frozen=True)
class Said:
    """What an exercise says: Markdown for the reader, and the record beside it.

    ``shown`` ends the Markdown and is left out of the text: numbers that differ from one computer
    to another, which a run that compares outputs as text must not trip over.
    """

    markdown: str
    record: dict[str, Any] | None = None
    shown: str = ""

    def __repr__(self) -> str:
        """Return the text without marks."""
        # Every other part is code, in which ** is a power.
        parts = self.markdown.split("`")
        return "".join(part if n % 2 else part.replace("**", "") for n, part in enumerate(parts))

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        markdown = f"{self.markdown}\n\n{self.shown}" if self.shown else self.markdown
        bundle = {"text/markdown": markdown, "text/plain": repr(self)}
        return bundle if self.record is None else {MIME_TYPE: self.record, **bundle}
