"""What ``fit`` shows: one line of progress."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from workbook.backend import keras

import numpy as np


class Progress(keras.callbacks.Callback):
    """Epoch, metrics and time left: in a notebook one line, renewed; elsewhere a line an epoch.

    Where the output is neither a notebook nor a terminal, ten lines at most, and the last.
    """

    def on_train_begin(self, logs: Mapping | None = None) -> None:
        """Start the clock."""
        self.display: Any = None
        self.began = time.perf_counter()
        self.first_end = 0.0
        self.done = 0
        self.line = ""
        if _in_notebook():
            from IPython.display import display

            self.display = display(_plain("training starts"), raw=True, display_id=True)

    def on_epoch_end(self, epoch: int, logs: Mapping | None = None) -> None:
        """Show the metrics of ``epoch``, counted from 0, and the time left."""
        now = time.perf_counter()
        epochs = self.params["epochs"]
        self.done += 1
        # The first epoch holds the compilation: it tells little about the others.
        self.first_end = self.first_end or now
        each = (now - self.first_end) / (self.done - 1) if self.done > 1 else now - self.began
        logs = logs or {}
        names = sorted(logs, key=lambda name: (name.startswith("val_"), "loss" not in name))
        metrics = "  ".join(f"{name} {float(np.mean(logs[name])):.4f}" for name in names)
        self.line = f"epoch {epoch + 1}/{epochs}  {metrics}"
        left = f"{self.line}  {_clock(each * (epochs - epoch - 1))} left"
        if self.display is not None:
            self.display.update(_plain(left), raw=True)
        elif getattr(sys.stdout, "isatty", bool)() or self.done % -(-epochs // 10) == 0:
            print(left, flush=True)

    def on_train_end(self, logs: Mapping | None = None) -> None:
        """Leave the last epoch's metrics and the time taken."""
        summary = f"{self.line}  {_clock(time.perf_counter() - self.began)} in all"
        if self.display is not None:
            self.display.update(_plain(summary), raw=True)
        else:
            print(summary, flush=True)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _plain(text: str) -> dict[str, str]:
    return {"text/plain": text}


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
