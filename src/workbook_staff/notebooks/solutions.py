"""The student's cell, made from the solution, which is written in the notebook and nowhere else."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What a check cell asks: ``exercises.<call>("<exercise>", <answer>, <given>, …)``.

    ``answer`` and ``given`` are expressions, those written as ``*(a, b)`` one by one. ``names`` are
    those in the answer, ``reason`` that of the student's own explanation, ``because``.
    """

    call: str
    exercise: str
    answer: str
    given: tuple[str, ...]
    names: tuple[str, ...]
    reason: tuple[str, ...]


def asked(source: str) -> Asked:
    """Return what a check cell asks for.

    Raises:
        SyntaxError: The cell is no Python.
        ValueError: It does not begin with a call such as ``exercises.check("name", answer)``.
    """
    first = next(iter(ast.parse(source).body), None)
    match getattr(first, "value", None):
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="exercises"), attr=call),
            args=[ast.Constant(value=str(exercise)), answer, *given],
            keywords=keywords,
        ):
            reasons = [keyword.value for keyword in keywords if keyword.arg == "because"]
            parts = [part for argument in given for part in _unpacked(argument)]
            return Asked(
                call,
                exercise,
                ast.unparse(answer),
                tuple(map(ast.unparse, parts)),
                _names([answer]),
                _names(reasons),
            )
    raise ValueError('expected exercises.check("name", answer, …) as its first statement')


def _unpacked(argument: ast.expr) -> list[ast.expr]:
    match argument:
        case ast.Starred(value=ast.Tuple(elts=parts) | ast.List(elts=parts)):
            return parts
    return [argument]


def names(code: str) -> set[str]:
    """Return the names that code uses."""
    return set(_names(ast.parse(code).body))


def _names(parts: Sequence[ast.AST]) -> tuple[str, ...]:
    found = [n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)]
    return tuple(dict.fromkeys(found))


def unsolved(source: str, names: tuple[str, ...] = ()) -> str:
    """Return the student's cell for a solution: its comments, and ``name = ...`` for the answer.

    The answer is ``names``, each of which the solution assigns, or else what its last assignment
    names. All else is a way there, and is left out.

    Raises:
        SyntaxError: The solution is not what a notebook's cell can hold.
        ValueError: It does not assign the names, or assigns nothing: no answer can be left out.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    source = re.sub(r"\A\s*\n", "", source)  # as the transformer does, so that lines are its own
    python = TransformerManager().transform_cell(source)  # the same lines, without magics
    statements = ast.parse(python).body
    inside = {n for s in statements for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
    kept: dict[int, list[str]] = {
        number: [line]
        for number, line in enumerate(source.splitlines(), start=1)
        if line.startswith("#") and number not in inside
    }
    last = {name: statement.lineno for statement in statements for name in _assigned(statement)}
    if not names:
        assignments = [s for s in statements if isinstance(s, ast.Assign)]
        names = _assigned(assignments[-1]) if assignments else ()
        if not names or any(isinstance(t, ast.Attribute) for t in assignments[-1].targets):
            raise ValueError("its last assignment is none to a name; expected name = …, the answer")
    if missing := set(names) - last.keys():
        raise ValueError(f"it does not assign {', '.join(sorted(missing))}, which its check takes")
    for name in sorted(names, key=lambda name: last[name]):
        kept.setdefault(last[name], []).append(f"{name} = ...")
    return "\n".join(line for _, lines in sorted(kept.items()) for line in lines)


def _assigned(statement: ast.stmt) -> tuple[str, ...]:
    """Return the names that one statement assigns, in order; functions count by their name."""
    if isinstance(statement, ast.FunctionDef):
        return (statement.name,)
    if not isinstance(statement, ast.Assign):
        return ()
    parts = [node for target in statement.targets for node in _parts(target)]
    return tuple(node.id for node in parts if isinstance(node, ast.Name))


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for element in target.elts for part in _parts(element)]
    return [target]
