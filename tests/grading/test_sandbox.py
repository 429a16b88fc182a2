"""What is said where no sandbox can be had."""

import sys
from pathlib import Path

from workbook.errors import GradingError
from workbook_staff.grading.sandbox import bubblewrap, child, parent

import pytest

pytestmark = pytest.mark.skipif("not sys.platform.startswith('linux')", reason="Linux only")


def test_nothing_is_seen_in_the_folder_that_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A course below /tmp was walked after each answer, and each got a new sandbox."""
    monkeypatch.setattr(sys, "prefix", "/tmp/course/.venv")
    command = bubblewrap._command()
    targets = [command[n + 2] for n, word in enumerate(command) if word.startswith("--ro-bind")]
    assert "/tmp/course/.venv" in targets
    assert not [place for place in targets if Path(place).is_relative_to(child.TEMPORARY)]
    assert "/tmp" not in command


def test_a_sandbox_that_cannot_be_had_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "bubblewrap is not installed" in bubblewrap.why_not.__wrapped__()
    file = tmp_path / "bwrap"
    file.write_text("#!/bin/sh\necho one >&2\necho 'no room' >&2\nexit 1\n", encoding="utf-8")
    file.chmod(0o755)
    said = "bubblewrap does not work on this machine (no room); what Ubuntu needs besides"
    assert bubblewrap.why_not.__wrapped__().startswith(said)
    with pytest.raises(GradingError, match=r"did not start.*--claimed-only"):
        parent.Sandbox().run({"source": "x = 1"}, {}, 1)
