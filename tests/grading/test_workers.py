"""How many answers are run at a time, by what a process may use."""

import os
from pathlib import Path

from workbook_staff import cli
from workbook_staff.grading import workers

import pytest


@pytest.mark.parametrize(
    ("cores", "quota", "most", "used", "count"),
    [
        (64, "max 100000", "max", "0", 64),
        (64, "250000 100000", "max", "0", 3),
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
    (tmp_path / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {1024**3} kB\n")
    for name, text in (("cpu.max", quota), ("memory.max", most), ("memory.current", used)):
        if text:
            (tmp_path / name).write_text(f"{text}\n")
    monkeypatch.setattr(workers, "_CGROUP", tmp_path)
    monkeypatch.setattr(workers, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(cores), raising=False)
    assert workers.count() == count


def test_a_number_of_jobs_is_at_least_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["grade", "in", "--jobs", "0"])
    assert "'0' is no number from 1 on" in capsys.readouterr().err
