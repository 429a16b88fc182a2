"""Serve the pages of the notebooks on this machine, and renew one when its notebook is saved.

Nothing is executed. A page shows the kept run of its notebook while that holds, else the outputs
that are stored in the file, and says so at its top.

Only what is served has the script that renews it, and may ask this server: the policy of the pages
that are exported stays as it is.
"""

import base64
import hashlib
import html
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from workbook.errors import NotebookError
from workbook_staff import reports
from workbook_staff.notebooks import find
from workbook_staff.notebooks.execute import stored
from workbook_staff.pages.export import Exporter

PORT = 8765
"""Where the pages are served, unless another program is there: then on any free port."""

LOOK_SECONDS = 0.25
"""How often the notebooks are looked at."""

_POLICY = re.compile(r'(http-equiv="Content-Security-Policy" content=")([^"]*)')
_RELOAD = "new EventSource({address}).onmessage = () => location.reload();"


class Pages:
    """The pages of the notebooks in ``notebooks/``, each with a version that grows at a change."""

    def __init__(self, edition: str = "instructor") -> None:
        """Prepare for one edition; `look` makes the pages."""
        self._exporter = Exporter(edition)
        self._pages: dict[str, tuple[int, str, str]] = {}
        self._seen: dict[Path, tuple[int, int]] = {}
        self.changed = threading.Condition()

    def names(self) -> list[str]:
        """Return the names of the pages, in the order of the notebooks."""
        names = (f"{path.stem}.html" for path in find.own())
        return [name for name in names if name in self._pages]

    def page(self, name: str) -> tuple[int, str, str] | None:
        """Return a page's version, its HTML and what is to be said at its top; None if no such."""
        return self._pages.get(name)

    def look(self) -> list[str]:
        """Make anew the pages of the notebooks that were saved since; return lines on each."""
        lines = []
        present = find.own()
        for path in present:
            try:
                stat = path.stat()
            except OSError:  # an editor is replacing it
                continue
            stamp = (stat.st_size, stat.st_mtime_ns)
            if self._seen.get(path) != stamp:
                self._seen[path] = stamp
                lines.append(self._renew(path))
        for path in self._seen.keys() - set(present):
            del self._seen[path]
            self._pages.pop(f"{path.stem}.html", None)
        return lines

    def _renew(self, path: Path) -> str:
        name, started = f"{path.stem}.html", time.monotonic()
        old = self._pages.get(name)
        try:
            run = stored(path)
            found, why = reports.cache().find(path, run.notebook)
            note = "" if found else _note(why)
            text = self._exporter.page(found or run, path)
        except (NotebookError, OSError) as error:
            note, text = f"Not renewed: {error}", old[1] if old else ""
        with self.changed:
            self._pages[name] = time.time_ns(), text, note
            self.changed.notify_all()
        return f"{path.stem}  {time.monotonic() - started:.1f} s  {note}".rstrip()


def _note(why: str) -> str:
    reason = f"{why} since its last run" if why else "no run of it is kept"
    return f"These are the outputs stored in the notebook: {reason}. make reports executes it."


def serve(edition: str = "instructor") -> None:
    """Serve the pages until Ctrl-C, and print their address.

    Raises:
        KeyboardInterrupt: That was pressed.
    """
    pages = Pages(edition)
    for line in pages.look():
        print(line, flush=True)
    with serving(pages, PORT) as address:
        print(f"Open {address} and save a notebook; Ctrl-C ends this.", flush=True)
        while True:
            time.sleep(LOOK_SECONDS)
            for line in pages.look():
                print(line, flush=True)


@contextmanager
def serving(pages: Pages, port: int) -> Iterator[str]:
    """Serve the pages on loopback, in the block; give the address."""
    handler = type("Handler", (_Handler,), {"pages": pages})
    try:
        server = _Server(("127.0.0.1", port), handler)
    except OSError:  # another program is there
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
    server: _Server

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        # A page from anywhere may have its own name lead here (DNS rebinding).
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._answer(403, f"Open http://127.0.0.1:{port}/ under this name.", "text/plain")
            return
        address = urlsplit(self.path)
        name = unquote(address.path).removeprefix("/")
        if name in ("", "index.html"):
            self._answer(200, _index(self.pages.names()))
        elif name.startswith("news/") and self.pages.page(name.removeprefix("news/")):
            after = parse_qs(address.query).get("after", [""])[0]
            self._news(name.removeprefix("news/"), after)
        elif found := self.pages.page(name):
            self._answer(200, _served(name, *found))
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
        return found is not None and str(found[0]) != after

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing: the lines are for what changed."""


def _index(names: list[str]) -> str:
    items = "".join(f'<li><a href="/{quote(name)}">{html.escape(name)}</a></li>' for name in names)
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Notebooks</title>'
        f'<link rel="icon" href="data:,"><h1>Notebooks</h1><ul>{items}</ul></html>'
    )


def _served(name: str, version: int, text: str, note: str) -> str:
    """Return a page with the script that renews it, which its policy here allows."""
    script = _RELOAD.replace("{address}", f'"/news/{quote(name)}?after={version}"')
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    def allow(policy: re.Match[str]) -> str:
        rules = (
            policy[2]
            .replace("script-src 'none'", "script-src")
            .replace("script-src", f"script-src 'sha256-{digest}'")
        )
        return f"{policy[1]}{rules}; connect-src 'self'"

    text = _POLICY.sub(
        allow, text or f'<meta charset="utf-8"><title>{html.escape(name)}</title>', 1
    )
    said = f'<p role="status"><strong>{html.escape(note)}</strong></p>' if note else ""
    head, body, rest = text.partition("<body>")
    if not body:  # there was never a page
        return f"{head}{said}<script>{script}</script>"
    return f"{head}{body}{said}{rest}<script>{script}</script>"
