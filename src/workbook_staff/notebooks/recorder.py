"""Start a notebook's kernel, which writes down what its process opens, lists or asks for in vain.

Run as a script. Each line of the file that ``WORKBOOK_RECORD`` names is a JSON pair, once:

- ``["read", path]``, ``["wrote", path]``: a file that was opened, or could not be
- ``["asked", path]``: a path that was asked whether it is there
- ``["listed", path]``: a folder whose names were read; ``["searched", path]``: by TensorFlow or
  Keras, which read the files in it without Python's knowledge
- ``["module", name]``, ``["path", folder]``: what was imported, and where it was looked for
- ``["dataset", name]``: what the workbook loaded; the files that it looks at for that are left out
- ``["program", name]``: another program, of which is not known what it reads
"""

# Asked thousands of times, and what pathlib does in place of these would ask the disk.
# ruff: noqa: PTH100, PTH119
import functools
import importlib.util
import json
import os
import shutil  # noqa: F401 - it asks what `os.stat` can do when it is imported
import sys
import sysconfig
import types
from collections.abc import Callable
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PROGRAMS = {"os.system", "os.exec", "os.posix_spawn", "os.startfile", "os.forkpty", "pty.spawn"}
# Python processes of multiprocessing that are not forked, and so have no record.
_SPAWNED = {f"multiprocessing.popen_{how}" for how in ("spawn_posix", "forkserver", "spawn_win32")}
# What libraries ask about the machine: platform, ctypes and loky do.
_HARMLESS = {"uname", "ldconfig", "gcc", "cc", "ld", "lscpu", "sysctl", "ver"}
_LOADERS = f"{os.sep}workbook{os.sep}datasets{os.sep}"
_NATIVE = (f"{os.sep}keras{os.sep}", f"{os.sep}tensorflow{os.sep}")


_HOMES = sysconfig.get_paths()
PACKAGES = tuple({_HOMES[name] + os.sep for name in ("purelib", "platlib")})
"""Where packages are installed."""
INSTALLED = (
    *PACKAGES,
    *{_HOMES[name] + os.sep for name in ("stdlib", "platstdlib")},
    *({sys.prefix + os.sep} if sys.prefix != sys.base_prefix else ()),
)
"""The folders of Python's own installation."""


class Recorder:
    """Writes each pair to a file as soon as it is known, in forked processes too."""

    def __init__(self, file: str) -> None:
        """Open the file; `start` begins."""
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._seen: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Hear of all that is opened from now on, and of what `os.stat` and others answer."""
        sys.addaudithook(self._hear)
        for module, name in (
            (os, "stat"),
            (os, "lstat"),
            (os, "access"),
            *((os.path, n) for n in _PATH_QUESTIONS),
        ):
            function = getattr(module, name)
            if isinstance(function, types.BuiltinFunctionType):
                setattr(module, name, self._asking(function))

    def _asking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def asking(path: Any, *arguments: Any, **options: Any) -> Any:
            self._add_path("asked", path)
            return function(path, *arguments, **options)

        for supports in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if function in supports:
                supports.add(asking)
        return asking

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = (flags or 0) & _WRITING if mode is None else set(mode) & set("wax+")
            self._add_path("wrote" if writes else "read", path)
        elif event in ("os.listdir", "os.scandir"):
            self._add_path("listed", "." if arguments[0] is None else arguments[0])
        elif event == "os.rename":
            self._add_path("wrote", arguments[1])
        elif event in ("sqlite3.connect", "ctypes.dlopen"):
            if arguments[0] and os.path.basename(arguments[0]) != arguments[0]:
                self._add_path("read", arguments[0])
        elif event == "import":
            self._add_import(*arguments[:3])
        elif event == "workbook.datasets":
            self._add("dataset", arguments[0])
        elif event == "subprocess.Popen":
            program = os.fsdecode(arguments[0] or arguments[1][0])
            if os.path.basename(program) not in _HARMLESS:
                self._add("program", program)
        elif event in _PROGRAMS:
            self._add("program", str(arguments[0]) if arguments else event)

    def _add_import(self, name: str, file: str | None, path: list[str] | None) -> None:
        if name in _SPAWNED:
            self._add("program", "Python")
        if file:  # an extension
            self._add_path("read", file)
        self._add("module", name)
        for entry in path or ():
            if isinstance(entry, str) and not entry.startswith(INSTALLED):
                self._add("path", os.path.abspath(entry))

    def _add_path(self, kind: str, path: Any) -> None:
        if isinstance(path, int):
            return
        try:
            whole = os.path.abspath(os.fsdecode(path))
        except (TypeError, ValueError, OSError):  # what the call itself raises for
            return
        if f"{os.sep}__pycache__{os.sep}" in whole:
            if kind == "wrote" or not whole.endswith(".pyc"):
                return
            whole = importlib.util.source_from_cache(whole)
        if (kind, whole) in self._seen:
            return
        if not whole.startswith(INSTALLED):
            frame: types.FrameType | None = sys._getframe(2)
            while frame:
                file = frame.f_code.co_filename
                if _LOADERS in file or (kind == "listed" and "<frozen importlib" in file):
                    return
                if kind == "listed" and any(part in file for part in _NATIVE):
                    kind = "searched"
                frame = frame.f_back
        elif kind in ("asked", "listed"):
            return
        self._add(kind, whole)

    def _add(self, kind: str, name: str) -> None:
        if (kind, name) not in self._seen:
            self._seen.add((kind, name))
            os.write(self._file, json.dumps([kind, name]).encode() + b"\n")


# Where they are Python's own functions, they ask `os.stat` or `os.lstat`.
_PATH_QUESTIONS = ("exists", "isfile", "isdir", "islink", "lexists")

if __name__ == "__main__":
    Recorder(os.environ.pop("WORKBOOK_RECORD")).start()
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
