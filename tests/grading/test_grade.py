"""From a folder of hand-ins to outcomes: what counts, what does not, and what cannot do harm."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workbook import exercises
from workbook.errors import GradingError
from workbook_staff.grading import course, grade
from workbook_staff.grading import submission as reading
from workbook_staff.grading.result import HandIn
from workbook_staff.grading.sandbox import parent

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from small_course import MIME_TYPE, NAMES, SOLUTIONS, S, answered, notebook, put

Graded = Callable[..., dict[str, HandIn]]


needs_sandbox = pytest.mark.skipif(bool(parent.missing()), reason=parent.missing())


def outcomes(hand_in: HandIn) -> dict[str, str]:
    return {result.exercise.partition(".")[2]: result.outcome for result in hand_in.results}


def why(hand_in: HandIn, name: str) -> str:
    return next(r.why for r in hand_in.results if r.exercise == f"{S}.{name}")


@needs_sandbox
def test_answers_are_right_wrong_or_missing(tmp_path: Path, graded: Graded) -> None:
    wrong = {
        "count": "weights = [1, 2, 3, 4]",
        "receptive-field": "field = 7",
        "patience": "stops = [(4, 2), (8, 5)]",
        "second-fold": "held = np.random.default_rng(0).permutation(len(groups)) < 1200",
        "hand-or-sleeve": "times = (1.4333, 1, 1.8)",
    }
    put(tmp_path / "in" / "anna" / "small.ipynb", answered(SOLUTIONS))
    put(tmp_path / "in" / "bert" / "small.ipynb", answered(wrong))
    put(tmp_path / "in" / "cleo" / "small.ipynb", answered({}))
    found = graded(tmp_path / "in")
    assert set(outcomes(found["anna"]).values()) == {"right"}
    assert set(outcomes(found["bert"]).values()) == {"wrong"}
    assert set(outcomes(found["cleo"]).values()) == {"unattempted"}
    slips = {r.exercise.partition(".")[2]: r.misconception for r in found["bert"].results}
    assert slips == {
        "count": "",
        "receptive-field": "without pooling",
        "patience": "counted from 0",
        "second-fold": "the first fold again",
        "hand-or-sleeve": "mean",
    }


def _deleted(made: NotebookNode) -> None:
    made.cells = [cell for cell in made.cells if cell.id.endswith("-answer")]


def _without_ids(made: NotebookNode) -> None:
    for number, cell in enumerate(made.cells):
        cell.id = f"new-{number}"


def _doctored(made: NotebookNode) -> None:
    for cell in made.cells:
        if not cell.id.endswith("-answer") and cell.cell_type == "code":
            cell.source = "exercises.check = print\ncompared = losses = groups = None"


def _copied(made: NotebookNode) -> None:
    made.cells = [*made.cells, *made.cells]


def _reversed(made: NotebookNode) -> None:
    made.cells.reverse()


def _magics(made: NotebookNode) -> None:
    for cell in made.cells:
        if cell.id.endswith("-answer"):
            cell.source = f"%matplotlib inline\n!ls\n{cell.source}"


def _moved_to_own_cells(made: NotebookNode) -> None:
    for cell in list(made.cells):
        name, _, kind = cell.id.rpartition("-")
        if kind == "answer":
            made.cells.append(new_code_cell(cell.source))
            cell.source = f"{NAMES[name]} = ..."


@needs_sandbox
@pytest.mark.parametrize(
    "change",
    [_deleted, _without_ids, _doctored, _copied, _reversed, _magics, _moved_to_own_cells],
)
def test_what_was_done_to_other_cells_changes_nothing(
    change: Any, tmp_path: Path, graded: Graded
) -> None:
    made = answered(SOLUTIONS)
    change(made)
    put(tmp_path / "in" / "anna" / "small.ipynb", made)
    assert set(outcomes(graded(tmp_path / "in")["anna"]).values()) == {"right"}


@pytest.mark.parametrize("change", [lambda _: None, _without_ids])
def test_a_cell_that_is_no_python_is_an_error_wherever_it_is(
    change: Any, tmp_path: Path, small: Path
) -> None:
    made = answered({"count": "weights = = 1", "patience": "stops == 1 = 2"})
    change(made)
    path = put(tmp_path / "small.ipynb", made)
    _, found, _ = reading.answers(path, course.courses([small]), "small.ipynb")
    assert found[f"{S}.count"].outcome == "error"
    assert found[f"{S}.count"].why.startswith("SyntaxError")
    assert found[f"{S}.second-fold"].outcome == "unattempted"
    # What only compares is an answer where the cell is the exercise's own.
    assert (found[f"{S}.patience"].outcome == "error") == (change is not _without_ids)


@needs_sandbox
def test_claims_stand_beside_what_was_verified(tmp_path: Path, graded: Graded) -> None:
    claims = {"count": {"outcome": "right", "hints": 2}, "patience": {"outcome": "wrong"}}
    put(tmp_path / "in" / "anna" / "small.ipynb", answered({"count": "weights = 1"}, claims))
    results = {r.exercise.partition(".")[2]: r for r in graded(tmp_path / "in")["anna"].results}
    assert (results["count"].outcome, results["count"].claimed) == ("wrong", "right")
    assert results["count"].hints == 2
    assert (results["patience"].outcome, results["patience"].claimed) == ("unattempted", "wrong")


def test_folders_of_weeks_are_asked_about_and_an_expression_answers(
    tmp_path: Path, graded: Graded
) -> None:
    for week in (1, 2):
        for name in ("anna", "bert"):
            put(tmp_path / "in" / f"week{week}" / f"{name}.ipynb", answered(SOLUTIONS))
    with pytest.raises(GradingError, match="--student-from"):
        graded(tmp_path / "in", claimed_only=True)
    found = graded(tmp_path / "in", claimed_only=True, student_from=r"/([^/]+)\.ipynb$")
    assert list(found) == ["anna", "bert"]
    assert found["anna"].remarks[0].startswith("the last of 2")


def test_claims_alone_execute_nothing(
    tmp_path: Path, graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent.Sandbox, "run", lambda *_: pytest.fail("executed"))
    claims = {"count": {"outcome": "right"}}
    put(tmp_path / "in" / "anna" / "small.ipynb", answered(SOLUTIONS, claims))
    results = graded(tmp_path / "in", claimed_only=True)["anna"].results
    assert [(r.outcome, r.claimed) for r in results][:2] == [("", "right"), ("", "")]


def test_without_a_sandbox_nothing_is_executed(
    tmp_path: Path, graded: Graded, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(parent, "missing", lambda: "bubblewrap is not installed")
    monkeypatch.setattr(parent.Sandbox, "run", lambda *_: pytest.fail("executed"))
    put(tmp_path / "in" / "anna" / "small.ipynb", answered(SOLUTIONS))
    assert {r.outcome for r in graded(tmp_path / "in")["anna"].results} == {""}
    assert "Nothing is executed: bubblewrap is not installed." in capsys.readouterr().out


@needs_sandbox
def test_a_number_off_the_students_own_curve_is_right_by_their_facts(
    tmp_path: Path, graded: Graded
) -> None:
    claims = {"hand-or-sleeve": {"outcome": "right", "facts": {"ratios": [0.5, 0.75, 1.0]}}}
    own = {"hand-or-sleeve": "times = (0.75, 0.5, 1)"}
    put(tmp_path / "in" / "anna" / "small.ipynb", answered(own, claims))
    forged = {"hand-or-sleeve": {"outcome": "right", "facts": {"ratios": "x"}}}
    put(tmp_path / "in" / "bert" / "small.ipynb", answered(own, forged))
    judged_wrong = {"hand-or-sleeve": claims["hand-or-sleeve"] | {"outcome": "wrong"}}
    put(tmp_path / "in" / "dora" / "small.ipynb", answered(own, judged_wrong))
    # The losses are written down in the notebook: there is nothing that could be another's own.
    others = {"losses": [0.1] + [0.2] * 10, "patience": [2, 3]}
    exercise = exercises.EXERCISES[f"{S}.patience"]
    assert exercises.judged(exercise, [[3, 1], [4, 1]], others).outcome == "right"
    made_up = {"patience": {"outcome": "right", "facts": others}}
    put(
        tmp_path / "in" / "cleo" / "small.ipynb",
        answered({"patience": "stops = [(3, 1), (4, 1)]"}, made_up),
    )
    found = graded(tmp_path / "in")
    assert outcomes(found["cleo"])["patience"] == "wrong"
    (result,) = (r for r in found["anna"].results if r.exercise.endswith("hand-or-sleeve"))
    assert result.outcome == "right" and result.by_own_facts and "own check" in result.why
    assert outcomes(found["bert"])["hand-or-sleeve"] == "wrong"
    assert outcomes(found["dora"])["hand-or-sleeve"] == "wrong"


HOSTILE = {
    "fork bomb": ("import os\nwhile True:\n    os.fork()", "error"),
    "endless loop": ("while True:\n    pass", "timeout"),
    "sleep": ("import time\ntime.sleep(1000)", "timeout"),
    "10 GB": ("weights = np.ones(10**10 // 8)", "too large"),
    "endless print": ("while True:\n    print('x' * 1000)", "too large"),
    "network": ("import socket\nsocket.create_connection(('127.0.0.1', 22), 2)", "error"),
    "host's files": ("weights = open('{secret}').read()", "error"),
    "other hand-ins": ("import os\nweights = os.listdir('{folder}')", "error"),
    "classmates' answers, and what all are judged by": (
        "import os\nseen = []\nfor _, folders, files in os.walk('/'):\n"
        "    folders[:] = [f for f in folders if f not in ('lib', 'usr', 'proc', 'sys')]\n"
        "    seen += [f for f in files if f.startswith(('facts-', 'sign_')) or len(f) > 63]\n"
        "assert seen or os.path.exists('/kept')\nweights = 1",
        "error",
    ),
    "the instructor's environment": (
        "seen = ''\nfor n in (1, 2):\n    try:\n        seen += open(f'/proc/{n}/environ').read()\n"
        "    except OSError:\n        pass\nassert 'secret' in seen\nweights = seen",
        "error",
    ),
    "memory without a name": (
        "import os\nfor n in range(64):\n    os.write(os.memfd_create('x'), b'x' * 2**26)",
        "error",
    ),
    "shared memory": (
        "import ctypes\nassert ctypes.CDLL(None).shmget(0, 2**30, 0o1600) >= 0",
        "error",
    ),
    "files without end": (
        "import os\nn = 0\nwhile True:\n    os.close(os.open(f'{n}', os.O_CREAT))\n    n += 1",
        "too large",
    ),
    "a folder that cannot be cleared": (
        "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\nweights = 1",
        "wrong",
    ),
    "signals in a queue": (
        "import ctypes, os\ninfo = (ctypes.c_int * 32)(9, 0, -1)\n"
        "assert ctypes.CDLL(None).syscall(129, os.getppid(), 9, info) == 0",
        "error",
    ),
    "a signal by a pipe": (
        "import fcntl, os, time\nr, w = os.pipe()\nfcntl.fcntl(r, 10, 9)\n"
        "fcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())\n"
        "fcntl.fcntl(r, fcntl.F_SETFL, fcntl.fcntl(r, fcntl.F_GETFL) | os.O_ASYNC)\n"
        "os.write(w, b'x')\ntime.sleep(1)\nraise OSError('it takes no signals')",
        "error",
    ),
    "letters that no file can hold": ("raise ValueError('\\ud800 \\x1b[2J')", "error"),
    "a value that no file can hold": ("weights = '\\ud800'", "wrong"),
    "a socket to programs of this machine": (
        "import socket\nsocket.socket(socket.AF_UNIX)",
        "error",
    ),
    "a note for the next answer": (
        "import os, pathlib\nleft = []\nfor line in open('/proc/self/mounts'):\n"
        "    at = line.split()[1]\n    inner = os.listdir(at) if os.path.isdir(at) else []\n"
        "    for place in (at, *(os.path.join(at, name) for name in inner[:50])):\n"
        "        real = os.path.realpath(place)  # /tmp is a link\n"
        "        if not real.startswith(('/proc', '/.temporary')):\n            try:\n"
        "                pathlib.Path(place, 'left').touch()\n                left.append(place)\n"
        "            except OSError:\n                pass\nassert left\nweights = 1",
        "error",
    ),
    "a socket to the machine that runs this one": (
        "import socket\nsocket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
        "error",
    ),
    "a socket to the kernel": (
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "error",
    ),
    "threads without end": (
        "import threading, time\nthreading.stack_size(32_768)\nwhile True:\n"
        "    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()",
        "too large",
    ),
    "a process by clone": (
        "import ctypes, platform\nnumber = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
        "flags = 0x10000000 | 17\n"
        "assert ctypes.CDLL(None).syscall(number, flags, 0, 0, 0, 0) >= 0\nweights = 1",
        "error",
    ),
    "limits of the process that runs the next answer": (
        "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3))",
        "error",
    ),
    "the cores of the process that runs the next answer": (
        "import os\nos.sched_setaffinity(os.getppid(), {0})",
        "error",
    ),
    "the priority of the process that runs the next answer": (
        "import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "error",
    ),
    "the memory of the process that runs the next answer": (
        "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb+')",
        "error",
    ),
    "settings of the system": (
        "import os\nopened = []\nfor place, _, files in os.walk('/proc'):\n"
        "    if place.startswith('/proc/self') or place.startswith(f'/proc/{os.getpid()}'):\n"
        "        continue\n    for name in files:\n        try:\n"
        "            os.close(os.open(os.path.join(place, name), os.O_WRONLY | os.O_NONBLOCK))\n"
        "            opened.append(os.path.join(place, name))\n        except OSError:\n"
        "            pass\nassert opened\nweights = opened",
        "error",
    ),
    "a lock on the system's files": (
        "import fcntl, os\nfcntl.flock(open(os.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "error",
    ),
    "a lock of another kind on the system's files": (
        "import fcntl, os\nfcntl.lockf(open(os.__file__), fcntl.LOCK_SH | fcntl.LOCK_NB)",
        "error",
    ),
    "a signal whenever something is read": (
        "import fcntl, os, struct\nr, w = os.pipe()\nfcntl.ioctl(r, 0x5452, struct.pack('i', 1))",
        "error",
    ),
    "memory in attributes of files": (
        "import os\nopen('x', 'w').close()\nos.setxattr('x', 'user.x', b'x' * 60_000)",
        "error",
    ),
    "memory in pipes": (
        "import fcntl, os\nfcntl.fcntl(os.pipe()[1], 1031, 2**20)",
        "error",
    ),
    "a ring of system calls": (
        "import ctypes\nassert ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(200)) "
        ">= 0\nweights = 1",
        "error",
    ),
    "a filter of its own": (
        "import ctypes\nassert ctypes.CDLL(None).prctl(22, 1, 0, 0, 0) == 0\nweights = 1",
        "error",
    ),
    "another namespace": (
        "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0\nweights = 1",
        "error",
    ),
    "the pipes of other processes": (
        "import glob, os\nopened = []\nfor place in glob.glob('/proc/[0-9]*/fd/*'):\n"
        "    if place.split('/')[2] != str(os.getpid()):\n        try:\n"
        "            opened.append(os.open(place, os.O_WRONLY | os.O_NONBLOCK))\n"
        "        except OSError:\n            pass\n"
        "assert opened\nweights = 1",
        "error",
    ),
    "all disks, written at once": ("import os\nos.sync()\nweights = 1", "wrong"),
    "a record that says how it is judged": (
        "import os\nfor n in range(3, 20):\n    try:\n"
        '        os.write(n, b\'{"outcome": "wrong", "why": "well done"}\\n\')\n'
        "    except OSError:\n        pass\nos._exit(0)",
        "error",
    ),
    "writes": ("open('/kept/x', 'w')", "error"),
    "os._exit": ("import os\nos._exit(0)", "error"),
    "sys.exit": ("import sys\nsys.exit('right')", "error"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "error"),
    "subprocess": ("import subprocess\nweights = subprocess.run(['id'])", "error"),
    "kills its parent": ("import os\nos.kill(os.getppid(), 9)", "error"),
    "the expected answer": (
        "from workbook.exercises.judges.lab_04 import DENSE, FILTERS\n"
        "weights = [DENSE, FILTERS, 16 * DENSE, FILTERS]",
        "error",
    ),
    "the texts": (
        "import pathlib, workbook\n"
        "room = pathlib.Path(workbook.__file__).with_name('exercises')\n"
        "weights = [p.read_text() for p in room.rglob('*.toml')][0]",
        "error",
    ),
    "patched exercises": (
        "from workbook import exercises\nexercises.check = exercises.judged = lambda *_: True\n"
        "weights = 1",
        "wrong",
    ),
    "patched json": ("import json\njson.dumps = lambda *_: 'right'\nweights = 1", "error"),
    "a forged line": (
        "import os\nfor n in range(3, 20):\n    try:\n"
        '        os.write(n, b\'{"outcome": "right"}\\n\')\n    except OSError:\n        pass\n'
        "weights = 1",
        "error",
    ),
    "a flood": (
        "import os\nfor n in range(3, 20):\n    try:\n        while True:\n"
        "            os.write(n, b'x' * 65536)\n    except OSError:\n        pass",
        "too large",
    ),
    "an object that lies": (
        "class Liar(float):\n    def __eq__(self, other):\n        return True\n"
        "    def __float__(self):\n        raise SystemExit\nweights = [Liar(1)] * 4",
        "wrong",
    ),
    "a deep value": ("weights = []\nfor _ in range(100_000):\n    weights = [weights]", "wrong"),
    "a long cell": ("weights = 1\n#" + "x" * 60_000, "too large"),
    "a null": ("weights = 1\0", "error"),
    "nested brackets": ("weights = " + "(" * 5000 + ")" * 5000, "error"),
}


@needs_sandbox
@pytest.mark.parametrize(
    "seconds", [2, pytest.param(600, marks=pytest.mark.slow)], ids=["endless", "others"]
)
def test_hostile_answers_reach_nothing_and_stop_nobody(
    seconds: int, tmp_path: Path, graded: Graded, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What never ends is given two seconds; all else, as long as a slow machine takes."""
    hostile = {n: one for n, one in HOSTILE.items() if (one[1] == "timeout") == (seconds == 2)}
    secret = put(tmp_path / "secret.txt", "secret")
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    for name, (source, _) in hostile.items():
        source = source.replace("{secret}", str(secret)).replace("{folder}", str(tmp_path))
        source += "" if "weights" in source else "\nweights = 1"
        made = answered(SOLUTIONS | {"count": source})
        put(tmp_path / "in" / name / "small.ipynb", made)
    with course.own_run(course.courses([small])[0]) as run:
        timed = replace(run, seconds=run.seconds | {f"{S}.count": seconds})
    monkeypatch.setattr(course, "own_run", lambda _: nullcontext(timed))
    found = graded(tmp_path / "in")
    assert {name: outcomes(found[name])["count"] for name in hostile} == {
        name: outcome for name, (_, outcome) in hostile.items()
    }
    for name in hostile:
        others = outcomes(found[name])
        others.pop("count")
        assert set(others.values()) == {"right"}, name
    answers = (tmp_path / "grades" / "answers.csv").read_text(encoding="utf-8-sig")
    assert "secret\n" not in answers and all(
        why(found[n], "count") for n, (_, o) in hostile.items() if o != "wrong"
    )


@needs_sandbox
def test_an_answer_is_executed_once(
    tmp_path: Path, graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "in" / "anna" / "small.ipynb", answered({"count": "weights = [4, 3, 2, 1]"}))
    first = graded(tmp_path / "in")
    monkeypatch.setattr(parent.Sandbox, "run", lambda *_: pytest.fail("executed again"))
    assert graded(tmp_path / "in") == first


def test_what_is_no_notebook_gets_a_line(tmp_path: Path, graded: Graded) -> None:
    put(tmp_path / "in" / "anna" / "small.ipynb", b"%PDF-1.4")
    put(tmp_path / "in" / "bert" / "small.ipynb", "[" * 100_000)
    put(
        tmp_path / "in" / "cleo" / "other.ipynb",
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []},
    )
    (tmp_path / "in" / "cleo" / "link.ipynb").symlink_to("/etc/passwd")
    put(tmp_path / "in" / "dora" / "small.ipynb", answered({}))
    found = graded(tmp_path / "in", claimed_only=True)
    assert "a PDF" in found["anna"].remarks[0]
    assert "nested too deeply" in found["bert"].remarks[0]
    assert found["dora"].results
    remarks = (tmp_path / "grades" / "grades.csv").read_text(encoding="utf-8-sig")
    assert "a link, not a file" in remarks and "not one of the course's notebooks" in remarks


def test_a_hand_in_of_another_release_is_told_so_with_the_tag_to_check_out(
    tmp_path: Path, graded: Graded
) -> None:
    def of(student: str, release: Any) -> None:
        made = answered({})
        made.metadata["workbook"] = {"notebook": "small", "release": release}
        put(tmp_path / "in" / student / "small.ipynb", made)

    of("anna", "0.0.1")
    of("bert", version("workbook"))
    of("cleo", ["0.0.1"])
    of("dora", "0.0.1; rm -rf ~")
    put(tmp_path / "in" / "emil" / "small.ipynb", answered({}))
    found = graded(tmp_path / "in", claimed_only=True)
    (remark,) = found["anna"].remarks
    assert remark.startswith("written for release 0.0.1") and remark.endswith("--detach v0.0.1")
    assert version("workbook") in remark
    assert not [
        found[name].remarks for name in ("bert", "cleo", "dora", "emil") if found[name].remarks
    ]
    assert all(hand_in.results for hand_in in found.values())


def test_the_notebook_is_known_by_its_metadata_or_cells(small: Path) -> None:
    from workbook_staff.grading import submission as answering

    (found,) = course.courses([small])
    made = answered({})
    assert answering.of_which(made, [found], "x.ipynb") is found
    assert answering.of_which(notebook(), [found], "x.ipynb") is found
    made.cells = []
    assert answering.of_which(made, [found], "x.ipynb") is None
    assert answering.of_which(made, [found], "my small one.ipynb") is found
    made.metadata["workbook"] = {"notebook": "small"}
    assert answering.of_which(made, [found], "x.ipynb") is found


def test_records_that_are_none_claim_nothing(tmp_path: Path, graded: Graded) -> None:
    for number, claim in enumerate(
        (
            {"outcome": ["right"]},
            {"outcome": "best"},
            {"outcome": "right", "hints": "many", "facts": 3},
        )
    ):
        put(tmp_path / "in" / f"s{number}" / "small.ipynb", answered({}, {"count": claim}))
    found = graded(tmp_path / "in", claimed_only=True)
    assert [found[f"s{n}"].results[0].claimed for n in range(3)] == ["", "", "right"]
    assert json.dumps([found["s2"].results[0].hints]) == "[0]"
    assert grade.Options().folder is None


POOL = """
import time
from workbook_staff.grading import grade
def job():
    import os
    print(os.getpid(), flush=True)
    time.sleep(60)
if __name__ == "__main__":
    with grade._processes() as pool:
        pool.submit(job).result()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process is not killed there like this")
def test_a_run_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    script = put(tmp_path / "pool.py", POOL)
    run = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    worker = int(run.stdout.readline())
    run.kill()
    run.wait()
    run.stdout.close()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived the run by ten seconds")


@needs_sandbox
def test_an_exercise_that_the_notebook_no_longer_has_is_passed_over(
    tmp_path: Path, graded: Graded
) -> None:
    made = answered({"receptive-field": "field = 22"})
    record = {"exercise": "mnist.second-guesses", "outcome": "right", "answer": [0.9, 0.1]}
    check = new_code_cell('exercises.check("mnist.second-guesses", guesses, field)')
    check.outputs = [new_output("display_data", data={MIME_TYPE: record, "text/plain": "Right."})]
    made.cells += [new_code_cell("guesses = (0.9, 0.1)"), check]
    put(tmp_path / "in" / "anna" / "small.ipynb", made)
    found = outcomes(graded(tmp_path / "in")["anna"])
    assert found == dict.fromkeys(SOLUTIONS, "unattempted") | {"receptive-field": "right"}
