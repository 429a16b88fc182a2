"""What runs inside the sandbox: a process that forks for each answer, runs it, and tells its value.

It is started by :mod:`workbook_staff.grading.sandbox.parent` and imports, once, what answers need.
For each job it forks; the child reads the job, gives up all that it does not need (files, new
processes, signals, memory and time beyond its limits), runs the student's cell, and writes one line
of JSON. The parent never reads a job nor a result, so that no student's answer is in the memory
that the next child inherits. What the child writes is the student's word, and is trusted with
nothing.
"""

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
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

TEMPORARY = Path("/tmp")
MEMORY = 3 * 1024**3 // 2
MOST_PRINTED = 1_000_000
MOST_MADE = 10_000
"""How many files an answer may make: each costs the kernel memory, however empty it is."""

MOST_FILES = 200
"""How many opened files come in one message."""

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 38, 22
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x00010000

# Linux' numbers of the calls that start, signal or look into another process, leave the room, keep
# memory that no limit counts, or are for those who look after a system.
_CALLS: dict[str, tuple[int, int, dict[str, int]]] = {
    # machine: (audit number, clone, {name: number})
    "x86_64": (
        0xC000003E,
        56,
        {
            **{"fork": 57, "vfork": 58, "execve": 59, "execveat": 322},
            **{"kill": 62, "tkill": 200, "tgkill": 234, "pidfd_send_signal": 424},
            **{"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311},
            **{"rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "pidfd_getfd": 438},
            **{"memfd_create": 319, "memfd_secret": 447, "shmget": 29, "shmat": 30, "shmctl": 31},
            **{"semget": 64, "msgget": 68, "mq_open": 240},
            **{"add_key": 248, "request_key": 249, "keyctl": 250},
            **{"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425},
            **{"unshare": 272, "setns": 308, "mount": 165, "chroot": 161, "pivot_root": 155},
            **{"open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442},
        },
    ),
    "aarch64": (
        0xC00000B7,
        220,
        {
            **{"execve": 221, "execveat": 281},
            **{"kill": 129, "tkill": 130, "tgkill": 131, "pidfd_send_signal": 424},
            **{"ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271},
            **{"rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "pidfd_getfd": 438},
            **{"memfd_create": 279, "memfd_secret": 447},
            **{"shmget": 194, "shmctl": 195, "shmat": 196},
            **{"semget": 190, "msgget": 186, "mq_open": 180},
            **{"add_key": 217, "request_key": 218, "keyctl": 219},
            **{"bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425},
            **{"unshare": 97, "setns": 268, "mount": 40, "chroot": 51, "pivot_root": 41},
            **{"open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442},
        },
    ),
}
_CLONE3 = 435


class TooMuchError(BaseException):
    """An answer printed more than anybody will read; no ``except Exception`` of it catches this."""


def main() -> None:
    """Serve one job after the other until the standard input ends.

    In a container the descriptors come by a socket, whose path is the argument.
    """
    if len(sys.argv) > 1:
        _take(sys.argv[1])
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


def _take(door: str) -> None:
    """Take standard input, output and error from whoever waits behind a socket."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(door)
        given = socket.recv_fds(asked, 1, 3)[1]
    for number, descriptor in enumerate(given):
        os.dup2(descriptor, number)
        os.close(descriptor)


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
        is_late = time.monotonic() > deadline
        if is_late or _made() > MOST_MADE:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "timeout" if is_late else "files"
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _made() -> int:
    """Return how many files there are in the temporary folder."""
    whole = os.statvfs(TEMPORARY)
    return whole.f_files - whole.f_ffree


def _answer() -> None:
    """Run one job in this process, and write what came of it."""
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
    namespace = _namespace(job["kept"], files)
    given = [eval(e, _namespace(kept, files)) for e, kept in job["given"]]
    measure = _load(job["measure"], files) if job["measure"] else None
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


def _received(number: int) -> list[BinaryIO]:
    """Return the opened files that come with a job."""
    descriptors: list[int] = []
    with socket.socket(fileno=os.dup(0)) as jobs:
        while len(descriptors) < number:
            sent, more, _, _ = socket.recv_fds(jobs, 1, MOST_FILES)
            if not sent:
                os._exit(1)
            descriptors += more
    return [os.fdopen(descriptor, "rb") for descriptor in descriptors]


def _load(numbers: list[int], files: list[BinaryIO]) -> Any:
    from workbook_staff.grading import snapshot

    return snapshot.load([files[number] for number in numbers])


def _namespace(kept: dict[str, list[int]], files: list[BinaryIO]) -> dict[str, Any]:
    """Return a namespace of what was kept."""
    return {"__name__": "__main__", "__builtins__": builtins.__dict__.copy()} | {
        name: _load(numbers, files) for name, numbers in kept.items()
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
