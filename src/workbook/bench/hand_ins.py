"""Hand-ins of notebook 03 by students who do not exist: what grading finds of each is known."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTEBOOK = "03_kaggle_mnist_3layer"

RIGHT: dict[str, tuple[str, ...]] = {
    "paper-forward": (
        "H_small, P_small = [3, 0], [0.95, 0.05]",
        "H_small, P_small = (3.0, 0.0), (0.953, 0.047)",
        "H_small = np.maximum(x_small @ W1_small, 0)\n"
        "P_small = np.exp(H_small @ W2_small)\nP_small = P_small / P_small.sum()",
        "H_small = np.array([3, 0])\nP_small = np.exp([3, 0]) / np.exp([3, 0]).sum()",
        "e = 20.09\nH_small, P_small = [3, 0], [e / (e + 1), 1 / (e + 1)]",
    ),
    "paper-output": (
        "dW2_small = [[2.86, -2.86], [0, 0]]",
        "dW2_small = ((2.85, -2.85), (0, 0))",
        "dW2_small = np.outer([3, 0], [0.953, -0.953])",
        "dW2_small = np.array([[2.86, -2.86], [0.0, 0.0]])",
        "d = 0.953\ndW2_small = [[3 * d, -3 * d], [0 * d, 0]]",
    ),
    "paper-hidden": (
        "dW1_small = [[0.95, 0], [1.91, 0]]",
        "dW1_small = np.outer([1, 2], [0.953, 0])",
        "dW1_small = ((0.953, 0.0), (1.906, 0.0))",
        "dW1_small = np.array([[0.95, 0], [1.9, 0]])",
        "d = 0.953\ndW1_small = [[d, 0], [2 * d, 0]]",
    ),
    "blank": (
        "dW2 = H.T @ dZ2",
        "dW2 = np.einsum('ij,ik->jk', H, dZ2)",
        "dW2 = np.dot(np.transpose(H), dZ2)",
        "dW2 = np.tensordot(H, dZ2, axes=(0, 0))",
        "dW2 = sum(np.outer(h, d) for h, d in zip(H, dZ2))",
    ),
    "steps": (
        "steps_in_all = 14_440",
        "import math\nsteps_in_all = math.ceil(36_050 / 100) * 40",
        "steps_in_all = -(-36_050 // 100) * 40",
        "%time\nsteps_in_all = sum(1 for _ in range(40) for _ in range(0, 36_050, 100))",
        "steps_in_all = np.float32(14440)",
    ),
    "quietest-unit": (
        "w, b = model.layers[1].get_weights()\n"
        "off = (X_train.reshape(-1, 784) @ w + b <= 0).mean(axis=0)\n"
        "quietest = (int(off.argmax()), float(off.max()))",
    ),
    "momentum": (
        "long_run = 10",
        "long_run = 1 / (1 - 0.9)",
        "long_run = sum(0.9**k for k in range(500))",
        "long_run = 0\nfor _ in range(400):\n    long_run = 0.9 * long_run + 1",
        "long_run = np.array([10.0])",
    ),
}
"""Right answers, each by a way of its own; the exercises that train are left open by all."""

WRONG: dict[str, tuple[tuple[str, str], ...]] = {
    "paper-forward": (
        ("H_small, P_small = [3, -1], [0.95, 0.05]", "silent unit"),
        ("H_small, P_small = [3, 0], [3, 0]", "no softmax"),
    ),
    "paper-output": (
        ("dW2_small = [[-2.86, 2.86], [0, 0]]", "sign"),
        ("dW2_small = [[2.86, 0], [-2.86, 0]]", "transposed"),
        ("dW2_small = [[2.86, -2.86], [-0.953, 0.953]]", "before relu"),
    ),
    "paper-hidden": (
        ("dW1_small = [[0.95, 0.95], [1.91, 1.91]]", "open gate"),
        ("dW1_small = 'no idea'", ""),
    ),
    "blank": (("dW2 = (H.T @ dZ2).T", "transposed"), ("dW2 = -H.T @ dZ2", "sign")),
    "steps": (
        ("steps_in_all = 14_400", "rest dropped"),
        ("steps_in_all = 361", "one epoch"),
        ("steps_in_all = [1, 2]", ""),
    ),
    "quietest-unit": (("quietest = (-1, 0.5)", ""),),
    "momentum": (("long_run = 1.9", "two steps"), ("long_run = 1.0", "running mean")),
}
"""Wrong answers, and the slip that explains each ("" for none)."""

ERRORS = (
    "{name} = undefined_name",
    "{name} = 1 / 0",
    "raise SystemExit\n{name} = 1",
    "import os\nos._exit(0)\n{name} = 1",
    "{name} = open('/etc/shadow').read()",
)

Notebook = dict[str, Any]


def _nothing(_: Notebook) -> None:
    pass


def _without_ids(made: Notebook) -> None:
    made["nbformat_minor"] = 4
    for cell in made["cells"]:
        del cell["id"]


def _without_counts(made: Notebook) -> None:
    for cell in made["cells"]:
        cell.pop("execution_count", None)


def _with_broken_widgets(made: Notebook) -> None:
    made["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"a": {}}}


def _shortened(made: Notebook) -> None:
    made["cells"] = [c for c in made["cells"] if "solution" in c["metadata"].get("tags", [])]


def _doubled(made: Notebook) -> None:
    made["cells"] += copy.deepcopy(made["cells"])


def _with_more(made: Notebook) -> None:
    extra = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": []}
    made["cells"].insert(3, extra | {"execution_count": 1, "source": "exercises.check = print"})


CHANGES: tuple[Callable[[Notebook], None], ...] = (
    *(_nothing, _without_ids, _without_counts, _with_broken_widgets),
    *(_shortened, _doubled, _with_more),
)
"""What editors, platforms and students do to a notebook, none of which changes an answer."""

UNREADABLE = (b"", b"<!DOCTYPE html>", b"PK\x03\x04", b"{\n<<<<<<< HEAD\n", b"[" * 100_000)

PLACES = (
    "{student}/{notebook}.ipynb",
    "submitted/{student}/ps3/{notebook}.ipynb",
    "{student}_{number}_assignsubmission_file_/{notebook}.ipynb",
    "{student}_{number}_{late}_{notebook}.ipynb",
)


def make(
    folder: Path, course: Path, count: int, seed: int = 0
) -> dict[str, dict[str, tuple[str, str]] | None]:
    """Write hand-ins into a folder; return each student's outcomes and slips by exercise.

    ``course`` is the course's own notebook. Of a hand-in that cannot be read it is None.
    """
    chance = random.Random(seed)
    original: Notebook = json.loads(course.read_text(encoding="utf-8"))
    names = _names(original)
    expected: dict[str, dict[str, tuple[str, str]] | None] = {}
    for number in range(count):
        student = f"student{chr(97 + number % 26)}{number:04}".translate(_LETTERS)
        place = PLACES[number % len(PLACES)].format(
            student=student, notebook=NOTEBOOK, number=1000 + number, late=9000 + number
        )
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % 50 == 49:
            path.write_bytes(chance.choice(UNREADABLE))
            expected[student] = None
            continue
        made, outcomes = copy.deepcopy(original), {}
        sources = {}
        for name in RIGHT:
            sources[name], outcomes[name] = _answer(name, names[name], chance)
        for cell in made["cells"]:
            if "solution" in cell["metadata"].get("tags", []):
                name = cell["id"].removesuffix("-answer").removeprefix("ex-")
                name = _SHORT.get(name, name)
                cell["source"] = sources.get(name, "pass")
                cell["metadata"] = {"tags": ["solution"]}
        chance.choice(CHANGES)(made)
        path.write_text(json.dumps(made), encoding="utf-8")
        expected[student] = outcomes
    return expected


_LETTERS = str.maketrans("0123456789", "abcdefghij")
_SHORT = {"quiet": "quietest-unit", "bug": "planted-bug", "rate": "learning-rate"}


def _names(notebook: Notebook) -> dict[str, tuple[str, ...]]:
    from workbook import exercises

    checks = [c for c in notebook["cells"] if "check" in c["metadata"].get("tags", [])]
    asked = [exercises.asked("".join(check["source"])) for check in checks]
    return {one.exercise.partition(".")[2]: one.names for one in asked}


def _answer(
    name: str, names: tuple[str, ...], chance: random.Random
) -> tuple[str, tuple[str, str]]:
    """Return an answer's source, and its outcome and slip."""
    kind = chance.choices(("right", "wrong", "unattempted", "error"), (60, 22, 12, 6))[0]
    if kind == "right":
        return chance.choice(RIGHT[name]), ("right", "")
    if kind == "wrong":
        source, slip = chance.choice(WRONG[name])
        return source, ("wrong", slip)
    if kind == "unattempted":
        return "\n".join(f"{one} = ..." for one in names), ("unattempted", "")
    last = " = ".join(names)
    return chance.choice(ERRORS).format(name=last), ("error", "")
