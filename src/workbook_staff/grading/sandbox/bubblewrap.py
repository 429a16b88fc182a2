"""A room without doors for students' code, made by bubblewrap.

Nothing is in there that could be harmed: no network, a system that can only be read, no home, none
of the user's files, no other hand-in, and not the exercises' right answers. See
https://github.com/containers/bubblewrap.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import workbook
from workbook_staff.grading.sandbox import child, silent

TEMPORARY_BYTES = 256 * 1024**2
NOBODY = "65534"

ENVIRONMENT = {
    "PYTHONPATH": "/workbook",
    "HOME": str(child.TEMPORARY),
    "TMPDIR": str(child.TEMPORARY),
    "MPLCONFIGDIR": str(child.TEMPORARY),
    "MPLBACKEND": "agg",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "WORKBOOK_QUICK": os.environ.get("WORKBOOK_QUICK", ""),
}
"""All that is set in there."""


def _seen() -> list[str]:
    """Return the options by which a room sees what an answer needs, none of which can be written.

    What is hidden lies below an empty folder, which nothing can be left in for the next answer.
    """
    system = [Path(f"/{name}") for name in ("usr", "bin", "lib", "lib64")]
    package = Path(workbook.__file__).resolve().parent
    places = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()]
    inside = Path("/workbook/workbook")
    hidden = [inside / "exercises" / "judges", inside / "exercises" / "texts"]
    if any(package.is_relative_to(place) for place in (*places, Path("/usr"))):
        # Installed beside the other packages, it would be seen there too, with its right answers.
        hidden.append(package)
    bound = {place: place for place in system if place.exists() and not place.is_symlink()}
    bound |= {place: place for place in places if not place.is_relative_to("/usr")}
    bound |= {
        inside: package,
        inside.with_name("workbook_staff"): package.with_name("workbook_staff"),
        inside / "exercises" / "__init__.py": Path(silent.__file__),
    }
    cache = "/etc/ld.so.cache"
    options: list[tuple[str | Path, ...]] = [
        *(("--symlink", link.readlink(), link) for link in system if link.is_symlink()),
        *(("--ro-bind", place, at) for at, place in bound.items()),
        ("--ro-bind-try", cache, cache),
        *(("--tmpfs", place, "--remount-ro", place) for place in hidden),
    ]
    # Where the course lies below /tmp, it is seen there, and nothing else is.
    if not any(place.is_relative_to("/tmp") for place in bound):
        options.append(("--symlink", child.TEMPORARY, "/tmp"))
    return [str(part) for option in options for part in option]


def enter(given: tuple[int, int, int]) -> "subprocess.Popen[bytes]":
    """Start :mod:`workbook_staff.grading.sandbox.child` in a room of its own.

    What it is given becomes its standard input, output and error.
    """
    stdin, stdout, stderr = given
    # Without our environment: what starts it could be asked for it in /proc.
    command = [*_command(), sys.executable, "-P", "-s", "-m", child.__name__]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, env={})


def leave(process: "subprocess.Popen[bytes]") -> None:
    """End what was started, and all that runs in there."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)  # what has nothing to do ends by itself
    process.kill()
    process.wait()


@functools.cache
def why_not() -> str:
    """Return why no room can be made here, "" where it can."""
    if not sys.platform.startswith("linux"):
        return "answers are executed on Linux only, in a sandbox (WSL is Linux, too)"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt install bubblewrap, or dnf install bubblewrap)"
    tried = subprocess.run([*_command(), "/bin/true"], capture_output=True, check=False, env={})
    if tried.returncode:
        lines = tried.stderr.decode(errors="replace").strip().splitlines() or ["no word"]
        return (
            f"bubblewrap does not work on this machine ({lines[-1][-300:]}); what Ubuntu needs "
            "besides is in notebooks/README.md, Grading"
        )
    return ""


def _command() -> list[str]:
    """Return what makes a room, before the command that runs in there."""
    return [
        *(shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent"),
        # None of bubblewrap's own processes: an answer could open its memory and its pipes.
        *("--new-session", "--as-pid-1"),
        *("--cap-drop", "ALL", "--uid", NOBODY, "--gid", NOBODY),
        *("--hostname", "sandbox", "--clearenv"),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", str(TEMPORARY_BYTES), "--tmpfs", str(child.TEMPORARY)),
        *_seen(),
        *("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", str(child.TEMPORARY)),
        *(part for pair in ENVIRONMENT.items() for part in ("--setenv", *pair)),
    ]
