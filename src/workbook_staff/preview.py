"""Serve the pages of the notebooks on this machine, and renew one when its notebook is saved.

Nothing is executed. A page shows the kept run of its notebook while that holds, else the outputs
that are stored in the file, and says so at its top. A run that is made beside it is taken up, and
so is a change of a module or of data that ends the kept run.

Only what is served has the script that renews it, and may ask this server: pages that are exported
may not.
"""

import contextlib
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import workbook
from workbook import paths
from workbook.errors import WorkbookError
from workbook_staff import reports
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.pages import index
from workbook_staff.pages.export import Exporter, Page

from nbformat.v4 import new_notebook

LOOK_SECONDS = 0.25
"""How often the files are looked at."""

_RENEW = """setInterval(async () => {
  const answer = await fetch("NAME.version").catch(() => null);
  if (answer?.ok && (await answer.text()) !== "VERSION") location.reload();
}, 500);"""
"""Asks which version of the page there is now; relative, to hold behind a hub's proxy, too."""


@dataclass(frozen=True)
class Served:
    """A page, the ``run`` that it shows, and the ``note`` at its top; ``stamp`` is its file's."""

    page: Page
    note: str
    run: Run
    stamp: tuple[int, ...]


class Pages:
    """The pages of the notebooks in ``notebooks/``, in a folder: each, its version, and an index.

    ``NAME.version`` is another text after each change of ``NAME.html``.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare for an empty folder; `look` makes the pages."""
        self.folder = folder
        self.served: dict[str, Served] = {}
        self._stamps: dict[Path, tuple[int, ...]] = {}

    def look(self) -> list[str]:
        """Make anew the pages of which something was saved since; return lines on each."""
        stamps = _stamps()
        if stamps == self._stamps:
            return []
        before, self._stamps, self.served = self.served, stamps, {}
        lines = []
        for path in find.own():
            old, started = before.get(path.stem), time.monotonic()
            new = self._renewed(path, old, stamps.get(path, ()))
            self.served[path.stem] = new
            if new is not old:
                seconds = time.monotonic() - started
                lines.append(f"{path.stem}  {seconds:.1f} s  {new.note}".rstrip())
        for name in before.keys() - self.served.keys():
            (self.folder / f"{name}.html").unlink()
            (self.folder / f"{name}.version").unlink()
        index.write(self.folder, {name: one.page.entry for name, one in self.served.items()})
        return lines

    def _renewed(self, path: Path, old: Served | None, stamp: tuple[int, ...]) -> Served:
        try:
            saved = stored(path)
            kept, why = reports.cache().find(path, saved.notebook)
            run, note = kept or saved, "" if kept else _note(why)
        except (WorkbookError, OSError) as error:
            run, note = old.run if old else _empty(), f"Not renewed: {error}"
        if old and (stamp, note, run.executed) == (old.stamp, old.note, old.run.executed):
            return old
        version = str(time.time_ns())
        script = _RENEW.replace("VERSION", version).replace("NAME", quote(path.stem))
        exported = partial(Exporter().page, path=path, reload_script=script)
        try:
            page = exported(run, note=note)
        except Exception as error:  # a notebook may hold anything; the others go on
            note = f"Not renewed: {type(error).__name__}: {error}"
            page = exported(_empty(), note=note)
        for ending, text in (("html", page.text), ("version", version)):
            paths.write(self.folder / f"{path.stem}.{ending}", text)
        return Served(page, note, run, stamp)


def _empty() -> Run:
    return Run(new_notebook(), 0.0)


def _stamps() -> dict[Path, tuple[int, ...]]:
    """Return the stamps of the notebooks, of what a kept run may hang on, and of the kept runs."""
    kept = reports.cache().folder
    # Of data, no deeper: a folder of photographs has a hundred thousand.
    placed = (folder.glob(of) for folder in paths.placed_dirs() for of in ("*", "*/*"))
    stamps: dict[Path, tuple[int, ...]] = {}
    for path in chain(
        Path(workbook.__file__).parent.rglob("*"),
        paths.NOTEBOOKS.rglob("*"),
        *placed,
        kept.glob("*.json"),
    ):
        with contextlib.suppress(OSError):
            found = path.stat()
            if stat.S_ISREG(found.st_mode) and path.suffix != ".pyc":
                # A kept run's time is that of its last use.
                saved = 0 if path.parent == kept else found.st_mtime_ns
                stamps[path] = found.st_size, found.st_ino, saved
    return stamps


def _note(why: str) -> str:
    reason = f"{why} since its last run" if why else "no run of it is kept"
    return f"These are the outputs stored in the notebook: {reason}. make reports executes it."


def serve(port: int, address: str) -> None:
    """Serve the pages until Ctrl-C, and print their address.

    ``port`` is the port to serve on, 0 for any free one. ``address`` is "", or where a browser
    finds them if not on this machine under this port: ``http://localhost:9000/`` through
    ``ssh -L 9000:localhost:8765``, or a hub's ``https://hub.example/user/anna/proxy/8765/``.

    Raises:
        WorkbookError: The port is taken, or the address is none.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    host = _host(address) if address else ""
    with tempfile.TemporaryDirectory() as folder:
        pages = Pages(Path(folder))
        print(*pages.look(), sep="\n")
        with serving(pages.folder, port, host) as here:
            print(f"Open {address or here} and save a notebook; Ctrl-C ends this.", flush=True)
            while True:
                time.sleep(LOOK_SECONDS)
                for line in pages.look():
                    print(line, flush=True)


def _host(address: str) -> str:
    """Return what a browser sends as ``Host`` for an address."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise WorkbookError(
            f"{address!r} is no address of a page; expected one that a browser opens, such as "
            "http://localhost:9000/"
        )
    usual = {"http": ":80", "https": ":443"}[parts.scheme]
    return parts.netloc.lower().removesuffix(usual)


@contextmanager
def serving(folder: Path, port: int, host: str = "") -> Iterator[str]:
    """Serve a folder on loopback, in the block; give the address.

    Besides this machine's own name for itself, browsers may call the server ``host``.

    Raises:
        WorkbookError: Another program serves on this port.
    """
    try:
        handler = partial(_Handler, directory=str(folder), host=host)
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise WorkbookError(
            f"port {port} cannot be used ({error.strerror}): name another one with "
            "python -m workbook watch --port N, or 0 for any that is free"
        ) from None
    # It looks this often, in seconds, whether it is to end.
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files of a folder to browsers that ask for them by a name of this server."""

    server: ThreadingHTTPServer

    def __init__(self, *arguments: Any, host: str, **options: Any) -> None:
        self._host = host
        super().__init__(*arguments, **options)

    def send_head(self) -> Any:
        port = self.server.server_address[1]
        # A page from anywhere may have its own name lead here (DNS rebinding).
        own = {f"127.0.0.1:{port}", f"localhost:{port}", self._host} - {""}
        if self.headers.get("Host", "").lower() in own:
            return super().send_head()
        self.send_error(
            403,
            explain=f"Open http://127.0.0.1:{port}/ on the machine that serves this. To reach it "
            "in another way, as through a tunnel or a proxy, start it with the address that the "
            "browser opens: python -m workbook watch --address http://localhost:9000/",
        )
        return None

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing: the lines are for what changed."""
