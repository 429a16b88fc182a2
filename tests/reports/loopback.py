"""A host of the wide world, played on loopback, for tests that no page asks it for anything."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Host(HTTPServer):
    """A host of the wide world, played on loopback: it keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked = asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
