"""Compute, in a process of its own, what answers are judged by, from what the course's run kept.

Called by :mod:`workbook_staff.grading.course`: the folder and the file to write as arguments,
where each exercise stands as JSON in the standard input.
"""

import contextlib
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from workbook import exercises, paths
from workbook.exercises import judges
from workbook_staff.grading import snapshot
from workbook_staff.notebooks import solutions

import cloudpickle


def main(folder: Path, file: Path, slots: list[dict[str, Any]]) -> None:
    """Write the facts of each exercise, and the files of what measures and judges its answers."""
    asked = {slot["exercise"]: exercises.EXERCISES[slot["exercise"]] for slot in slots}
    # By value, so that the sandbox, which has no such module, gets what measures and no more. The
    # modules are there now: each was imported when its exercise was asked for.
    for name, module in sorted(sys.modules.items()):
        if name.startswith(f"{judges.__name__}."):
            cloudpickle.register_pickle_by_value(module)
    told = {}
    for slot in slots:
        exercise = asked[slot["exercise"]]
        kept = json.loads((folder / f"{slot['exercise']}.json").read_text(encoding="utf-8"))
        given = [_value(source, kept, folder) for source in slot["given"]]
        measure = snapshot.put(exercise.measure, folder / "objects") if exercise.measure else None
        judging = replace(exercise, facts=dict, measure=None, ours=None)
        told[slot["exercise"]] = {
            "facts": dict(exercise.facts(*given)),
            "measure": measure,
            "judge": snapshot.put(partial(exercises.judged, judging), folder / "objects"),
        }
    paths.write(file, json.dumps(told))


def _value(source: str, kept: dict[str, list[str]], folder: Path) -> Any:
    """Return what an expression of the course's own check gives."""
    namespace = {}
    for name in solutions.names(source) & kept.keys():
        with contextlib.ExitStack() as opened:
            files = [opened.enter_context((folder / "objects" / f).open("rb")) for f in kept[name]]
            namespace[name] = snapshot.load(files)
    return eval(source, namespace)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.load(sys.stdin))
