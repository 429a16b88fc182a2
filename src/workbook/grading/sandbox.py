"""A room without doors for students' code: bubblewrap, with nothing in it that could be harmed.

No network, a system that can only be read, no home, none of the user's files, no other hand-in,
and not the exercises' right answers. See https://github.com/containers/bubblewrap.
"""

import contextlib
import functools
import json
import os
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import workbook
from workbook.grading import inside, silent
from workbook.reports import KernelError

MOST_BYTES = 1_000_000
"""The longest value that an answer may have, as JSON."""

START_SECONDS = 120


@functools.cache
def missing() -> str:
    """Return why nothing can be executed here, "" where it can."""
    if not sys.platform.startswith("linux"):
        return "answers are executed on Linux only, in bubblewrap's sandbox (WSL is Linux, too)"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian, Ubuntu: apt install bubblewrap)"
    tried = subprocess.run(
        [*_room(), "/bin/true"], capture_output=True, text=True, check=False, env={}
    )
    if tried.returncode:
        said = (tried.stderr.strip().splitlines() or ["no word"])[-1]
        return f"bubblewrap does not work on this machine ({said})"
    return ""


def _room() -> list[str]:
    """Return the command up to what runs in the sandbox, without Python."""
    system = [f"/{name}" for name in ("usr", "bin", "lib", "lib64") if Path(f"/{name}").exists()]
    links = [part for place in system for part in _bound(place)]
    return [
        *(
            shutil.which("bwrap") or "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
        ),
        *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--clearenv"),
        *links,
        *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
        *("--proc", "/proc", "--dev", "/dev", "--size", str(256 * 1024**2), "--tmpfs", "/tmp"),
        *("--chdir", "/tmp"),
    ]


def _bound(place: str) -> list[str]:
    if Path(place).is_symlink():
        return ["--symlink", str(Path(place).readlink()), place]
    return ["--ro-bind", place, place]


def _command() -> list[str]:
    """Return the command that starts :mod:`workbook.grading.inside` with what it may see."""
    package = Path(workbook.__file__).resolve().parent
    places = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()]
    bound = [p for place in places if not place.is_relative_to("/usr") for p in _bound(str(place))]
    # Installed beside the other packages, it would be seen there too, with its right answers.
    is_seen = any(package.is_relative_to(place) for place in (*places, Path("/usr")))
    # A virtual environment's Python is a link, perhaps to one that is a link again.
    python = Path(sys.executable)
    return [
        *_room(),
        *bound,
        *(("--tmpfs", str(package)) if is_seen else ()),
        *("--ro-bind", str(package), "/workbook/workbook"),
        *("--tmpfs", "/workbook/workbook/exercises/course"),
        *("--ro-bind", str(Path(silent.__file__)), "/workbook/workbook/exercises/__init__.py"),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *("--setenv", "PYTHONPATH", "/workbook", "--setenv", "HOME", "/tmp"),
        *("--setenv", "MPLCONFIGDIR", "/tmp", "--setenv", "MPLBACKEND", "agg"),
        *("--setenv", "TF_CPP_MIN_LOG_LEVEL", "3", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"),
        *("--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8"),
        *("--setenv", "WORKBOOK_QUICK", os.environ.get("WORKBOOK_QUICK", "")),
        *(str(python), "-P", "-s", "-m", inside.__name__),
    ]


@dataclass
class Sandbox:
    """A running sandbox in which one answer after the other is executed, each in its own process.

    Of files, an answer gets those that it needs, already opened: no folder of ours is in there.
    """

    _process: "subprocess.Popen[bytes] | None" = None
    _jobs: socket.socket | None = None

    def run(self, job: dict[str, Any], files: Sequence[Path], seconds: int) -> dict[str, Any]:
        """Return what came of a job: ``outcome`` ("" where there is a value), ``why``, ``plain``.

        All of it is the student's word, but for what the sandbox itself has to say. ``files`` are
        those of which the job speaks, in its order. ``seconds`` is the wall time that it may take.
        The sandbox is started where it does not run.

        Raises:
            KernelError: It does not start.
            OSError: A file cannot be read.
        """
        started = time.monotonic()
        # What ended the sandbox itself need not have been this answer's doing: once more, alone.
        said, ended = self._ran(job, files, seconds)
        if ended == _GONE:
            said, ended = self._ran(job, files, seconds)
        told = _told(said, ended, seconds)
        return told | {"seconds": round(time.monotonic() - started, 3)}

    def _ran(self, job: dict[str, Any], files: Sequence[Path], seconds: int) -> tuple[bytes, str]:
        process = self._started()
        assert self._jobs is not None
        data = json.dumps(job | {"seconds": seconds, "files": len(files)}).encode()
        try:
            self._jobs.sendall(b"%04d" % min(seconds, 9999) + struct.pack("<Q", len(data)) + data)
            _hand_in(self._jobs, files)
            said, ended = self._heard(process, seconds + 10)
        except ConnectionError:
            said, ended = b"", _GONE
        except (TimeoutError, _TooMuchError) as error:
            said, ended = b"", "timeout" if isinstance(error, TimeoutError) else "too large"
            self.stop()
        if ended == _GONE or ended.endswith(" last"):
            self.stop()
        return said, ended.removesuffix(" last")

    def stop(self) -> None:
        """End it, and all that runs in it."""
        if self._process is not None and self._jobs is not None:
            self._jobs.close()  # where nothing runs in it, it ends by itself
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = self._jobs = None

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        self._jobs, theirs = socket.socketpair()
        pipe = subprocess.PIPE
        with theirs:  # Without our environment: what starts it could be asked for it in /proc.
            self._process = subprocess.Popen(
                _command(), stdin=theirs.fileno(), stdout=pipe, stderr=pipe, env={}
            )
        try:
            _, first = self._heard(self._process, START_SECONDS)
        except (TimeoutError, _TooMuchError):
            first = "no word"
        if first != "ready":
            self.stop()
            raise KernelError(
                f"the sandbox did not start ({first[-300:]}); --claimed-only reads what the "
                "hand-ins claim, and executes nothing"
            )
        return self._process

    def _heard(self, process: "subprocess.Popen[bytes]", seconds: float) -> tuple[bytes, str]:
        """Return what came by the output until the control line, and that line."""
        assert process.stdout is not None and process.stderr is not None
        deadline = time.monotonic() + seconds
        said, control = b"", b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stderr, selectors.EVENT_READ)
            while not control.endswith(b"\n"):
                events = selector.select(max(0.0, deadline - time.monotonic()))
                if not events:
                    raise TimeoutError
                for key, _ in events:
                    part = os.read(key.fd, 65_536)
                    if key.fileobj is process.stdout:
                        said += part
                    else:
                        control += part
                    if not part and key.fileobj is process.stderr:
                        return said, control.decode(errors="replace").strip() or _GONE
                    if not part:
                        selector.unregister(key.fileobj)
                if len(said) > MOST_BYTES or len(control) > MOST_BYTES:
                    raise _TooMuchError
        said += b"".join(_waiting(process.stdout.fileno()))
        return said, control.decode(errors="replace").strip().rpartition("\n")[2]


_GONE = "gone"


def _hand_in(jobs: socket.socket, files: Sequence[Path]) -> None:
    """Send opened files; a message holds at most 253 (unix(7), SCM_RIGHTS)."""
    for start in range(0, len(files), inside.MOST_FILES):
        with contextlib.ExitStack() as opened:
            batch = files[start : start + inside.MOST_FILES]
            held = [opened.enter_context(path.open("rb")) for path in batch]
            socket.send_fds(jobs, [b"."], [file.fileno() for file in held])


class _TooMuchError(Exception):
    pass


def _waiting(descriptor: int) -> Iterator[bytes]:
    """Give what is in a pipe by now."""
    os.set_blocking(descriptor, False)
    try:
        with contextlib.suppress(BlockingIOError):
            while part := os.read(descriptor, 65_536):
                yield part
    finally:
        os.set_blocking(descriptor, True)


def _told(said: bytes, ended: str, seconds: int) -> dict[str, Any]:
    """Return the student's word as far as it is one, else what became of the process."""
    if ended == "timeout":
        return {"outcome": "timeout", "why": f"stopped after {seconds} s"}
    if ended == "too large" or len(said) > MOST_BYTES:
        return {"outcome": "too large", "why": f"its value is longer than {MOST_BYTES:,} bytes"}
    if ended == "files":
        why = f"it makes more than {inside.MOST_MADE:,} files"
        return {"outcome": "too large", "why": why}
    if ended == _GONE:
        return {"outcome": "error", "why": "it ended the sandbox, and left no value"}
    if ended != "done":
        return {"outcome": "error", "why": f"Python itself stopped ({ended})"}
    try:
        told = json.loads(said, parse_constant=lambda _: None)
        json.dumps(told)  # what can be read need not be shallow enough to be written
    except (ValueError, RecursionError):
        return {"outcome": "error", "why": "it ended Python itself, and left no value"}
    if not isinstance(told, dict):
        return {"outcome": "error", "why": "it left no value"}
    outcome = told.get("outcome")
    if outcome not in ("", "error", "too large", "unattempted"):
        return {"outcome": "error", "why": "it left no value"}
    return {
        "outcome": outcome,
        "why": _line(told.get("why")),
        "plain": told.get("plain"),
        "said": _line(told.get("said")),
    }


def _line(text: Any) -> str:
    """Return a student's text in one line, of characters that can be seen and written."""
    if not isinstance(text, str):
        return ""
    seen = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(seen.split())[:300]
