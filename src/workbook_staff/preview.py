"""Serve the pages of the notebooks on this machine, and renew one when its notebook is saved.

Nothing is executed. A page shows the kept run of its notebook while that holds, else the outputs
that are stored in the file, and says so at its top. A run that is made beside it is taken up, and
so is a change of a module or of data that ends the kept run.

Only what is served has the script that renews it, and may ask this server: pages that are exported
may not.
"""

import contextlib
import json
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import workbook
from workbook import paths
from workbook.errors import WorkbookError
from workbook_staff import html, reports
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import Run, stored
from workbook_staff.pages.export import Exporter

PORT = 8765
"""Where the pages are served, unless another program is there: then on any free port."""

LOOK_SECONDS = 0.25
"""How often the files are looked at."""

_RENEW = """setInterval(async () => {
  const answer = await fetch(ADDRESS).catch(() => null);
  if (answer?.ok && (await answer.text()) !== "VERSION") location.reload();
}, 500);"""
"""Asks which version of the page there is now."""


@dataclass(frozen=True)
class Served:
    """A page: ``version`` grows at each change, ``note`` is said at the top of ``text``.

    ``run`` is what it shows, None where its file never was a notebook; ``stamp`` is its file's.
    """

    version: int
    text: str
    note: str
    run: Run | None
    stamp: tuple[int, ...]


class Pages:
    """The pages of the notebooks in ``notebooks/``, each with a version that grows at a change."""

    def __init__(self, edition: str = "instructor") -> None:
        """Prepare for one edition; `look` makes the pages."""
        self._exporter = Exporter(edition)
        self._pages: dict[str, Served] = {}
        self._stamps: dict[Path, tuple[int, ...]] = {}

    def names(self) -> list[str]:
        """Return the names of the pages, in the order of the notebooks."""
        return list(self._pages)

    def page(self, name: str) -> Served | None:
        """Return a page, None if there is no such."""
        return self._pages.get(name)

    def look(self) -> list[str]:
        """Make anew the pages of which something was saved since; return lines on each."""
        stamps = _stamps()
        if stamps == self._stamps:
            return []
        self._stamps = stamps
        pages, lines = {}, []
        for path in find.own():
            name, started = f"{path.stem}.html", time.monotonic()
            old = self._pages.get(name)
            pages[name] = self._renewed(path, old, stamps.get(path, ()))
            if pages[name] is not old:
                seconds = time.monotonic() - started
                lines.append(f"{path.stem}  {seconds:.1f} s  {pages[name].note}".rstrip())
        self._pages = pages  # at once: others read it
        return lines

    def _renewed(self, path: Path, old: Served | None, stamp: tuple[int, ...]) -> Served:
        run: Run | None
        try:
            saved = stored(path)
            kept, why = reports.cache().find(path, saved.notebook)
            run, note = kept or saved, "" if kept else _note(why)
        except (WorkbookError, OSError) as error:
            run, note = (old and old.run) or None, f"Not renewed: {error}"
        if old and (stamp, note, _when(run)) == (old.stamp, old.note, _when(old.run)):
            return old
        version = time.time_ns()
        return Served(version, self._text(path, run, note, version), note, run, stamp)

    def _text(self, path: Path, run: Run | None, note: str, version: int) -> str:
        # Relative, so that it holds behind a hub's proxy, too.
        address = json.dumps(f"version/{quote(path.stem)}.html").replace("<", "\\u003c")
        script = _RENEW.replace("VERSION", str(version)).replace("ADDRESS", address)
        if run is not None:
            try:
                return self._exporter.page(run, path, note=note, reload_script=script)
            except Exception as error:  # a notebook may hold anything; the others go on
                note = f"Not renewed: {type(error).__name__}: {error}"
        return _list(path.stem, [], note, script)


def _when(run: Run | None) -> str:
    return run.executed if run else ""


def _stamps() -> dict[Path, tuple[int, ...]]:
    """Return the stamps of the notebooks, of what a kept run may hang on, and of the kept runs."""
    kept = reports.cache().folder
    stamps: dict[Path, tuple[int, ...]] = {}
    for path in (
        *Path(workbook.__file__).parent.rglob("*"),
        *paths.NOTEBOOKS.rglob("*"),
        *paths.DATA.glob("*"),
        *kept.glob("*.json"),
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


def _list(title: str, names: list[str], note: str = "", script: str = "") -> str:
    return html.page(
        "list.html.j2",
        title=title,
        styles=["style.css"],
        script=script,
        rights=["ask its server"] if script else [],
        names=names,
        note=note,
    )


def serve(edition: str = "instructor", port: int = 0, address: str = "") -> None:
    """Serve the pages until Ctrl-C, and print their address.

    ``port`` is the port to serve on, 0 for ``PORT`` or any free one. ``address`` is where a browser
    finds them if not on this machine under this port: ``http://localhost:9000/`` through
    ``ssh -L 9000:localhost:8765``, or a hub's ``https://hub.example/user/anna/proxy/8765/``.

    Raises:
        WorkbookError: The port is taken, or the address is none.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    host = _host(address) if address else ""
    pages = Pages(edition)
    print(*pages.look(), sep="\n")
    with serving(pages, port or PORT, host, is_fixed=bool(port)) as here:
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
def serving(pages: Pages, port: int, host: str = "", is_fixed: bool = False) -> Iterator[str]:
    """Serve the pages on loopback, in the block; give the address.

    Besides this machine's own name for itself, browsers may call the server ``host``.

    Raises:
        WorkbookError: Another program serves on this port, and ``is_fixed`` allows no other.
    """
    handler = type("Handler", (_Handler,), {"pages": pages, "host": host})
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:  # another program is there
        if is_fixed:
            raise WorkbookError(
                f"port {port} cannot be used ({error.strerror}): name another one with --port, "
                "or leave it out"
            ) from None
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers for the index, a page, and the version of a page; for nothing else."""

    pages: Pages
    host: str
    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        # A page from anywhere may have its own name lead here (DNS rebinding).
        own = {f"127.0.0.1:{port}", f"localhost:{port}", self.host} - {""}
        name = unquote(urlsplit(self.path).path).removeprefix("/")
        if self.headers.get("Host", "").lower() not in own:
            self._answer(
                403,
                f"Open http://127.0.0.1:{port}/ on the machine that serves this. To reach it in "
                "another way, as through a tunnel or a proxy, start it with the address that the "
                "browser opens: python -m workbook watch --address http://localhost:9000/",
                "text/plain",
            )
        elif name in ("", "index.html"):
            self._answer(200, _list("Notebooks", self.pages.names()))
        elif found := self.pages.page(name.removeprefix("version/")):
            if name.startswith("version/"):
                self._answer(200, str(found.version), "text/plain")
            else:
                self._answer(200, found.text)
        else:
            self._answer(404, "There is no such page.", "text/plain")

    def _answer(self, status: int, text: str, kind: str = "text/html") -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Frame-Options": "DENY",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing: the lines are for what changed."""
