"""What notebooks are doing, a line each: kept up to date on a terminal, now and then elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Line:
    """What one notebook is doing: the number of its cell, the section, and the time left."""

    def __init__(self, progress: "Progress", name: str, total: int, expected: float) -> None:
        """Begin; ``expected`` is how many seconds it may take, 0 where that is not known."""
        self.progress, self.name, self.total, self.expected = progress, name, total, expected
        self.number, self.doing = 0, "starting Python"
        self.started = time.monotonic()

    def at(self, number: int, doing: str) -> None:
        """Say which cell is executed now, and in which section it is."""
        self.number, self.doing = number, doing
        self.progress.changed()

    def end(self, text: str) -> None:
        """Say how it ended: that line stays."""
        self.progress.end(self, f"{self._start()}  {text}")

    def __str__(self) -> str:
        """Return the line as it is now."""
        left = self.expected - (time.monotonic() - self.started)
        more = f", about {_clock(left)} left" if left > 0 else ""
        return f"{self._start()}  cell {self.number:>2} of {self.total}  {self.doing}{more}"

    def _start(self) -> str:
        return f"{self.name}  {_clock(time.monotonic() - self.started)}"


class Progress:
    """The lines of all notebooks that are executed now.

    A thread writes them, so that the time goes on through a long training cell.
    """

    def __init__(self, stream: TextIO) -> None:
        """Prepare to write to a stream: in place where it is a terminal."""
        self.stream, self.in_place = stream, stream.isatty()
        self._lines: list[Line] = []
        self._shown = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Progress":
        """Begin to write."""
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write no more."""
        self._ended.set()
        self._clock.join()

    @contextmanager
    def line(self, name: str, total: int, expected: float) -> Iterator[Line]:
        """Give the line of one notebook; it goes when the block ends."""
        line = Line(self, name, total, expected)
        with self._lock:
            self._lines.append(line)
            self._write([] if self.in_place else [str(line)])
        try:
            yield line
        finally:
            with self._lock:
                if line in self._lines:  # it has no end
                    self._lines.remove(line)
                self._write([])

    def changed(self) -> None:
        """Write the lines anew, where that is done in place."""
        if self.in_place:
            with self._lock:
                self._write([])

    def end(self, line: Line, text: str) -> None:
        """Write a line for good."""
        with self._lock:
            self._lines.remove(line)
            self._write([text])

    def _tick(self) -> None:
        while not self._ended.wait(1 if self.in_place else 20):
            with self._lock:
                self._write([] if self.in_place else [str(line) for line in self._lines])

    def _write(self, for_good: list[str]) -> None:
        """Write lines that stay and, on a terminal, those of what is executed now below them."""
        start = ""
        if self.in_place:
            up = f"\x1b[{self._shown - 1}A" if self._shown > 1 else ""
            start = f"\r{up}\x1b[J"
            self._shown = len(self._lines)
        now = "\n".join(str(line)[:78] for line in self._lines) if self.in_place else ""
        self.stream.write(start + "".join(f"{line}\n" for line in for_good) + now)
        self.stream.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
