"""Which machines are turned away before anything is installed, and with what words."""

import subprocess
import sys

from workbook import machine

import pytest

GOOD = machine.Machine((3, 12), "cpython", "linux", "x86_64", 64, "glibc 2.36", "")
KERNEL = "Darwin Kernel Version 24.6.0: root:xnu-11417/RELEASE_"


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"python": (3, 11)},
        {"python": (3, 13), "libc": "glibc 2.41"},
        {"processor": "aarch64", "libc": "glibc 2.28"},
        {"system": "darwin", "processor": "arm64", "libc": "", "kernel": KERNEL + "ARM64_T6000"},
        {"system": "darwin", "processor": "arm64", "kernel": "Darwin Kernel Version 21.6.0: ARM64"},
        {"system": "win32", "processor": "amd64", "libc": ""},
    ],
)
def test_a_machine_with_wheels_passes(fine: dict[str, object]) -> None:
    assert machine.obstacle(GOOD._replace(**fine)) is None


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (
            {"system": "darwin", "processor": "x86_64", "libc": "", "kernel": KERNEL + "X86_64"},
            "Intel Macs",
        ),
        (
            {"system": "darwin", "processor": "x86_64", "libc": "", "kernel": KERNEL + "ARM64_T8"},
            "the one for arm64",
        ),
        ({"system": "win32", "processor": "arm64", "libc": ""}, "Windows on Arm"),
        ({"system": "win32", "processor": "win32", "bits": 32, "libc": ""}, "32 bits"),
        ({"processor": "armv7l", "bits": 32}, "32 bits"),
        ({"processor": "riscv64"}, "Linux on riscv64"),
        ({"processor": "ppc64le"}, "Linux on ppc64le"),
        ({"libc": "x86_64-alpine-linux-musl"}, "x86_64-alpine-linux-musl"),
        (
            {
                "system": "darwin",
                "processor": "arm64",
                "kernel": "Darwin Kernel Version 20.6.0: RELEASE_ARM64",
            },
            "macOS 12",
        ),
        ({"libc": ""}, "no glibc"),
        ({"libc": "glibc 2.17"}, "glibc 2.17"),
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


def test_the_file_runs_where_nothing_is_installed() -> None:
    # -I and -S: neither the workbook nor any other package can be imported.
    ran = subprocess.run(
        [sys.executable, "-I", "-S", machine.__file__], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_this_machine_is_read_as_it_is() -> None:
    here = machine.this()
    assert here.python == sys.version_info[:2]
    assert here.system == sys.platform
    assert here.processor
    assert here.bits == 64
