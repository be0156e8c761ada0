"""The names of operations that the product's code writes into the audit log, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.arch.sources import CHECKOUT, product_files

# The way itself: names come to it as arguments.
THE_WAY: Final = frozenset({"audit/actions.py", "audit/denials.py", "audit/recorder.py"})
# Where the name stands in a call that writes one: its keyword, its place.
Writers = dict[str, tuple[str, int | None]]
WRITERS: Final[Writers] = {
    "action": ("name", None),
    "denials.record": ("operation", 1),
    "Event": ("operation", 1),
}


class Module:
    """One file of the product."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(CHECKOUT))
        self.tree = ast.parse(path.read_text())
        self.constants = dict(_constants(self.tree))
        self.imports = {
            alias.asname or alias.name: f"{node.module}".replace(".", "/")
            for node in self.tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        self.functions = {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }


def written() -> dict[str, set[str]]:
    """Operations by the files that write them. Raises AssertionError for a name that cannot be read from the source."""
    modules = {module.name: module for module in map(Module, product_files()) if module.name not in THE_WAY}
    writers = WRITERS | {name: place for module in modules.values() for name, place in _passing(module)}
    found: dict[str, set[str]] = {}
    for module in modules.values():
        for call, said in _calls(module.tree, writers):
            names = set(_read(said, module, modules))
            passed_on = isinstance(said, ast.Name) and said.id in _parameters(module)
            assert names or passed_on, f"{module.name}:{call.lineno} computes the operation: write it out"
            for name in names:
                found.setdefault(name, set()).add(module.name)
    return found


def _passing(module: Module) -> Iterator[tuple[str, tuple[str, int | None]]]:
    """Functions that pass a parameter of theirs on as the name."""
    for function in module.functions.values():
        parameters = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        keywords = [each.arg for each in function.args.kwonlyargs]
        for _, said in _calls(function, WRITERS):
            if isinstance(said, ast.Name) and said.id in parameters:
                yield function.name, (said.id, parameters.index(said.id))
            elif isinstance(said, ast.Name) and said.id in keywords:
                yield function.name, (said.id, None)


def _parameters(module: Module) -> set[str]:
    every = (each.args for each in module.functions.values())
    return {each.arg for arguments in every for each in (*arguments.args, *arguments.kwonlyargs)}


def _calls(tree: ast.AST, writers: Writers) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls that write an operation, with its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            keyword, place = writers.get(_called(node.func), ("", None))
            by_keyword = [each.value for each in node.keywords if keyword and each.arg == keyword]
            by_place = node.args[place : place + 1] if place is not None else []
            for said in (by_keyword or by_place)[:1]:
                yield node, said


def _called(function: ast.expr) -> str:
    """ "action", "denials.record": others record other things."""
    if isinstance(function, ast.Attribute) and function.attr == "record":
        return ast.unparse(function)
    return (
        function.attr
        if isinstance(function, ast.Attribute)
        else function.id
        if isinstance(function, ast.Name)
        else ""
    )


def _read(node: ast.expr, module: Module, modules: dict[str, Module]) -> Iterator[str]:
    """What the expression can be, as far as it is written out: in place, as a constant, or by a function of the module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _read(node.body, module, modules)
        yield from _read(node.orelse, module, modules)
    elif isinstance(node, ast.Name) and node.id in module.constants:
        yield from _read(module.constants[node.id], module, modules)
    elif (elsewhere := _defining(node, module, modules)) is not None:
        name = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
        yield from _read(elsewhere.constants[name], elsewhere, modules)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in module.functions:
        for each in ast.walk(module.functions[node.func.id]):
            if isinstance(each, ast.Return) and each.value is not None:
                yield from _read(each.value, module, modules)


def _defining(node: ast.expr, module: Module, modules: dict[str, Module]) -> Module | None:
    """The other module that a constant, `NAME` or `module.NAME`, is imported from."""
    if isinstance(node, ast.Name) and node.id in module.imports:
        return modules.get(f"{module.imports[node.id]}.py")
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in module.imports
    ):
        return modules.get(f"{module.imports[node.value.id]}/{node.value.id}.py")
    return None


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
