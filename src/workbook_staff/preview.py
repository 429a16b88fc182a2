"""Serve the pages of the notebooks on this machine, and renew one when its notebook is saved.

Nothing is executed. A page shows the kept run of its notebook while that holds, else the outputs
that are stored in the file, and says so at its top. A run that is made beside it is taken up, and
so is a change of a module or of data that ends the kept run.

Only what is served has the script that renews it, and may ask this server: pages that are exported
may not.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

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

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Served:
    """A page: ``version`` grows at each change, ``note`` is said at the top of ``text``.

    ``run`` is what it shows, None where its file never was a notebook.
    """

    version: int
    text: str
    note: str
    run: Run | None


class Pages:
    """The pages of the notebooks in ``notebooks/``, each with a version that grows at a change."""

    def __init__(self, edition: str = "instructor") -> None:
        """Prepare for one edition; `look` makes the pages."""
        self._exporter = Exporter(edition)
        self._pages: dict[str, Served] = {}
        self._seen: dict[Path, Stamp] = {}
        self._around: dict[Path, Stamp] = {}
        self.changed = threading.Condition()

    def names(self) -> list[str]:
        """Return the names of the pages, in the order of the notebooks."""
        with self.changed:
            names = (f"{path.stem}.html" for path in find.own())
            return [name for name in names if name in self._pages]

    def page(self, name: str) -> Served | None:
        """Return a page, None if there is no such."""
        with self.changed:
            return self._pages.get(name)

    def look(self) -> list[str]:
        """Make anew the pages of which something was saved since; return lines on each."""
        around = _stamps_around()
        changed = around != self._around
        self._around = around
        lines = []
        present = find.own()
        for path in present:
            try:
                stamp = _stamp(path.stat())
            except OSError:  # an editor is replacing it
                continue
            was = self._seen.get(path)
            if changed or was != stamp:
                self._seen[path] = stamp
                lines += self._renew(path, is_saved=was != stamp)
        for path in self._seen.keys() - set(present):
            del self._seen[path]
            with self.changed:
                self._pages.pop(f"{path.stem}.html", None)
        return lines

    def _renew(self, path: Path, is_saved: bool) -> list[str]:
        name, started = f"{path.stem}.html", time.monotonic()
        old = self.page(name)
        run: Run | None
        try:
            saved = stored(path)
            kept, why = reports.cache().find(path, saved.notebook)
            run, note = kept or saved, "" if kept else _note(why)
        except (WorkbookError, OSError) as error:
            run, note = (old and old.run) or None, f"Not renewed: {error}"
        if old and not is_saved and (note, _when(run)) == (old.note, _when(old.run)):
            return []
        version = time.time_ns()
        text = self._text(path, run, note, version)
        with self.changed:
            self._pages[name] = Served(version, text, note, run)
            self.changed.notify_all()
        return [f"{path.stem}  {time.monotonic() - started:.1f} s  {note}".rstrip()]

    def _text(self, path: Path, run: Run | None, note: str, version: int) -> str:
        # Relative, so that it holds behind a hub's proxy, too.
        news = json.dumps(f"news/{quote(path.stem)}.html?after={version}").replace("<", "\\u003c")
        script = f"new EventSource({news}).onmessage = () => location.reload();"
        if run is not None:
            try:
                return self._exporter.page(run, path, note=note, reload_script=script)
            except Exception as error:  # a notebook may hold anything; the others go on
                note = f"Not renewed: {type(error).__name__}: {error}"
        return _list(path.stem, [], note, script)


def _when(run: Run | None) -> str:
    return run.executed if run else ""


def _stamps_around() -> dict[Path, Stamp]:
    """Return the stamps of what a kept run may hang on, and of the kept runs themselves."""
    found = [
        *Path(workbook.__file__).parent.rglob("*"),
        *paths.NOTEBOOKS.rglob("*"),
        *paths.DATA.glob("*"),
    ]
    stamps = {}
    for path in found:
        if path.suffix not in (".ipynb", ".pyc") and path != paths.CACHE and path.is_file():
            with contextlib.suppress(OSError):
                stamps[path] = _stamp(path.stat())
    for path in reports.cache().folder.glob("*.json"):
        with contextlib.suppress(OSError):  # its time is that of its last use
            stamps[path] = (*_stamp(path.stat())[:2], 0)
    return stamps


def _stamp(stat: os.stat_result) -> Stamp:
    """Return what changes when a file is saved: its size, the file itself, its time."""
    return stat.st_size, stat.st_ino, stat.st_mtime_ns


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
    host = _host(address)
    pages = Pages(edition)
    for line in pages.look():
        print(line, flush=True)
    with serving(pages, port or PORT, [host] if host else [], is_fixed=bool(port)) as here:
        print(f"Open {address or here} and save a notebook; Ctrl-C ends this.", flush=True)
        while True:
            time.sleep(LOOK_SECONDS)
            for line in pages.look():
                print(line, flush=True)


def _host(address: str) -> str:
    """Return what a browser sends as ``Host`` for an address, "" for none."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        usual = {"http": 80, "https": 443}[parts.scheme]
        name, port = parts.netloc.rpartition("@")[2].lower(), parts.port
        if not parts.hostname:
            raise ValueError
    except (KeyError, ValueError):
        raise WorkbookError(
            f"{address!r} is no address of a page; expected one that a browser opens, such as "
            "http://localhost:9000/"
        ) from None
    return name.removesuffix(f":{port}") if port == usual else name


@contextmanager
def serving(
    pages: Pages, port: int, hosts: list[str] | None = None, is_fixed: bool = False
) -> Iterator[str]:
    """Serve the pages on loopback, in the block; give the address.

    Besides this machine's own name for itself, browsers may call the server by one of ``hosts``.

    Raises:
        WorkbookError: Another program serves on this port, and ``is_fixed`` allows no other.
    """
    handler = type("Handler", (_Handler,), {"pages": pages, "hosts": hosts or []})
    try:
        server = _Server(("127.0.0.1", port), handler)
    except OSError as error:  # another program is there
        if is_fixed:
            raise WorkbookError(
                f"port {port} cannot be used ({error.strerror}): name another one with --port, "
                "or leave it out"
            ) from None
        server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a page that waits for news would be waited for


class _Handler(BaseHTTPRequestHandler):
    """Answers for the index, a page, and the news of a page; for nothing else."""

    pages: Pages
    hosts: list[str]
    server: _Server

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        # A page from anywhere may have its own name lead here (DNS rebinding).
        own = [f"127.0.0.1:{port}", f"localhost:{port}", *self.hosts]
        if self.headers.get("Host", "").lower() not in own:
            self._answer(
                403,
                f"Open http://127.0.0.1:{port}/ on the machine that serves this. To reach it in "
                "another way, as through a tunnel or a proxy, start it with the address that the "
                "browser opens: python -m workbook watch --address http://localhost:9000/",
                "text/plain",
            )
            return
        address = urlsplit(self.path)
        name = unquote(address.path).removeprefix("/")
        if name in ("", "index.html"):
            self._answer(200, _list("Notebooks", self.pages.names()))
        elif name.startswith("news/") and self.pages.page(name.removeprefix("news/")):
            after = parse_qs(address.query).get("after", [""])[0]
            self._news(name.removeprefix("news/"), after)
        elif found := self.pages.page(name):
            self._answer(200, found.text)
        else:
            self._answer(404, "There is no such page.", "text/plain")

    def _answer(self, status: int, text: str, kind: str = "text/html") -> None:
        body = text.encode(errors="replace")
        self._head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")

    def _news(self, name: str, after: str) -> None:
        """Send an event once the page has another version than ``after``."""
        self._head(200, "text/event-stream")
        self.end_headers()
        try:
            while True:
                with self.pages.changed:
                    came = self.pages.changed.wait_for(lambda: self._is_new(name, after), 10)
                self.wfile.write(b"data: changed\n\n" if came else b": still here\n\n")
                if came:
                    return
        except OSError:  # the page was closed
            return

    def _is_new(self, name: str, after: str) -> bool:
        found = self.pages.page(name)
        return found is not None and str(found.version) != after

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing: the lines are for what changed."""
