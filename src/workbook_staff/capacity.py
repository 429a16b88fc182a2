"""How much this machine lets a process use, by its affinity, its memory and its control group."""

import os
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


def cores() -> int:
    """Return how many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    found = len(allowed(0))
    quota, _, period = _control_group("cpu.max").partition(" ")
    return max(1, min(found, round(int(quota) / int(period)))) if quota.isdecimal() else found


def at_once(each: int) -> int:
    """Return how many processes that need ``each`` bytes and a core there is room for, or 1."""
    free = psutil.virtual_memory().available
    if (limit := _control_group("memory.max")).isdecimal():
        free = min(free, int(limit) - int(_control_group("memory.current") or 0))
    return max(1, min(cores(), free // each))


def _control_group(name: str) -> str:
    """Return what Linux allows this container, "" where there is no such limit."""
    try:
        return (_CGROUP / name).read_text("utf-8").strip()
    except OSError:
        return ""
