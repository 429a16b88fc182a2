"""A room without doors for students' code: made by bubblewrap, else by Docker or Podman.

Nothing is in there that could be harmed: no network, a system that can only be read, no home, none
of the user's files, no other hand-in, and not the exercises' right answers. In a container it is
this machine's own system, Python and packages that are seen, as with bubblewrap: the image holds
nothing but an empty folder and a few links, and is made here, so that no registry is asked. See
https://github.com/containers/bubblewrap and https://docs.docker.com/reference/cli/docker/container/run/.

Tried with runc: Docker 20.10.24 as root, Podman 4.3.1 as root and as another user.
"""

import atexit
import contextlib
import functools
import hashlib
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import workbook
from workbook_staff.grading.sandbox import child, silent

TEMPORARY_BYTES = 256 * 1024**2
NOBODY = "65534"

ENVIRONMENT = {
    "PYTHONPATH": "/workbook",
    "HOME": "/tmp",
    "MPLCONFIGDIR": "/tmp",
    "MPLBACKEND": "agg",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "WORKBOOK_QUICK": os.environ.get("WORKBOOK_QUICK", ""),
}
"""All that is set in there."""

LIMITS = (
    *("--network", "none", "--ipc", "none", "--hostname", "sandbox"),
    *("--read-only", "--user", f"{NOBODY}:{NOBODY}", "--cap-drop", "ALL"),
    # SELinux keeps containers from files of the system that are not theirs, to read as well.
    *("--security-opt", "no-new-privileges", "--security-opt", "label=disable"),
    *("--memory", "4g", "--memory-swap", "4g", "--pids-limit", "2048"),
    # Podman's own number of processes is refused where a machine has less.
    *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=8192:8192"),
    *("--cpus", str(min(2, os.cpu_count() or 1))),
    *("--log-driver", "none", "--workdir", "/tmp"),
    *("--tmpfs", f"/tmp:size={TEMPORARY_BYTES},mode=1777"),
)
"""What a container may: bubblewrap's limits are those that each answer sets itself, see inside."""

ENGINES: dict[str, tuple[str, ...]] = {
    "docker": (),
    "podman": ("--read-only-tmpfs=false",),
}
"""Programs that run containers, and what each needs besides."""

_DOOR = "/door"
_START_SECONDS = 120


@dataclass(frozen=True)
class View:
    """What is seen in a room: places of this machine, of which none can be written, and links."""

    bound: dict[str, str]
    links: dict[str, str]


def view() -> View:
    """Return what :mod:`workbook_staff.grading.sandbox.child` may see."""
    system = [Path(f"/{name}") for name in ("usr", "bin", "lib", "lib64")]
    links = {str(place): str(place.readlink()) for place in system if place.is_symlink()}
    bound = {
        str(place): str(place) for place in system if place.exists() and not place.is_symlink()
    }
    if Path("/etc/ld.so.cache").exists():
        bound["/etc/ld.so.cache"] = "/etc/ld.so.cache"
    package = Path(workbook.__file__).resolve().parent
    places = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()]
    bound |= {str(place): str(place) for place in places if not place.is_relative_to("/usr")}
    if any(package.is_relative_to(place) for place in (*places, Path("/usr"))):
        # Installed beside the other packages, it would be seen there too, with its right answers.
        bound[str(package)] = _nothing()
    bound["/workbook/workbook"] = str(package)
    bound["/workbook/workbook_staff"] = str(package.with_name("workbook_staff"))
    bound["/workbook/workbook/exercises/__init__.py"] = str(silent.__file__)
    for judging in ("judges", "texts"):
        bound[f"/workbook/workbook/exercises/{judging}"] = _nothing()
    return View(bound, links)


@functools.cache
def _nothing() -> str:
    """Return an empty folder, which hides what is where it is put.

    No tmpfs: it could be written by one answer for the next to find, and Podman copies into it what
    it is to hide.
    """
    folder = tempfile.mkdtemp()
    Path(folder).chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def inner() -> list[str]:
    """Return the command that runs in there."""
    # A virtual environment's Python is a link, perhaps to one that is a link again.
    return [sys.executable, "-P", "-s", "-m", child.__name__]


class Bubblewrap:
    """A room made by bubblewrap."""

    def why_not(self) -> str:
        """Return why it cannot be had here, "" where it can."""
        if shutil.which("bwrap") is None:
            return "bubblewrap is not installed (Debian, Ubuntu: apt install bubblewrap)"
        return _tried("bubblewrap", [*self._command(), "/bin/true"], {})

    def enter(self, given: tuple[int, int, int]) -> "subprocess.Popen[bytes]":
        """Start :func:`inner` in a room of its own, with its standard input, output and error."""
        stdin, stdout, stderr = given
        # Without our environment: what starts it could be asked for it in /proc.
        return subprocess.Popen(
            [*self._command(), *inner()], stdin=stdin, stdout=stdout, stderr=stderr, env={}
        )

    def leave(self, process: "subprocess.Popen[bytes]") -> None:
        """End what was started, and all that runs in there."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)  # what has nothing to do ends by itself
        process.kill()
        process.wait()

    def _command(self) -> list[str]:
        seen = view()
        return [
            *(shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent"),
            # None of bubblewrap's own processes: an answer could open its memory and its pipes.
            *("--new-session", "--as-pid-1"),
            *("--cap-drop", "ALL", "--uid", NOBODY, "--gid", NOBODY),
            *("--hostname", "sandbox", "--clearenv"),
            *(part for link, place in seen.links.items() for part in ("--symlink", place, link)),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--size", str(TEMPORARY_BYTES), "--tmpfs", "/tmp"),
            *(part for at, place in seen.bound.items() for part in ("--ro-bind", place, at)),
            *("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"),
            *("--chdir", "/tmp"),
            *(part for pair in ENVIRONMENT.items() for part in ("--setenv", *pair)),
        ]


@dataclass(frozen=True)
class Container:
    """A room made by one of :data:`ENGINES`.

    An engine's client passes on bytes, and neither opened files nor in which order things were
    said: so what is started takes its own descriptors, by a socket that only it can see.
    """

    engine: str

    def why_not(self) -> str:
        """Return why it cannot be had here, "" where it can; its image is made where it is not."""
        if shutil.which(self.engine) is None:
            return f"{self.engine} is not installed"
        image = [self.engine, "image"]
        if _run([*image, "inspect", _image()[0]], self._environment()).returncode:
            made = _run([*image, "import", "-", _image()[0]], self._environment(), _image()[1])
            if made.returncode:
                return f"{self.engine} does not work on this machine ({_last_line(made.stderr)})"
        return _tried(self.engine, [*self._command("", ""), "/bin/true"], self._environment())

    def enter(self, given: tuple[int, int, int]) -> "subprocess.Popen[bytes]":
        """Start :func:`inner` in a room of its own.

        Raises:
            OSError: It does not start.
        """
        name = f"workbook-{uuid4().hex}"
        with (
            tempfile.TemporaryDirectory() as folder,
            tempfile.TemporaryFile() as said,
            socket.socket(socket.AF_UNIX) as door,
        ):
            place = Path(folder, "door")
            door.bind(str(place))
            place.chmod(0o666)  # nobody else comes into the folder
            door.listen(1)
            door.settimeout(0.2)
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [*self._command(name, str(place)), *inner(), _DOOR],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=self._environment(),
            )
            deadline = time.monotonic() + _START_SECONDS
            while process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(TimeoutError):
                    with door.accept()[0] as inside_:
                        socket.send_fds(inside_, [b"."], list(given))
                    return process
            self.leave(process)
            said.seek(0)
            raise OSError(_last_line(said.read()))

    def leave(self, process: "subprocess.Popen[bytes]") -> None:
        """End what was started, and all that runs in there."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)  # what has nothing to do ends by itself
        if process.poll() is None:
            command: Sequence[str] = process.args  # type: ignore[assignment]
            name = command[command.index("--name") + 1]
            _run([self.engine, "kill", name], self._environment())
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()

    def _environment(self) -> dict[str, str]:
        """Return what the engine itself may know of ours; the room gets nothing of it."""
        wanted = ("PATH", "HOME", "XDG_", "TMPDIR", "DOCKER_", "CONTAINER")
        return {name: value for name, value in os.environ.items() if name.startswith(wanted)}

    def _command(self, name: str, door: str) -> list[str]:
        seen = view()
        # Messages could be left there, for the next answer.
        bound = seen.bound | {"/dev/mqueue": _nothing()} | ({_DOOR: door} if door else {})
        mounts = [f"type=bind,source={place},target={at},readonly" for at, place in bound.items()]
        return [
            *(self.engine, "run", "--rm", "--pull", "never", *LIMITS, *ENGINES[self.engine]),
            *(("--name", name) if name else ()),
            *(part for mount in mounts for part in ("--mount", mount)),
            # By env, for what a client's settings may have added is left out.
            *(_image()[0], "/usr/bin/env", "-i"),
            *(f"{name}={value}" for name, value in ENVIRONMENT.items()),
        ]


Room = Bubblewrap | Container

ROOMS: tuple[Room, ...] = (Bubblewrap(), *map(Container, ENGINES))
"""The ways there are, the best first."""


@functools.cache
def chosen() -> tuple[Room | None, str]:
    """Return the first way to make a room that works here, or None and why there is none."""
    if not sys.platform.startswith("linux"):
        return None, "answers are executed on Linux only, in a sandbox (WSL is Linux, too)"
    reasons = []
    for room in ROOMS:
        why_not = room.why_not()
        if not why_not:
            return room, ""
        reasons.append(why_not)
    return None, "; ".join(reasons)


@functools.cache
def _image() -> tuple[str, bytes]:
    """Return the name of a container's image, and what it is made of: a folder and links."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        temporary = tarfile.TarInfo("tmp")
        # runc gives what is mounted there the mode of the folder, whatever else it was asked for.
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(temporary)
        for link, place in view().links.items():
            entry = tarfile.TarInfo(link.removeprefix("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, place
            archive.addfile(entry)
    digest = hashlib.sha256(made.getvalue()).hexdigest()
    return f"workbook-sandbox:{digest[:12]}", made.getvalue()


def _run(
    command: list[str], environment: dict[str, str], given: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command, input=given, capture_output=True, check=False, env=environment)


def _tried(name: str, command: list[str], environment: dict[str, str]) -> str:
    """Return why a command of some program's does not work, "" where it does."""
    tried = _run(command, environment)
    if tried.returncode:
        return f"{name} does not work on this machine ({_last_line(tried.stderr)})"
    return ""


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines() or ["no word"]
    return lines[-1][-300:]
