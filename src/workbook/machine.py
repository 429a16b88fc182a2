"""Tell, before anything is installed, a machine or Python that TensorFlow has no wheel for."""

import platform
import re
import sys
import sysconfig
from typing import NamedTuple

ELSEWHERE = "Colab runs the workbook; see 'What is needed on each system' in README.md"

WHEELS = {"linux": ("x86_64", "aarch64"), "darwin": ("arm64",), "win32": ("amd64",)}
"""The processors that TensorFlow has wheels for, by ``sys.platform``."""

ADVICE = {
    "darwin": "any more for Intel Macs; on a newer Mac, install the Python that is made for arm64",
    "win32": "for Windows on Arm or of 32 bits. Install the Linux of WSL, and run this in it",
}


class Machine(NamedTuple):
    """What decides which wheels pip takes: of the Python that runs, not of the processor."""

    python: "tuple[int, int]"
    build: str
    """``cpython``, ``pypy``, …; ``free-threaded`` for CPython without its lock."""
    system: str
    processor: str
    glibc: "tuple[int, ...]"
    """The version of Linux' C library; () where it has another one."""


def this() -> Machine:
    """Return the machine and the Python that this runs on."""
    built_for = sysconfig.get_platform().rpartition("-")[2].lower()
    free_threaded = sysconfig.get_config_var("Py_GIL_DISABLED")
    return Machine(
        python=sys.version_info[:2],
        build="free-threaded" if free_threaded else sys.implementation.name,
        system=sys.platform,
        processor=platform.machine().lower() if built_for == "universal2" else built_for,
        glibc=tuple(map(int, re.findall(r"\d+", platform.libc_ver()[1]))),
    )


def obstacle(machine: Machine) -> "str | None":
    """Return in a line why TensorFlow cannot be installed and what to do; None where it can."""
    python = "Python {}.{}".format(*machine.python)
    if machine.build != "cpython":
        return f"this {python} is {machine.build}: TensorFlow needs the usual CPython, install it"
    if machine.processor not in WHEELS.get(machine.system, ()):
        advice = ADVICE.get(machine.system, f"for {machine.system} on {machine.processor}")
        return f"TensorFlow has no wheel {advice}. {ELSEWHERE}"
    if machine.system == "linux" and machine.glibc < (2, 28):
        return f"TensorFlow's wheels need Linux with glibc 2.28 (2018) or newer. {ELSEWHERE}"
    # Last: a new Python helps only where the machine can have TensorFlow.
    if not (3, 11) <= machine.python < (3, 14):
        return (
            f"no Python 3.11, 3.12 or 3.13 found, and this is {python}: install one, or name it: "
            "make PYTHON=/path/to/python3.12 ..."
        )
    return None
