"""How many processes may grade at a time, by what this machine lets a process use."""

import os
from pathlib import Path

WORKER_BYTES = 1024**3
"""What a process that grades, and its sandbox, need while answers are of an ordinary size."""

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")
_UNKNOWN = 1 << 60


def count() -> int:
    """Return the number of processes: one a core, as far as there is memory; at least one."""
    return max(1, min(_cores(), _memory() // WORKER_BYTES))


def _cores() -> int:
    """Return the cores that this process may use, by its affinity and its control group."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota, _, period = _text(_CGROUP / "cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal() and int(period):
        cores = min(cores, -(-int(quota) // int(period)))
    return cores


def _memory() -> int:
    """Return the bytes that are free, by the system and by its control group."""
    free = [_UNKNOWN]
    for line in _text(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            free.append(int(line.split()[1]) * 1024)
    most, used = (_text(_CGROUP / f"memory.{name}") for name in ("max", "current"))
    if most.isdecimal() and used.isdecimal():
        free.append(int(most) - int(used))
    return min(free)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:  # of another system
        return ""
