"""What runs inside the sandbox: a process that forks for each answer, runs it, and tells its value.

It is started by :mod:`workbook.grading.sandbox` and imports, once, what answers need. For each job
it forks; the child reads the job, gives up all that it does not need (files, new processes,
signals, memory and time beyond its limits), runs the student's cell, and writes one line of JSON.
The parent never reads a job nor a result, so that no student's answer is in the memory that the
next child inherits. What the child writes is the student's word, and is trusted with nothing.
"""

import ast
import builtins
import contextlib
import ctypes
import importlib
import io
import json
import os
import platform
import resource
import select
import shutil
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

KEPT = Path("/kept")
TEMPORARY = Path("/tmp")
MEMORY = 3 * 1024**3 // 2
MOST_PRINTED = 1_000_000

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 38, 22
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x00010000

# Linux' numbers of the calls that start, signal or look into another process, or leave the room.
_CALLS: dict[str, tuple[int, int, dict[str, int]]] = {
    # machine: (audit number, clone, {name: number})
    "x86_64": (
        0xC000003E,
        56,
        {
            **{"fork": 57, "vfork": 58, "execve": 59, "execveat": 322},
            **{"kill": 62, "tkill": 200, "tgkill": 234, "pidfd_send_signal": 424},
            **{"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311},
            **{"unshare": 272, "setns": 308, "mount": 165, "io_uring_setup": 425},
        },
    ),
    "aarch64": (
        0xC00000B7,
        220,
        {
            **{"execve": 221, "execveat": 281},
            **{"kill": 129, "tkill": 130, "tgkill": 131, "pidfd_send_signal": 424},
            **{"ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271},
            **{"unshare": 97, "setns": 268, "mount": 40, "io_uring_setup": 425},
        },
    ),
}
_CLONE3 = 435


class TooMuchError(BaseException):
    """An answer printed more than anybody will read; no ``except Exception`` of it catches this."""


def main() -> None:
    """Serve one job after the other until the standard input ends."""
    _prctl(_PR_SET_DUMPABLE, 0)  # children cannot open this process' files or memory in /proc
    control = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # what TensorFlow has to say when it starts
    import keras  # noqa: F401 - once, for all children
    import numpy as np  # noqa: F401

    os.write(control, b"ready\n")
    while True:
        select.select([0], [], [])
        head = os.read(0, 4)
        if len(head) < 4:
            return
        child = os.fork()
        if child == 0:
            try:
                os.close(control)
                _answer()
            finally:
                os._exit(0)
        ended = _ended(child, float(int(head)))
        is_clear = _clear(TEMPORARY)
        os.write(control, f"{ended}\n".encode())
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
    """Wait for a child; return "done", "timeout" or by which signal it ended."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if os.WIFSIGNALED(status):
                killer = os.WTERMSIG(status)
                return "timeout" if killer == signal.SIGXCPU else f"signal {killer}"
            return "done"
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "timeout"
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _answer() -> None:
    """Run one job in this process, and write what came of it."""
    (size,) = struct.unpack("<Q", _read(8))
    job = json.loads(_read(size))
    result = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    sys.stdout = sys.stderr = _Capped()
    namespace = _namespace(job["source"], job)
    measuring = [] if not job["measure"] else [_namespace(given, job) for given in job["given"]]
    given = [eval(e, scope) for e, scope in zip(job["given"], measuring, strict=False)]
    measure = _load(job["measure"], job) if job["measure"] else None
    _lock_up(int(job["seconds"]))
    told = _run(job, namespace, measure, given)
    os.write(result, json.dumps(told).encode() + b"\n")


def _read(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(0, min(size, 65_536))
        if not part:
            os._exit(1)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _load(files: list[str], job: dict[str, Any]) -> Any:
    from workbook.grading import keep

    return keep.load(files, KEPT / job["folder"])


def _namespace(source: str, job: dict[str, Any]) -> dict[str, Any]:
    """Return what was kept of the names that a piece of code uses."""
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    kept = {name: files for name, files in job["kept"].items() if name in used}
    return {"__name__": "__main__", "__builtins__": builtins.__dict__.copy()} | {
        name: _load(files, job) for name, files in kept.items()
    }


def _run(job: dict[str, Any], namespace: dict[str, Any], measure: Any, given: list[Any]) -> Any:
    # The stub of the package answers to every name: the module itself has to be asked for.
    answers = importlib.import_module("workbook.exercises.answers")
    try:
        exec(compile(job["source"], "<answer>", "exec"), namespace)
        value = eval(job["answer"], namespace)
    except MemoryError:
        return {"outcome": "too large", "why": "it needs more memory than an answer may"}
    except TooMuchError:
        return {"outcome": "too large", "why": "it prints more than an answer may"}
    except BaseException as error:  # a student's code may raise anything
        return {"outcome": "error", "why": f"{type(error).__name__}: {error}"[:300]}
    if value is ... or (type(value) is tuple and any(part is ... for part in value)):
        return {"outcome": "unattempted"}
    try:
        plain = measure(value, *given) if measure else answers.as_json(value)
    except MemoryError:
        return {"outcome": "too large", "why": "its value is too large to be looked at"}
    except BaseException:  # whatever an object of another kind raises
        plain = None
    return {"outcome": "", "plain": plain, "said": answers.say(str(plain) if measure else value)}


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


def _lock_up(seconds: int) -> None:
    """Set this process' limits, and refuse it the system calls that reach beyond it."""
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
    if platform.machine() not in _CALLS:
        resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))
        return
    program = b"".join(_filter(*_CALLS[platform.machine()]))
    code = ctypes.create_string_buffer(program, len(program))
    _prctl(_PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(program) // 8, ctypes.addressof(code))))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _filter(audit: int, clone: int, refused: dict[str, int]) -> list[bytes]:
    """Return a program of seccomp: which calls are refused (seccomp(2), "SECCOMP_SET_MODE_FILTER").

    Threads may start, processes may not: ``clone`` is allowed with CLONE_THREAD only, and
    ``clone3``, whose arguments a filter cannot see, is said not to exist, so that the C library
    uses ``clone``.
    """

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("<HBBI", code, if_true, if_false, value)

    load, equal, at_least, has_bits, end = 0x20, 0x15, 0x35, 0x45, 0x06
    steps = [
        step(load, 4),  # the machine
        step(equal, audit, 1, 0),
        step(end, _KILL),
        step(load, 0),  # the call
        step(at_least, 0x40000000, 0, 1),  # x86's other numbering
        step(end, _KILL),
        step(equal, _CLONE3, 0, 1),
        step(end, _ERRNO | _ENOSYS),
    ]
    for number in refused.values():
        steps += [step(equal, number, 0, 1), step(end, _ERRNO | _EPERM)]
    return [
        *steps,
        step(equal, clone, 0, 3),
        step(load, 16),  # its first argument
        step(has_bits, _CLONE_THREAD, 1, 0),
        step(end, _ERRNO | _EPERM),
        step(end, _ALLOW),
    ]


def _prctl(*arguments: Any) -> None:
    filled = [*arguments, *[0] * (5 - len(arguments))]
    if ctypes.CDLL(None, use_errno=True).prctl(*filled) != 0:
        raise OSError(ctypes.get_errno(), f"prctl{arguments} failed")


if __name__ == "__main__":
    main()
