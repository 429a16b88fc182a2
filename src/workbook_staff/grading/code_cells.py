"""Code cells as IPython reads them: plain Python, and what each does with names.

What a name is bound to, and where it is used, Python's own ``symtable`` says. What changes a value
in place is told by how it is written: ``x[0] = 1``, ``x.append(1)``, ``model.fit(…)``.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MOST_IPYTHON_LINES = 100
"""In how many lines a cell may use what only IPython reads: its reader goes over all for each."""

ANYTHING = "*"
"""Stands for names that cannot be known, such as those of ``from numpy import *``."""

_RUN = {"time", "capture", "prun"}
"""Magics that run the code that they are given as if it stood there alone."""

_IN_PLACE = {
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("appendleft", "extendleft", "popleft", "rotate"),
    *("popitem", "setdefault", "update", "add", "discard"),
    *("fill", "resize", "itemset", "partition", "put", "assign", "assign_add", "assign_sub"),
    *("adapt", "build", "compile", "fit", "load_weights", "set_weights", "train_on_batch"),
}
"""Methods that change what they are called on."""

_ARGUMENTS = {
    *("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask", "shuffle"),
    *("delattr", "heapify", "heappop", "heappush", "insort", "setattr"),
}
"""Functions that change what they are given."""

_VIEWS = {"iloc", "loc", "ravel", "reshape", "squeeze", "swapaxes", "transpose", "view"}
_HIDING = {"exec", "eval", "globals", "locals", "vars"}


@dataclass
class Effects:
    """What functions do besides returning something, by their names.

    ``names`` are those that a function binds or changes, ``calls`` those that it uses and may call;
    ``arguments`` are functions that change what they are given; ``modules`` are names of modules,
    on which no method changes anything. ``views`` are values that share memory with others.
    """

    names: dict[str, set[str]] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)
    arguments: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    views: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, statements: Iterable[ast.stmt]) -> None:
        """Take in what statements define."""
        for node in (node for statement in statements for node in ast.walk(statement)):
            if isinstance(node, ast.Import):
                self.modules |= {(a.asname or a.name).partition(".")[0] for a in node.names}
            elif isinstance(node, ast.FunctionDef):
                self._learn_function(node)
            elif isinstance(node, ast.Assign | ast.For):
                of = _root(node.value if isinstance(node, ast.Assign) else node.iter, views=True)
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in _stored(targets) if of else ():
                    self.views.setdefault(name, set()).add(of)

    def of_calls(self, names: Iterable[str]) -> set[str]:
        """Return what is bound or changed where functions are called, by those they call too."""
        found: set[str] = set()
        done: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in done:
                done.add(name)
                found |= self.names.get(name, set())
                todo += self.calls.get(name, ())
        return found

    def _learn_function(self, node: ast.FunctionDef) -> None:
        given = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        said = {n for g in ast.walk(node) if isinstance(g, ast.Global) for n in g.names}
        changed = set(_changed(node.body, self, is_shown=False))
        local = set(_stored(node.body)) - said
        self.names.setdefault(node.name, set()).update(said | (changed - given - local))
        loaded = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - local - given
        self.calls.setdefault(node.name, set()).update(loaded)
        if changed & given:
            self.arguments.add(node.name)


@dataclass(frozen=True)
class Names:
    """What code does with names when it runs.

    ``binds`` are all that it may bind, ``surely`` those that it binds whatever happens, ``opens``
    those that it leaves at ``...``. ``uses`` are needed when it runs, ``later`` when a function of
    it is called; ``changes`` are those whose values it changes in place.
    """

    binds: frozenset[str]
    surely: frozenset[str]
    opens: frozenset[str]
    uses: frozenset[str]
    later: frozenset[str]
    changes: frozenset[str]


def parsed(source: str) -> list[ast.stmt]:
    """Return a cell's statements: magics that only run code are that code, others do nothing.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: It is no Python to IPython either.
    """
    try:
        return ast.parse(source).body
    except SyntaxError:
        lines = [line.strip() for line in source.splitlines()]
        if sum(line[:1] in ("%", "!", "?", "/", ",", ";") or line[-1:] == "?" for line in lines) > (
            MOST_IPYTHON_LINES
        ):
            raise
    from IPython.core.inputtransformer2 import TransformerManager

    python = TransformerManager().transform_cell(source.expandtabs(4))
    tree = _WithoutIPython().visit(ast.parse(python))
    return list(ast.fix_missing_locations(tree).body)


class _WithoutIPython(ast.NodeTransformer):
    """Replaces the calls that IPython makes of its own forms."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        match _ipython(node.value):
            case "run_line_magic", [name, code]:
                return parsed(code) if name in _RUN else ast.Pass()
            case "run_cell_magic", ["writefile" | "file", file, code]:
                *options, name = file.split() or [""]
                mode = "a" if options else "w"
                return ast.parse(f"open({name!r}, {mode!r}).write({code!r})").body
            case "run_cell_magic", [name, _, code]:
                return parsed(code) if name in _RUN else ast.Pass()
            case str(), _:
                return ast.Pass()
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match _ipython(node):
            case "run_line_magic", ["time", code]:
                return ast.parse(code.strip(), mode="eval").body
            case "getoutput", _:
                return ast.List([], ast.Load())
            case str(), _:
                return ast.Constant(None)
        self.generic_visit(node)
        return node


def _ipython(node: ast.expr) -> tuple[str, list[str]] | None:
    """Return the method of ``get_ipython()`` that is called, and what it is given."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method),
            args=args,
        ):
            return method, [str(a.value) for a in args if isinstance(a, ast.Constant)]
    return None


def names(statements: list[ast.stmt], effects: Effects) -> Names:
    """Return what statements that run one after the other do with names.

    Raises:
        SyntaxError, ValueError, RecursionError: They cannot run.
    """
    binds: set[str] = set()
    surely: set[str] = set()
    opens: set[str] = set()
    uses: set[str] = set()
    later: set[str] = set()
    for statement in statements:
        scope = _Scope()
        scope.take(symtable.symtable(ast.unparse(statement), "cell", "exec"))
        scope.now |= {
            node.target.id
            for node in ast.walk(statement)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        }
        uses |= scope.now - surely
        later |= scope.later
        scope.binds |= effects.of_calls(scope.now)
        if scope.now & _HIDING or _is_star(statement):
            scope.binds.add(ANYTHING)
        binds |= scope.binds
        now = set(_surely(statement))
        surely |= now
        match statement:
            case ast.Assign(value=ast.Constant(value=value)) if value is ...:
                opens |= now
            case _:
                opens -= scope.binds
    changes = _through_views(_changed(statements, effects, is_shown=True), effects)
    return Names(*map(frozenset, (binds, surely, opens, uses, later, changes)))


class _Scope:
    """What one statement does with names of the notebook."""

    def __init__(self) -> None:
        self.binds: set[str] = set()
        self.now: set[str] = set()
        self.later: set[str] = set()

    def take(self, table: symtable.SymbolTable, is_later: bool = False) -> None:
        is_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if is_top and (symbol.is_assigned() or symbol.is_imported()):
                self.binds.add(symbol.get_name())
            if symbol.is_referenced() and (is_top or symbol.is_global()):
                (self.later if is_later else self.now).add(symbol.get_name())
        for child in table.get_children():
            name = child.get_name().strip("<>")
            is_run = child.get_type() != "function" or name in (
                *("listcomp", "setcomp", "dictcomp", "genexpr"),
            )
            self.take(child, is_later or not is_run)


def _is_star(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*"


def _surely(statement: ast.stmt) -> Iterator[str]:
    """Give the names that a statement binds whatever happens in it."""
    match statement:
        case ast.Assign(targets=targets):
            yield from _stored(targets)
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield name
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            yield statement.name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from ((a.asname or a.name).partition(".")[0] for a in aliases)
        case ast.With(items=items, body=body):
            yield from _stored([i.optional_vars for i in items if i.optional_vars])
            for inner in body:
                yield from _surely(inner)


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in (inner for whole in nodes for inner in ast.walk(whole)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _changed(statements: list[ast.stmt], effects: Effects, is_shown: bool) -> Iterator[str]:
    """Give the names whose values are changed in place.

    ``is_shown``: the last expression is shown, so that it may do nothing else.
    """
    shown = statements[-1] if is_shown and statements else None
    for node in (node for statement in statements for node in _run(statement)):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.For | ast.AnnAssign):
            targets = [node.target]
        for target in (part for whole in targets for part in ast.walk(whole)):
            if isinstance(target, ast.Subscript | ast.Attribute) and not isinstance(
                target.ctx, ast.Load
            ):
                yield from filter(None, [_root(target)])
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        if isinstance(node, ast.Call):
            yield from _changed_by_call(node, effects)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node is not shown:
            function = node.value.func
            root = _root(function)
            if isinstance(function, ast.Attribute) and root and root not in effects.modules:
                yield root


def _changed_by_call(call: ast.Call, effects: Effects) -> Iterator[str]:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    in_place = {k.arg for k in call.keywords if k.arg in ("inplace", "out")}
    given = [*call.args, *(k.value for k in call.keywords)]
    if {method, name} & _ARGUMENTS or name in effects.arguments or "out" in in_place:
        yield from filter(None, map(_root, given))
    if method in _IN_PLACE or "inplace" in in_place:
        root = _root(call.func)
        if root and root not in effects.modules:
            yield root


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Give what runs when a statement runs: nothing of what is inside a function."""
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        yield from _run(child)


def _root(node: ast.expr, views: bool = False) -> str:
    """Return the name that an expression such as ``x[0].flat`` begins with, "" for none.

    ``views``: where what it gives is, or may share its memory with, the named value.
    """
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Call):
            if views and not (isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS):
                return ""
            node = node.func
        elif isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        else:
            return ""
    return node.id


def _through_views(changed: Iterable[str], effects: Effects) -> set[str]:
    """Return names whose values are changed, and those that share their memory."""
    found: set[str] = set()
    todo = list(changed)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += effects.views.get(name, ())
    return found
