"""How many processes run at a time, by what they may use."""

import os
from pathlib import Path
from types import SimpleNamespace

from workbook_staff import capacity, cli

import psutil
import pytest


@pytest.mark.parametrize(
    ("cores", "quota", "most", "used", "count"),
    [
        (64, "max 100000", "max", "0", 64),
        (64, "250000 100000", "max", "0", 2),
        (64, "max 100000", str(5 * 1024**3), str(1024**3), 4),
        (2, "max 100000", str(1024**2), "0", 1),
        (4, "", "", "", 4),
    ],
)
def test_cores_and_memory_of_the_control_group_count(
    cores: int,
    quota: str,
    most: str,
    used: str,
    count: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in (("cpu.max", quota), ("memory.max", most), ("memory.current", used)):
        if text:
            (tmp_path / name).write_text(f"{text}\n")
    free = SimpleNamespace(available=1024**4)
    monkeypatch.setattr(capacity, "_CGROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(cores), raising=False)
    assert capacity.at_once(1024**3) == count


def test_a_number_of_jobs_is_at_least_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["grade", "in", "--jobs", "0"])
    assert "'0' is no number from 1 on" in capsys.readouterr().err
