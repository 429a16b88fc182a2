"""Grade what was handed in: each answer is executed in a sandbox, and judged out here.

An answer's value, and the verdict on it, are stored by the digest of all that they came from. So a
run that was killed goes on where it stopped, a late hand-in costs seconds, and a correction to a
judge or its words judges anew without executing anything.
"""

import atexit
import contextlib
import functools
import hashlib
import json
import multiprocessing
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from workbook import exercises, paths
from workbook.errors import GradingError, KernelError, NotebookError
from workbook_staff import capacity
from workbook_staff.grading import (
    class_pages,
    course,
    gradebook,
    snapshot,
    submission,
    tables,
)
from workbook_staff.grading.collect import HandedIn, ask_where_folders_are_weeks, find
from workbook_staff.grading.course import Course, OwnRun, Slot
from workbook_staff.grading.result import HandIn, Result
from workbook_staff.grading.sandbox import parent
from workbook_staff.grading.submission import Answer, Attempt
from workbook_staff.notebooks import solutions

from filelock import FileLock
from tqdm import tqdm

T = TypeVar("T")

WORKER_BYTES = 1024**3
"""What a process that grades, and its sandbox, need while answers are of an ordinary size."""

JUDGING = 20
"""How many seconds an answer's value may take to be judged."""


@dataclass(frozen=True)
class Options:
    """What a run is asked: see ``python -m workbook grade --help``."""

    student_from: str | None = None
    claimed_only: bool = False
    jobs: int | None = None
    gradebook: Path | None = None
    overwrite: bool = False
    explain: bool = False
    folder: Path | None = None


def grade(
    given: list[str],
    options: Options,
    notebooks: Iterable[Path] | None = None,
) -> list[HandIn]:
    """Grade what was handed in and write the tables and pages; return what was found.

    ``notebooks`` are the course's (default: those in ``notebooks/``).

    Raises:
        NotebookError: One of the course's notebooks is none.
        GradingError: Nothing is there by one of the names, the gradebook is none, or the course's
            own run failed.
        KernelError: The kernel did not start.
        OSError: A file cannot be read or written.
    """
    folder = options.folder or paths.REPORTS / "grades"
    asked = course.courses(notebooks)
    why_not = "only what they claim was asked for" if options.claimed_only else parent.missing()
    with contextlib.ExitStack() as opened:
        scratch = opened.enter_context(tempfile.TemporaryDirectory())
        pool = opened.enter_context(_processes(options.jobs))
        called = [one.notebook for one in asked]
        found = find(given, Path(scratch), options.student_from, called)
        print(f"{len(found):,} files were handed in")
        read = _mapped(pool, _read, [(one, asked) for one in found], "read")
        chosen = _last(found, read, options.student_from is None)
        if why_not:
            print(f"Nothing is executed: {why_not}. Claims are read, and not verified.")
            runs = {}
        else:
            wanted = {hand_in.notebook for hand_in, _ in chosen}
            runs = {
                c.notebook: opened.enter_context(course.own_run(c))
                for c in asked
                if c.notebook in wanted
            }
        slots = {c.notebook: c.slots for c in asked}
        jobs = [
            (one, answered, slots.get(one.notebook, {}), runs.get(one.notebook))
            for one, answered in chosen
        ]
        hand_ins = _mapped(pool, _graded, jobs, "graded")
    hand_ins.sort(key=lambda one: (one.student, one.notebook))
    tables.write(hand_ins, folder)
    questions = {name: slot.question for one in asked for name, slot in one.slots.items()}
    class_pages.write(hand_ins, folder, questions, options.explain)
    if options.gradebook is not None:
        for line in gradebook.fill(options.gradebook, hand_ins, folder, options.overwrite):
            print(line)
    print(folder / "index.html")
    return hand_ins


def _processes(jobs: int | None = None) -> Executor:
    """Return processes of this machine."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs or capacity.at_once(WORKER_BYTES), context, _end_with_parent)


def _end_with_parent() -> None:
    """End this process, and its sandbox, when the one that started it is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _mapped(
    pool: Executor,
    function: Callable[..., T],
    jobs: Sequence[tuple[Any, ...]],
    verb: str,
) -> list[T]:
    """Return the function's results in the order of the jobs, with a line of progress."""
    results = pool.map(function, *zip(*jobs, strict=True))
    try:
        return [*tqdm(results, verb, len(jobs), file=sys.stdout, mininterval=5, ascii=True)]
    except BrokenProcessPool:
        raise GradingError(
            "a process that grades was killed, for want of memory perhaps; run it again: it goes "
            "on where it stopped"
        ) from None


def _read(one: HandedIn, courses: list[Course]) -> tuple[HandIn, dict[str, Answer]]:
    """Return a hand-in without results, and its answers; none where it is not read."""
    notebook, found, remark = "", dict[str, Answer](), one.refused
    try:
        if not one.refused:
            notebook, found, remark = submission.answers(one.path, courses, one.place)
            remark = remark if notebook else "not one of the course's notebooks"
    except (NotebookError, OSError) as error:
        remark = str(error).replace(str(one.path), one.place)
    except Exception as error:  # one hand-in never stops another
        remark = f"it cannot be read ({type(error).__name__}: {error})"[:300]
    remarks = tuple(filter(None, (remark, *one.remarks)))
    return HandIn(one.student, notebook, one.place, remarks=remarks, who=one.who), found


def _last(
    found: list[HandedIn], read: list[tuple[HandIn, dict[str, Answer]]], is_guessed: bool
) -> list[tuple[HandIn, dict[str, Answer]]]:
    """Return the last hand-in of each student and notebook, and those that are not read.

    Raises:
        GradingError: It ``is_guessed`` whose each is, and looks wrong.
    """
    groups: dict[tuple[str, str], list[tuple[HandedIn, HandIn, dict[str, Answer]]]] = {}
    for one, (hand_in, answered) in zip(found, read, strict=True):
        if answered:
            groups.setdefault((one.student, hand_in.notebook), []).append((one, hand_in, answered))
    if is_guessed:
        for notebook in {notebook for _, notebook in groups}:
            ask_where_folders_are_weeks(
                {
                    student: [one for one, _, _ in several if not one.who.platform]
                    for (student, of), several in groups.items()
                    if of == notebook
                }
            )
    chosen = [(hand_in, answered) for hand_in, answered in read if not answered]
    for several in groups.values():
        _, hand_in, answered = max(several, key=lambda found: found[0].order)
        if len(several) > 1:
            said = f"the last of {len(several)}, {hand_in.path}"
            hand_in = replace(hand_in, remarks=(said, *hand_in.remarks))
        chosen.append((hand_in, answered))
    return chosen


def _graded(
    hand_in: HandIn, found: dict[str, Answer], slots: dict[str, Slot], run: OwnRun | None
) -> HandIn:
    """Return a hand-in with the result of each of its notebook's exercises."""
    results = []
    for name, answer in found.items():
        result = Result(
            hand_in.student,
            hand_in.notebook,
            name,
            "",
            answer.claimed,
            hints=answer.hints,
            because=answer.because,
        )
        if run is not None:
            try:
                result = _result(result, answer, slots[name], run)
            except (GradingError, KernelError, OSError):  # ours: no sandbox, no disk
                raise
            except Exception as error:  # one answer never stops another
                why = f"it cannot be judged ({type(error).__name__})"
                result = replace(result, outcome="error", why=why)
        results.append(result)
    return replace(hand_in, results=tuple(results))


def _result(result: Result, answer: Answer, slot: Slot, run: OwnRun) -> Result:
    exercise = exercises.EXERCISES[slot.exercise]
    # What their own check judged wrong by its facts is not right by them when it is made anew.
    own = answer.facts if exercise.varies and answer.claimed != "wrong" else {}
    if not answer.attempts:
        result = replace(result, outcome=answer.outcome, why=answer.why)
    tried: list[Result] = []
    for attempt in answer.attempts:
        tried += _tried(result, attempt, slot, run, own)
        if any(one.outcome == "right" for one in tried):
            break
    if tried:
        result = _fairest(tried, answer.said)
    return replace(result, reason=_reason(result, answer)) if result.is_disputed else result


def _tried(
    result: Result, attempt: Attempt, slot: Slot, run: OwnRun, own: dict[str, Any]
) -> list[Result]:
    """Return the results of one way to answer: by the course's facts, and by the student's own."""
    told = _executed(attempt, slot, run)
    result = replace(result, answer=told["said"], seconds=result.seconds + told["seconds"])
    if told["outcome"]:
        return [replace(result, outcome=told["outcome"], why=told["why"])]
    results = []
    for facts in [run.facts[slot.exercise], *([own] if own else [])]:
        judge = run.judges[slot.exercise]
        verdict = _told({"judge": judge, "plain": told["plain"], "facts": facts}, run, JUDGING)
        results.append(
            replace(
                result,
                outcome=verdict["outcome"],
                misconception=verdict.get("misconception", ""),
                why=verdict["why"],
            )
        )
    # Where no training is in it, other facts than the course's are a slip, or made up.
    if results[0].outcome == "wrong" and results[-1].outcome == "right":
        why = "right by what the student's own check recorded, not by the course's run"
        results[-1] = replace(results[-1], by_own_facts=True, why=why)
    return results


def _fairest(tried: list[Result], said: str) -> Result:
    """Return a right result, else that of the answer which their own check judged."""
    wrong = [one for one in tried if one.outcome == "wrong"]
    right = [one for one in tried if one.outcome == "right"]
    theirs = [one for one in wrong if one.answer == said]
    seconds = max(one.seconds for one in tried)
    return replace(next(iter([*right, *theirs, *wrong, *tried])), seconds=seconds)


def _reason(result: Result, answer: Answer) -> str:
    """Return why a notebook claims right where grading does not."""
    if result.outcome == "error":
        kind, _, message = result.why.partition(": ")
        name = next(iter(re.findall(r"'([^']*)'", message)), "")
        if kind == "ModuleNotFoundError":
            return f"your own machine had {name}, which is not installed where this was graded"
        if kind == "NameError" and name in answer.elsewhere:
            return f"runs in your notebook only because {answer.elsewhere[name]}"
        return f"run anew after the course's own cells, it fails: {result.why}"
    if result.outcome == "unattempted":
        return f"what your check judged is no longer there: {result.why}"
    if result.outcome != "wrong":
        return result.why
    if answer.said and answer.said != result.answer:
        return f"your check judged {answer.said}; made anew by your cells it is {result.answer}"
    if answer.given:
        return f"your own cells have changed {' and '.join(answer.given)}, which the check is given"
    return "your check was given other values than those of the course's run"


def _executed(attempt: Attempt, slot: Slot, run: OwnRun) -> dict[str, Any]:
    """Return the value of one way to answer; execute it where that is not known."""
    measure, names = run.measures[slot.exercise], run.names[slot.exercise]

    def used(code: Iterable[str]) -> dict[str, list[str]]:
        return {name: names[name] for name in sorted(set(code) & names.keys())}

    job = {
        "cells": attempt.cells,
        "answer": attempt.answer,
        "names": used(attempt.course),
        "measure": measure or [],
        "given": [(code, used(solutions.names(code))) for code in slot.given] if measure else [],
    }
    return _told(job, run, sum(run.seconds[name] for name in attempt.exercises))


def _told(job: dict[str, Any], run: OwnRun, seconds: int) -> dict[str, Any]:
    """Return what the sandbox says to a job; run it there where that is not known.

    What need not come out the same again, such as a timeout, is not stored.
    """
    key = json.dumps([job, seconds, _grader()])
    digest = hashlib.sha256(key.encode()).hexdigest()
    file = run.folder / "answers" / digest[:2] / f"{digest}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):  # the same answer of another student
        with contextlib.suppress(OSError, ValueError):
            known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return known
        objects = run.folder / "objects"
        told = _sandbox().run(job, {name: objects / name for name in _files(job)}, seconds)
        if told.pop("is_lasting"):
            paths.write(file, json.dumps(told))
    return told


def _files(job: dict[str, Any]) -> set[str]:
    """Return the names of the files that a job needs."""
    namespaces = [job.get("names", {}), *(names for _, names in job.get("given", []))]
    of_names = [files for names in namespaces for files in names.values()]
    return {*job.get("judge", []), *job.get("measure", [])}.union(*of_names)


@functools.cache
def _grader() -> str:
    """Return the digest of what executes and judges answers, but for the judges themselves.

    Those are in files that a job names by their digests.
    """
    code = [*course.EXERCISES.glob("*.py"), *Path(parent.__file__).parent.glob("*.py")]
    return course.digest([*code, Path(snapshot.__file__)])


@functools.cache
def _sandbox() -> parent.Sandbox:
    """Return this process' sandbox."""
    made = parent.Sandbox()
    atexit.register(made.stop)
    return made
