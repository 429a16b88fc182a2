"""What runs inside the sandbox: a process that forks for each answer, runs it, and tells its value.

It is started by :mod:`workbook_staff.grading.sandbox.parent` and imports, once, what answers need.
For each job it forks; the child reads the job, gives up all that it does not need (files, new
processes, signals, memory and time beyond its limits), runs the student's cell, and writes one line
of JSON. The parent never reads a job nor a result, so that no student's answer is in the memory
that the next child inherits. What the child writes is the student's word, and is trusted with
nothing.
"""

import ast
import base64
import builtins
import contextlib
import ctypes
import importlib
import inspect
import io
import json
import os
import resource
import select
import shutil
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

TEMPORARY = Path("/.temporary")
"""The only folder that an answer can write to; nobody's Python lies below a name like this."""
MEMORY = 3 * 1024**3 // 2
MOST_PRINTED = 1_000_000
MOST_MADE = 10_000
"""How many files an answer may make: each costs the kernel memory, however empty it is."""

MOST_THREADS = 300 + 8 * (os.cpu_count() or 1)
"""How many threads an answer may have; TensorFlow starts some for each core."""

STOPPED = {
    "files": f"it makes more than {MOST_MADE:,} files",
    "threads": f"it starts more than {MOST_THREADS:,} threads",
}
"""Why an answer is stopped before its time is up."""

MOST_FILES = 200
"""How many opened files come in one message."""

_PR_SET_DUMPABLE, _PR_GET_SECCOMP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 21, 22, 38

_ONCE = {"is_lasting": False}
"""Said of what need not come out the same again: memory may be there another time."""


class TooMuchError(BaseException):
    """An answer printed more than anybody will read; no ``except Exception`` of it catches this."""


def main() -> None:
    """Serve one job after the other until the standard input ends."""
    _prctl(_PR_SET_DUMPABLE, 0)  # children cannot open this process' files or memory in /proc
    control = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # what TensorFlow has to say when it starts
    try:
        _prctl(_PR_GET_SECCOMP)
    except OSError as error:
        os.write(control, f"this kernel has no seccomp: {error}\n".encode())
        return
    import keras  # noqa: F401 - once, for all children
    import matplotlib.pyplot as plt  # noqa: F401
    import numpy as np  # noqa: F401

    os.write(control, b"ready\n")
    while True:
        select.select([0], [], [])
        head = os.read(0, 4)
        if len(head) < 4:
            os._exit(0)  # at once: Keras takes its time to end
        child = os.fork()
        if child == 0:
            try:
                os.close(control)
                _answer()
            finally:
                os._exit(0)
        ended = _ended(child, float(int(head)))
        is_clear = _clear(TEMPORARY)
        os.write(control, f"{ended}{'' if is_clear else ' last'}\n".encode())
        if not is_clear:
            return  # a new sandbox is started for the next job


def _clear(folder: Path) -> bool:
    """Remove what an answer has left, for the next one not to find; say whether it went."""
    with contextlib.suppress(OSError, RecursionError):
        for place, folders, _ in os.walk(folder):
            for path in (Path(place, name) for name in folders):
                if not path.is_symlink():
                    path.chmod(0o700)
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return not any(folder.iterdir())


def _ended(child: int, seconds: float) -> str:
    """Wait for a child; return "done", why it was stopped, or by which signal it ended."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if os.WIFSIGNALED(status):
                killer = os.WTERMSIG(status)
                return "timeout" if killer == signal.SIGXCPU else f"signal {killer}"
            return "done"
        why = "timeout" if time.monotonic() > deadline else ""
        why = why or ("files" if _made() > MOST_MADE else "")
        why = why or ("threads" if _threads(child) > MOST_THREADS else "")
        if why:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return why
        time.sleep(pause)
        pause = min(pause * 2, 0.02)


def _threads(child: int) -> int:
    """Return how many threads a child has; no limit of the system's holds for root's."""
    try:
        return Path(f"/proc/{child}/task").stat().st_nlink - 2
    except OSError:
        return 0


def _made() -> int:
    """Return how many files there are in the temporary folder."""
    whole = os.statvfs(TEMPORARY)
    return whole.f_files - whole.f_ffree


def _answer() -> None:
    """Run one job in this process, and write what it gives."""
    (size,) = struct.unpack("<Q", _read(8))
    job = json.loads(_read(size))
    files = _received(job["files"])
    result = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    sys.stdout = sys.stderr = _Capped()
    # All that is needed is loaded, and its files are closed, before the student's code begins: an
    # opened file could be opened again, for writing.
    judge = _load(job["judge"], files) if "judge" in job else None
    namespace = _namespace(job.get("names", {}), files)
    given = [eval(e, _namespace(names, files)) for e, names in job.get("given", [])]
    measure = _load(job["measure"], files) if job.get("measure") else None
    for file in files.values():
        file.close()
    sys.path.append(str(TEMPORARY))  # modules that an answer writes; they hide no other
    _lock_up(int(job["seconds"]), base64.b64decode(job["filter"]))
    told = _judged(judge, job) if judge else _run(job, namespace, measure, given)
    os.write(result, json.dumps(told).encode() + b"\n")


def _judged(judge: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Return how a value is judged by facts; no student's code runs here, but values are theirs."""
    try:
        verdict = judge(job["plain"], job["facts"])
    except MemoryError:
        return {"outcome": "too large", "why": "its value is too large to be judged"}
    except Exception:  # a value or facts that no exercise foresees
        return {"outcome": "wrong"}
    slip = verdict.misconception
    said = {"misconception": slip.name, "why": slip.say} if slip else {}
    return {"outcome": verdict.outcome, **said}


def _read(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(0, min(size, 65_536))
        if not part:
            os._exit(1)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _received(names: list[str]) -> dict[str, BinaryIO]:
    """Return the opened files that come with a job, in the order of their names."""
    descriptors: list[int] = []
    with socket.socket(fileno=os.dup(0)) as jobs:
        while len(descriptors) < len(names):
            sent, more, _, _ = socket.recv_fds(jobs, 1, MOST_FILES)
            if not sent:
                os._exit(1)
            descriptors += more
    opened = (os.fdopen(descriptor, "rb") for descriptor in descriptors)
    return dict(zip(names, opened, strict=True))


def _load(names: list[str], files: dict[str, BinaryIO]) -> Any:
    from workbook_staff.grading import snapshot

    return snapshot.load([files[name] for name in names])


def _namespace(names: dict[str, list[str]], files: dict[str, BinaryIO]) -> dict[str, Any]:
    """Return a namespace of stored values, with what a notebook has besides."""
    return {
        "__name__": "__main__",
        "__builtins__": builtins.__dict__ | {"display": _nothing, "input": _input},
        **{name: _load(of, files) for name, of in names.items()},
    }


def _nothing(*_: Any, **__: Any) -> None:
    """Show nothing, in place of IPython's ``display``."""


def _input(_: Any = "") -> str:
    raise EOFError("it asks for input, and nobody is there to type it")


def _run(job: dict[str, Any], namespace: dict[str, Any], measure: Any, given: list[Any]) -> Any:
    """Run a student's cells, and return the value of the answer.

    As in a notebook, what comes after a cell that failed runs all the same.
    """
    # The stub of the package answers to every name: the module itself has to be asked for.
    answers = importlib.import_module("workbook.exercises.answers")
    failed: BaseException | None = None
    try:
        for source in job["cells"]:
            try:
                _execute(source, namespace)
            except (MemoryError, TooMuchError):
                raise
            except BaseException as error:  # a student's code may raise anything
                failed = failed or error
        value = eval(job["answer"], namespace)
    except MemoryError:
        return {"outcome": "too large", "why": "it needs more memory than an answer may"} | _ONCE
    except TooMuchError:
        return {"outcome": "too large", "why": "it prints more than an answer may"}
    except BaseException as error:
        told = failed if failed and isinstance(error, NameError) else error
        return {"outcome": "error", "why": f"{type(told).__name__}: {told}"[:300]}
    if answers.is_missing(value):
        return {"outcome": "unattempted"}
    try:
        plain = measure(value, *given) if measure else answers.as_json(value)
    except MemoryError:
        return {"outcome": "too large", "why": "its value is too large to be looked at"} | _ONCE
    except BaseException:  # whatever an object of another kind raises
        plain = None
    return {"outcome": "", "plain": plain, "said": answers.say(str(plain) if measure else value)}


def _execute(source: str, namespace: dict[str, Any]) -> None:
    """Run a cell; as in a notebook, it may await what needs no event loop, which needs sockets."""
    code = compile(source, "<answer>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    waits = eval(code, namespace)
    if inspect.iscoroutine(waits):
        with contextlib.suppress(StopIteration):
            while True:
                waits.send(None)


class _Capped(io.TextIOBase):
    """Counts what is printed, and keeps nothing of it."""

    left = MOST_PRINTED

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise TooMuchError
        return len(text)

    def fileno(self) -> int:
        return 1  # /dev/null


def _lock_up(seconds: int, program: bytes) -> None:
    """Set this process' limits, and the filter of its system calls."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    for what, most in (
        (resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY),
        (resource.RLIMIT_CPU, 2 * seconds + 1),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 64 * 1024**2),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(what, (most, most))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(program, len(program))
    _prctl(_PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(program) // 8, ctypes.addressof(code))))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _prctl(*arguments: Any) -> None:
    filled = [*arguments, *[0] * (5 - len(arguments))]
    if ctypes.CDLL(None, use_errno=True).prctl(*filled) != 0:
        raise OSError(ctypes.get_errno(), f"prctl{arguments} failed")


if __name__ == "__main__":
    main()
