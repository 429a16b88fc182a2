"""Execute notebooks headless, in the interpreter that runs us, several at a time."""

import asyncio
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.errors import KernelError
from workbook_staff import capacity
from workbook_staff.notebooks import find, recorder, terminal
from workbook_staff.notebooks.reading import read

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

CELL_SECONDS = 1800
"""How long one cell may take: several times the longest training on a slow laptop."""

START_SECONDS = 120

KERNEL_BYTES = 2_000_000_000
"""What a kernel takes of memory while it trains."""

OUTPUT_CHARACTERS = 50_000_000
"""What the outputs of a notebook may come to while it is executed, pictures as text included."""

OUTPUT_COUNT = 50_000
"""How many outputs a notebook may have; each piece of what a cell prints is one at first."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
"""Variables by which a kernel's libraries take one thread, where the user has set nothing.

Two notebooks side by side wait for each other's threads: with one thread each, they take about a
quarter less of the processor. The numbers, which depend on how many there are, are then the same
on a machine with more cores.
"""

FIXED = ("IPYTHONDIR", "MATPLOTLIBRC")
"""Variables that are the same for every run, whatever the user has set."""

SET_ASIDE = (
    "MPLBACKEND",
    *(f"PYTHON{of}" for of in ("DEVMODE", "INSPECT", "OPTIMIZE", "STARTUP", "WARNINGS")),
)
"""Variables of the user's that no run has."""

# What TensorFlow's C++ side logs before Python can ask it to be quiet.
_NOISE = re.compile(
    r"^(WARNING: All log messages before absl::InitializeLog"
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWEF] ).*\n?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Run:
    """An executed notebook: where a cell failed, ``failure`` says which and how, else it is "".

    ``seconds`` is how long it took here, 0 where it was not executed here. ``executed`` says of a
    stored run when that was, and is "" for any other. ``started`` is when it began here (seconds
    since 1970). ``used`` is what its kernel wrote down of the files that it used
    (:mod:`workbook_staff.notebooks.recorder`). ``folder`` is the one that it was given to fill, if
    it was.
    """

    notebook: NotebookNode
    seconds: float
    failure: str = ""
    executed: str = ""
    started: float = 0.0
    used: frozenset[tuple[str, str]] = frozenset()
    folder: Path | None = None

    @property
    def is_executed(self) -> bool:
        """Whether the notebook holds any outputs."""
        return any(cell.get("outputs") for cell in self.notebook.cells)


@dataclass(frozen=True)
class Job:
    """A notebook to execute, in its folder: that at ``path``, or ``notebook`` in its place.

    Code in it finds the name of ``folder`` in the variable ``WORKBOOK_RUN_FOLDER``. ``seconds`` is
    how long it took the last time, 0 where that is not known.
    """

    path: Path
    notebook: NotebookNode | None = None
    folder: Path | None = None
    seconds: float = 0.0


def execute_all(
    jobs: Iterable[Job], at_once: int | None = None
) -> Generator[tuple[Job, Run | Exception], None, None]:
    """Execute notebooks side by side, the longest first; yield each as soon as it is done.

    One that goes deeper begins when its core notebook is done, whose model it loads. The cells
    after one that fails are not run, and come back without outputs; the files are not changed. What
    ends one of the runs (an OSError, NotebookError or KernelError) is yielded in its place, and
    stops no other one. ``at_once`` is how many run at a time (default: as many as there is room
    for); each has one thread, as it has alone, so that its numbers are the same.

    Raises:
        KeyboardInterrupt: The reader pressed Ctrl-C; all kernels are stopped.
    """
    order = sorted(jobs, key=lambda job: -job.seconds)
    running: set[_Client] = set()
    pool = ThreadPoolExecutor(at_once or capacity.at_once(KERNEL_BYTES))
    try:
        core = [job.path for job in order if not find.is_further(job.path)]
        waiting = [job for job in order if any(find.is_companion(job.path, it) for it in core)]
        futures = {pool.submit(_executed, job, running): job for job in order if job not in waiting}
        while futures:
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                done = futures.pop(future)
                for job in [job for job in waiting if find.is_companion(job.path, done.path)]:
                    waiting.remove(job)
                    futures[pool.submit(_executed, job, running)] = job
                try:
                    run: Run | Exception = future.result()
                except Exception as error:
                    run = error
                yield done, run
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for client in list(running):
            client.kill()
        pool.shutdown()


def _executed(job: Job, running: "set[_Client]") -> Run:
    """Execute a notebook in a thread of its own, where nbclient leaves Ctrl-C to us."""
    notebook = read(job.path) if job.notebook is None else job.notebook
    sections = _sections(notebook)
    numbers = [i for i, cell in enumerate(notebook.cells) if runs(cell)]
    began, started = time.time(), time.monotonic()
    current = 0
    section = ""

    def tell(said: str) -> None:
        line = f"{job.path.stem}  {duration(time.monotonic() - started)}  {said}\n"
        sys.stdout.write(line)  # in one piece: others write, too
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        scratch = Path(made)

        def on_cell_execute(cell: NotebookNode, cell_index: int) -> None:
            nonlocal current, section
            current = cell_index
            if section != sections[cell_index]:
                section = sections[cell_index]
                left = job.seconds - (time.monotonic() - started)
                more = f", about {duration(left)} left" if left > 0 else ""
                number = numbers.index(cell_index) + 1
                tell(f"cell {number:>2} of {len(numbers)}  {section}{more}")

        client = _Client(
            notebook,
            timeout=CELL_SECONDS,
            startup_timeout=START_SECONDS,
            resources={"metadata": {"path": str(job.path.resolve().parent)}},
            on_cell_execute=on_cell_execute,
            log=_silent(),
        )
        running.add(client)
        failure = ""
        try:
            asyncio.run(_start_and_execute(client, scratch, job.folder))
        except CellExecutionError as error:
            failure = _one_line(error.ename, error.evalue)
        except CellTimeoutError:
            failure = f"the cell was stopped after {CELL_SECONDS // 60} minutes"
            _add_error(notebook.cells[current], "TimeoutError", failure)
        except DeadKernelError:
            failure = client.too_much or "Python itself stopped, most often for want of memory"
            name = "TooMuchOutput" if client.too_much else "DeadKernelError"
            _add_error(notebook.cells[current], name, failure)
        finally:
            running.discard(client)
        # No page shows it; nbclient cannot do without it where a cell writes into an Output widget.
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = _tidied(cell.outputs)
        seconds = time.monotonic() - started
        if failure:
            number = numbers.index(current) + 1
            failure = f"{sections[current]}, cell {number} of {len(numbers)}: {failure}"
            for cell in notebook.cells[current + 1 :]:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
        tell(f"FAILED in {failure}" if failure else f"{len(numbers)} cells done")
        used = recorded(scratch / "record")
    return Run(notebook, seconds, failure, started=began, used=used, folder=job.folder)


def stored(path: Path) -> Run:
    """Return a notebook as it was stored; an error in its outputs is its failure.

    Raises:
        OSError: The file cannot be read.
        NotebookError: There is no such file, or it is not a notebook.
    """
    notebook = read(path)
    pairs = zip(_sections(notebook), notebook.cells, strict=True)
    cells = [(section, cell) for section, cell in pairs if runs(cell)]
    for number, (section, cell) in enumerate(cells, start=1):
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                error = _one_line(output.ename, output.evalue)
                failure = f"{section}, cell {number} of {len(cells)}: {error}"
                return Run(notebook, 0.0, failure)
    return Run(notebook, 0.0)


def stable(notebook: NotebookNode) -> NotebookNode:
    """Drop from an executed notebook what changes from run to run, so that its diffs stay small.

    Timestamps, the state of widgets and the exact Python version go; cell ids stay.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


class _Client(NotebookClient):
    """Stops the kernel of a notebook whose outputs would fill the memory."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.too_much = ""
        # Of each cell, what its outputs come to: characters, and how many they are.
        self._held: dict[int, tuple[int, int]] = {}

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        if self.clear_before_next_output:
            self._held.pop(cell_index, None)
        characters, count = self._held.get(cell_index, (0, 0))
        said = len(json.dumps(msg["content"], default=str, ensure_ascii=False))
        self._held[cell_index] = characters + said, count + 1
        characters, count = map(sum, zip(*self._held.values(), strict=True))
        if characters > OUTPUT_CHARACTERS:
            self._stop(f"{OUTPUT_CHARACTERS:,} characters")
        elif count > OUTPUT_COUNT:
            self._stop(f"{OUTPUT_COUNT:,} outputs")
        else:
            return super().output(outs, msg, display_id, cell_index)
        return None

    def clear_output(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        if not msg["content"].get("wait"):
            self._held.pop(cell_index, None)
        super().clear_output(outs, msg, cell_index)

    def kill(self) -> None:
        """End the kernel's process at once; the thread that waits for it then goes on."""
        if self.km is not None and self.km.provisioner is not None:
            process = getattr(self.km.provisioner, "process", None)
            if process is not None:
                process.kill()

    def _stop(self, limit: str) -> None:
        """End the run as nbclient does where the kernel has died: the cell may catch all else."""
        self.too_much = f"the cell was stopped: the notebook's outputs were more than {limit}"
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()


class _Kernel(KernelSpecManager):
    """Knows one kernel: this interpreter's, which writes down what it reads."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-P", recorder.__file__, "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name=kernel_name, language="python")


def _environment(scratch: Path, folder: Path | None) -> dict[str, str]:
    """Return the variables of a kernel, so that no settings of the user's own go into a run."""
    (scratch / "matplotlibrc").touch()
    kept = {name: value for name, value in os.environ.items() if name not in SET_ASIDE}
    return (
        ONE_THREAD
        | kept
        | {
            "IPYTHONDIR": str(scratch / "ipython"),
            "MATPLOTLIBRC": str(scratch / "matplotlibrc"),
            "WORKBOOK_RECORD": str(scratch / "record"),
            "WORKBOOK_RUN_FOLDER": str(folder or ""),
        }
    )


async def _start_and_execute(client: _Client, scratch: Path, folder: Path | None) -> None:
    """Start the kernel. What it writes to its own stderr shows only where it does not start."""
    with tempfile.TemporaryFile() as log:
        client.km = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=_Kernel(),
            connection_file=str(scratch / "connection.json"),
        )
        try:
            environment = _environment(scratch, folder)
            await client.async_start_new_kernel(stderr=log, env=environment)
            await client.async_start_new_kernel_client()
        except RuntimeError as error:
            log.seek(0)
            said = log.read().decode(errors="replace").strip()
            raise KernelError(
                f"The notebook kernel of {sys.executable} did not start: {error}\n{said}\n"
                "Install again with: python -m pip install -r requirements.txt"
            ) from error
        await client.async_execute()


def recorded(file: Path) -> frozenset[tuple[str, str]]:
    """Return what a kernel has written down, but for the files in the folder of that record."""
    pairs = (tuple(json.loads(line)) for line in file.read_text("utf-8").splitlines())
    return frozenset(pair for pair in pairs if not pair[1].startswith(str(file.parent)))


def _silent() -> logging.Logger:
    """Return a logger for what nbclient would print between the lines of progress."""
    log = logging.getLogger(__name__)
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return log


def runs(cell: NotebookNode) -> bool:
    """Return whether a cell is one that the kernel is given."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def _sections(notebook: NotebookNode) -> list[str]:
    """Return, for each cell, the heading of the section that it stands in."""
    sections, now = [], "start"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^##? +(.+)", cell.source, re.M)):
            now = found[1].strip()
        sections.append(now)
    return sections


def duration(seconds: float) -> str:
    """Return a time as it is said: "48 s", "2 min 5 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _one_line(name: str, message: str) -> str:
    """Return an error in a line: what TensorFlow says of a wrong shape can fill a page."""
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return f"{name}: {first[:160]}" if first else name


def _add_error(cell: NotebookNode, name: str, message: str) -> None:
    cell.outputs.append(
        nbformat.v4.new_output("error", ename=name, evalue=message, traceback=[message])
    )


def _tidied(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what a cell wrote to each stream, without noise and what was written over.

    As nbclient's ``coalesce_streams``, whose time grows with the square of a line's length: ten
    seconds for 200,000 characters.
    """
    joined: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    parts: dict[str, list[str]] = {}
    for output in outputs:
        if output.output_type != "stream":
            joined.append(output)
            continue
        if output.name not in streams:
            streams[output.name] = output
            joined.append(output)
        parts.setdefault(output.name, []).append(output.text)
    for name, output in streams.items():
        output.text = terminal.shown("".join(parts[name]))
        if name == "stderr":
            output.text = _NOISE.sub("", output.text)
    return [o for o in joined if o.output_type != "stream" or o.text.strip()]
