"""Which way to make a sandbox is taken, and what is said where there is none."""

from pathlib import Path

from workbook.errors import GradingError
from workbook_staff.grading.sandbox import engines, parent

import pytest

pytestmark = pytest.mark.skipif("not sys.platform.startswith('linux')", reason="Linux only")


class Room:
    def __init__(self, reason: str) -> None:
        self.reason = reason

    def why_not(self) -> str:
        return self.reason


def test_the_first_way_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(room).__name__ for room in engines.ROOMS] == [
        "Bubblewrap",
        "Container",
        "Container",
    ]
    first, second, third = Room("no bubblewrap"), Room(""), Room("")
    monkeypatch.setattr(engines, "ROOMS", (first, second, third))
    assert engines.chosen.__wrapped__() == (second, "")
    second.reason = third.reason = "no daemon"
    assert engines.chosen.__wrapped__() == (None, "no bubblewrap; no daemon; no daemon")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of an engine that does nothing, the only program that there is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "docker"
    file.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_an_engine_that_does_not_work_says_why(engine: Path) -> None:
    assert engines.Container("docker").why_not() == ""
    assert engines.Container("podman").why_not() == "podman is not installed"
    assert "bubblewrap is not installed" in engines.Bubblewrap().why_not()
    engine.write_text("#!/bin/sh\necho one >&2\necho 'no daemon' >&2\nexit 1\n", encoding="utf-8")
    why_not = engines.Container("docker").why_not()
    assert why_not == "docker does not work on this machine (no daemon)"


def test_a_container_that_does_not_start_says_why(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "chosen", lambda: (engines.Container("docker"), ""))
    engine.write_text("#!/bin/sh\necho 'no room left' >&2\nexit 125\n", encoding="utf-8")
    with pytest.raises(GradingError, match=r"did not start.*no room left.*--claimed-only"):
        parent.Sandbox().run({"source": "x = 1"}, {}, 1)


def test_a_container_is_given_nothing_of_ours(engine: Path) -> None:
    """Neither the environment, nor a place that can be written, nor the right answers."""
    command = engines.Container("docker")._command("name", "door")
    mounts = [part for part in command if part.startswith("type=bind")]
    assert len(mounts) > 5 and all(mount.endswith(",readonly") for mount in mounts)
    for folder in ("judges", "texts"):
        target = f",target=/workbook/workbook/exercises/{folder},"
        (empty,) = (part for part in mounts if target in part)
        assert not list(Path(empty.removeprefix("type=bind,source=").partition(",")[0]).iterdir())
    for pair in (
        *(("--network", "none"), ("--user", "65534:65534"), ("--cap-drop", "ALL")),
        *(("--memory", "4g"), ("--pids-limit", "2048"), ("--pull", "never")),
    ):
        assert command[command.index(pair[0]) + 1] == pair[1]
    assert "--read-only" in command and "--privileged" not in command
    image = command.index(engines._image()[0])
    assert command[image + 1 : image + 3] == ["/usr/bin/env", "-i"]
    assert {part.partition("=")[0] for part in command[image + 3 :]} == engines.ENVIRONMENT.keys()
