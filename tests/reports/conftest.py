"""What tests of pages in a real browser share."""

import threading
from collections.abc import Iterator

import pytest
from loopback import Host


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host() as host:
        threading.Thread(target=host.serve_forever, args=(0.05,), daemon=True).start()
        yield host
        host.shutdown()
