"""Execute answers, one after the other, in a sandbox."""

import base64
import contextlib
import json
import os
import selectors
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.errors import GradingError
from workbook_staff.grading.sandbox import bubblewrap, child, system_calls
from workbook_staff.grading.students import in_a_line

MOST_BYTES = 1_000_000
"""The longest value that an answer may have, as JSON."""

START_SECONDS = 300
"""How long a sandbox may take to start: importing TensorFlow takes minutes on a busy machine."""


def missing() -> str:
    """Return why nothing can be executed here, "" where it can."""
    return bubblewrap.why_not() or system_calls.missing()


@dataclass
class Sandbox:
    """A running sandbox in which one answer after the other is executed, each in its own process.

    Of files, an answer gets those that it needs, already opened: no folder of ours is in there.
    """

    _process: "subprocess.Popen[bytes] | None" = None
    _jobs: socket.socket | None = None
    _said: int = -1
    _control: int = -1

    def run(self, job: dict[str, Any], files: Mapping[str, Path], seconds: int) -> dict[str, Any]:
        """Return what a job gives: ``outcome`` ("" where there is a value), ``why``, ``plain``.

        ``is_lasting`` says whether it would be the same another time.

        All of it is the student's word, but for what the sandbox itself has to say. ``files`` are
        those of which the job speaks, by name. ``seconds`` is the wall time that it may take.
        The sandbox is started where it does not run.

        Raises:
            GradingError: It does not start.
            OSError: A file cannot be read.
        """
        started = time.monotonic()
        # What ended the sandbox itself need not have been this answer's doing: once more, alone.
        said, ended = self._ran(job, files, seconds)
        if ended == _GONE:
            said, ended = self._ran(job, files, seconds)
        told = _told(said, ended, seconds, _JUDGED if job.get("judge") else _MADE)
        return told | {"seconds": round(time.monotonic() - started, 3)}

    def _ran(
        self, job: dict[str, Any], files: Mapping[str, Path], seconds: int
    ) -> tuple[bytes, str]:
        self._started()
        assert self._jobs is not None
        program = base64.b64encode(system_calls.program()).decode()
        whole = job | {"seconds": seconds, "files": list(files), "filter": program}
        data = json.dumps(whole).encode()
        try:
            self._jobs.sendall(b"%04d" % min(seconds, 9999) + struct.pack("<Q", len(data)) + data)
            _hand_in(self._jobs, list(files.values()))
            said, ended = self._heard(seconds + 10)
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
        if self._jobs is not None:
            self._jobs.close()
            if self._process is not None:
                bubblewrap.leave(self._process)
            os.close(self._said)
            os.close(self._control)
            self._process = self._jobs = None

    def _started(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        self._jobs, theirs = socket.socketpair()
        self._said, output = os.pipe()
        self._control, errors = os.pipe()
        first = ""
        try:
            self._process = bubblewrap.enter((theirs.fileno(), output, errors))
        except OSError as error:
            first = str(error)
        finally:
            theirs.close()
            os.close(output)
            os.close(errors)
        try:
            first = first or self._heard(START_SECONDS)[1]
        except (TimeoutError, _TooMuchError):
            first = "no word"
        if first != "ready":
            self.stop()
            raise GradingError(
                f"the sandbox did not start ({first[-300:]}); --claimed-only reads what the "
                "hand-ins claim, and executes nothing"
            )

    def _heard(self, seconds: float) -> tuple[bytes, str]:
        """Return what came by the output until the control line, and that line."""
        deadline = time.monotonic() + seconds
        said, control = b"", b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._said, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            while not control.endswith(b"\n"):
                events = selector.select(max(0.0, deadline - time.monotonic()))
                if not events:
                    raise TimeoutError
                for key, _ in events:
                    part = os.read(key.fd, 65_536)
                    if key.fd == self._said:
                        said += part
                    else:
                        control += part
                    if not part and key.fd == self._control:
                        return said, control.decode(errors="replace").strip() or _GONE
                    if not part:
                        selector.unregister(key.fileobj)
                if len(said) > MOST_BYTES or len(control) > MOST_BYTES:
                    raise _TooMuchError
        said += b"".join(_waiting(self._said))
        return said, control.decode(errors="replace").strip().rpartition("\n")[2]


_GONE = "gone"


def _hand_in(jobs: socket.socket, files: Sequence[Path]) -> None:
    """Send opened files; a message holds at most 253 (unix(7), SCM_RIGHTS)."""
    for start in range(0, len(files), child.MOST_FILES):
        with contextlib.ExitStack() as opened:
            batch = files[start : start + child.MOST_FILES]
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


_MADE = ("", "error", "too large", "unattempted")
_JUDGED = ("right", "wrong", "too large")
"""What a job may say: where a student's code runs, it never says how that is judged."""


def _told(said: bytes, ended: str, seconds: int, known: tuple[str, ...]) -> dict[str, Any]:
    """Return the student's word as far as it is one, else what became of the process."""
    nothing: dict[str, Any] = {"plain": None, "said": "", "misconception": ""}
    once = nothing | {"is_lasting": False}
    if ended == "timeout":
        return once | {"outcome": "timeout", "why": f"stopped after {seconds} s"}
    if ended in child.STOPPED:
        return once | {"outcome": "too large", "why": child.STOPPED[ended]}
    if ended == _GONE:
        return once | {"outcome": "error", "why": "it ended the sandbox, and left no value"}
    if ended not in ("done", "too large"):
        return once | {"outcome": "error", "why": f"Python itself stopped ({ended})"}
    nothing |= {"is_lasting": True}
    if ended == "too large" or len(said) > MOST_BYTES:
        why = f"its value is longer than {MOST_BYTES:,} bytes"
        return nothing | {"outcome": "too large", "why": why}
    error = nothing | {"outcome": "error", "why": "it left no value"}
    try:
        told = json.loads(said, parse_constant=lambda _: None)
        json.dumps(told)  # what can be read need not be shallow enough to be written
    except (ValueError, RecursionError):
        return error | {"why": "it ended Python itself, and left no value"} | once
    if not isinstance(told, dict):
        return error
    outcome = told.get("outcome")
    if outcome not in known:
        return error
    return {
        "outcome": outcome,
        "why": line(told.get("why")),
        "plain": told.get("plain"),
        "said": line(told.get("said")),
        "misconception": line(told.get("misconception")),
        "is_lasting": told.get("is_lasting") is not False,
    }


def line(text: Any) -> str:
    """Return a student's text in one line, "" for what is no text."""
    return in_a_line(text, 300) if isinstance(text, str) else ""
