"""Which machines are turned away before anything is installed, and with what words."""

import sys

from workbook import machine

import pytest

GOOD = machine.Machine((3, 12), "cpython", "linux", "x86_64", (2, 36))


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"python": (3, 11)},
        {"python": (3, 13), "glibc": (2, 41)},
        {"processor": "aarch64", "glibc": (2, 28)},
        {"system": "darwin", "processor": "arm64", "glibc": ()},
        {"system": "win32", "processor": "amd64", "glibc": ()},
    ],
)
def test_a_machine_with_wheels_passes(fine: dict[str, object]) -> None:
    assert machine.obstacle(GOOD._replace(**fine)) is None


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"system": "darwin", "processor": "x86_64", "glibc": ()}, "Intel Macs"),
        ({"system": "win32", "processor": "arm64", "glibc": ()}, "Windows on Arm"),
        ({"system": "win32", "processor": "win32", "glibc": ()}, "32 bits"),
        ({"processor": "armv7l"}, "linux on armv7l"),
        ({"processor": "riscv64"}, "linux on riscv64"),
        ({"glibc": ()}, "glibc 2.28"),
        ({"glibc": (2, 17)}, "glibc 2.28"),
        ({"system": "freebsd14"}, "freebsd14"),
        ({"python": (3, 14)}, "Python 3.14"),
        ({"python": (3, 10)}, "Python 3.10"),
        ({"build": "pypy"}, "pypy"),
        ({"build": "free-threaded", "python": (3, 13)}, "free-threaded"),
    ],
)
def test_a_machine_without_wheels_is_told_in_a_line(odd: dict[str, object], said: str) -> None:
    told = machine.obstacle(GOOD._replace(**odd))
    assert told is not None
    assert said in told
    assert "\n" not in told
    assert "install" in told.lower() or "Colab" in told


def test_the_machine_is_told_before_the_python() -> None:
    told = machine.obstacle(GOOD._replace(processor="riscv64", python=(3, 14)))
    assert told is not None
    assert "riscv64" in told


def test_this_machine_is_read_as_it_is() -> None:
    here = machine.this()
    assert here.python == sys.version_info[:2]
    assert here.system == sys.platform
    assert here.processor
    assert machine.obstacle(here) is None
