"""Tell, before anything is installed, a machine or Python that TensorFlow has no wheel for.

Run as a file, by any Python and with nothing installed: ``python src/workbook/machine.py``.
"""

import os
import platform
import re
import sys
import sysconfig
from typing import NamedTuple

ELSEWHERE = "Colab runs the workbook; see 'What is needed on each system' in README.md"

MACOS_12 = (21,)
"""The first number of its kernel's version."""


class Machine(NamedTuple):
    """What decides which wheels pip takes: of the Python that runs, not of the processor."""

    python: "tuple[int, int]"
    build: str
    """``cpython``, ``pypy``, …; ``free-threaded`` for CPython without its lock."""
    system: str
    """``sys.platform``."""
    processor: str
    """``x86_64``, ``aarch64``, ``arm64``, ``amd64``, …, as that Python is built."""
    bits: int
    libc: str
    """``glibc 2.41`` or another name; only Linux has a choice."""
    kernel: str
    """What the system says of itself: tells a Mac's own processor from the one it imitates."""


def this() -> Machine:
    """Return the machine and the Python that this runs on."""
    built_for = sysconfig.get_platform().rpartition("-")[2].lower()
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        libc = sysconfig.get_config_var("HOST_GNU_TYPE") or ""
    return Machine(
        python=sys.version_info[:2],
        build="free-threaded"
        if sysconfig.get_config_var("Py_GIL_DISABLED")
        else sys.implementation.name,
        system=sys.platform,
        processor=platform.machine().lower() if built_for == "universal2" else built_for,
        bits=64 if sys.maxsize > 2**32 else 32,
        libc=libc,
        kernel=platform.version(),
    )


def obstacle(machine: Machine) -> "str | None":
    """Return in a line why TensorFlow cannot be installed and what to do; None where it can."""
    python = "Python {}.{}".format(*machine.python)
    if machine.build != "cpython":
        return f"this {python} is {machine.build}: TensorFlow needs the usual CPython, install it"
    if machine.bits != 64:
        return f"this {python} has 32 bits: TensorFlow needs one of 64, install it. {ELSEWHERE}"
    if machine.system == "darwin" and machine.processor != "arm64":
        if "ARM64" in machine.kernel:
            return f"this {python} is made for Intel, this Mac is not: install the one for arm64"
        return f"TensorFlow has no wheel for Intel Macs any more. {ELSEWHERE}"
    if machine.system == "darwin" and _number(r"Version (\d+)", machine.kernel) < MACOS_12:
        return (
            f"TensorFlow has wheels for macOS 12 and newer: bring this Mac up to date. {ELSEWHERE}"
        )
    if machine.system == "win32" and machine.processor != "amd64":
        return (
            "TensorFlow has no wheel for Windows on Arm. Install the Linux of WSL and run this in "
            f"it: there it has one. {ELSEWHERE}"
        )
    if machine.system == "linux" and machine.processor not in ("x86_64", "aarch64"):
        return f"TensorFlow has no wheel for Linux on {machine.processor}. {ELSEWHERE}"
    if machine.system == "linux" and _number(r"glibc (\d+)\.(\d+)", machine.libc) < (2, 28):
        return (
            f"this Linux has {machine.libc or 'no glibc'}, and the wheels need glibc 2.28 or newer "
            f"(Debian 10, Ubuntu 20.04, Fedora 29). {ELSEWHERE}"
        )
    if machine.system not in ("linux", "darwin", "win32"):
        return f"TensorFlow has no wheel for {machine.system}. {ELSEWHERE}"
    # Last: a new Python helps only where the machine can have TensorFlow.
    if not (3, 11) <= machine.python < (3, 14):
        return (
            f"no Python 3.11, 3.12 or 3.13 found, and this is {python}: install one, or name it: "
            "make PYTHON=/path/to/python3.12 ..."
        )
    return None


def _number(pattern: str, text: str) -> "tuple[int, ...]":
    found = re.search(pattern, text)
    return tuple(map(int, found.groups())) if found else ()


if __name__ == "__main__":
    found = obstacle(this())
    sys.exit(f"FAILED: {found}" if found else 0)
