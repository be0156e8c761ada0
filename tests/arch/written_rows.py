"""Which functions of the product write rows outside of an act, read from its source.

A write is a statement of SQL or a method of Django's that writes. It is followed through calls, also of other modules, to the
functions that ask for it; an `action()` ends the way, for what stands in its block.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SQL: Final = re.compile(
    r"\b(INSERT\s+INTO|UPDATE\s+(ONLY\s+)?\w+(\s+(AS\s+)?\w+)?\s+SET|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE\s+(TABLE\s+)?\w+"
    r"|COPY\s+\w+\s*\([^)]*\)\s*FROM)\b",
    re.IGNORECASE,
)
# With arguments by place these are of dicts, hashes and files: Django's take names alone.
BY_NAME: Final = frozenset({"save", "create", "delete", "update"})
ALWAYS: Final = frozenset(
    {"bulk_create", "bulk_update", "get_or_create", "update_or_create", "_raw_delete", "save_base", "abulk_create"}
    | {"asave", "acreate", "adelete", "aupdate", "abulk_update", "aget_or_create", "aupdate_or_create"}
)  # fmt: skip


@dataclass
class Function:
    """`writes`: itself, outside of an act. `calls`: what it calls or hands on there, as "path:name"."""

    name: str
    writes: bool = False
    calls: set[str] = field(default_factory=set)
    acted: set[str] = field(default_factory=set)


class Module:
    """One file: its functions, and those of its classes as `Class.method`."""

    def __init__(self, path: str, text: str, paths: Iterable[str]) -> None:
        self.path = path
        self.tree = ast.parse(text)
        self._paths = set(paths)
        self.imports = dict(self._imported())
        self.constants = dict(self._constants())

    def _imported(self) -> Iterator[tuple[str, str]]:
        """What a name stands for: "a/b.py" for a module, "a/b.py:name" for what is in one."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                folder = node.module.replace(".", "/")
                for alias in node.names:
                    inside = self._file(f"{folder}/{alias.name}")
                    whole = self._file(folder)
                    yield alias.asname or alias.name, inside or (f"{whole}:{alias.name}" if whole else "")
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name, self._file(alias.name.replace(".", "/"))

    def _file(self, name: str) -> str:
        return next((each for each in (f"{name}.py", f"{name}/__init__.py") if each in self._paths), "")

    def _constants(self) -> Iterator[tuple[str, ast.expr]]:
        """By "path:NAME"; an f-string's text is in constants of its own."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for each in targets:
                    if isinstance(each, ast.Name):
                        yield f"{self.path}:{each.id}", node.value

    def meant(self, node: ast.AST, owner: str) -> str:
        """ "path:name" of a function or constant of the product; "" for anything else."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id) or f"{self.path}:{node.id}"
        if not isinstance(node, ast.Attribute):
            return ""
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return f"{self.path}:{owner}.{node.attr}"
        where = self.imports.get(ast.unparse(node.value), "")
        return f"{where}.{node.attr}" if ":" in where else f"{where}:{node.attr}" if where else ""

    def functions(self, statements: set[str]) -> Iterator[Function]:
        """`statements`: the constants of all modules that hold SQL which writes."""
        for owner, node in _functions(self.tree.body):
            found = Function(f"{self.path}:{owner + '.' if owner else ''}{node.name}")
            for each, in_act in _inside(node):
                meant = self.meant(each, owner)
                if in_act:
                    found.acted.add(meant)
                    continue
                found.calls.add(meant)
                says = isinstance(each, ast.Constant) and each.value is not ast.get_docstring(
                    node, clean=False
                )
                found.writes |= meant in statements or (says and _says_writing(each)) or self._stores(each)
            yield found

    def _stores(self, node: ast.AST) -> bool:
        """Whether it is a call of a method of Django's that writes; functions of modules may have such names."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        name = node.func.attr
        of_module = (
            bool(self.imports.get(ast.unparse(node.func.value), ""))
            and ":" not in self.imports[ast.unparse(node.func.value)]
        )
        of_detail = isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "detail"
        return not of_module and not of_detail and (name in ALWAYS or (name in BY_NAME and not node.args))


def _says_writing(tree: ast.AST) -> bool:
    said = (each.value for each in ast.walk(tree) if isinstance(each, ast.Constant))
    return any(isinstance(each, str) and SQL.search(each) is not None for each in said)


def _functions(
    body: list[ast.stmt], owner: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield owner, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{owner}.{node.name}".lstrip("."))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _functions(node.body, owner)


def _inside(tree: ast.AST, in_act: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes below, and whether they stand in the block of an action()."""
    for child in ast.iter_child_nodes(tree):
        is_body = isinstance(tree, ast.With) and child in tree.body and any(map(_is_action, tree.items))
        yield child, in_act or is_body
        yield from _inside(child, in_act or is_body)


def _is_action(item: ast.withitem) -> bool:
    called = item.context_expr
    return isinstance(called, ast.Call) and isinstance(called.func, ast.Name) and called.func.id == "action"


class Product:
    """The sources by their paths, read once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        modules = [Module(path, text, sources) for path, text in sources.items()]
        statements = _statements(modules)
        self._functions = {each.name: each for module in modules for each in module.functions(statements)}
        every = self._functions.values()
        self._called = {name for each in every for name in (each.calls | each.acted) - {each.name}}

    def unrecorded(self, explained: Iterable[str], inside: Iterable[str]) -> set[str]:
        """ "path:name" of the functions that write outside of an act, themselves or by others.

        Both take "path" or "path:name". `explained`: whoever calls these need not act. `inside`: these may write, and their
        callers have to act. What is private is told only where nobody of the product calls it: otherwise its callers are.
        """
        known, asked = set(explained), set(inside)
        writing = {each.name for each in self._functions.values() if each.writes or each.name in asked}
        while more := {each.name for each in self._functions.values() if each.name not in writing
                       and any(not _is_in(name, known) for name in each.calls & writing)}:  # fmt: skip
            writing |= more
        return {name for name in writing if not _is_in(name, known | asked)
                and not (_is_private(name) and name in self._called)}  # fmt: skip


def _statements(modules: Iterable[Module]) -> set[str]:
    """The constants that hold SQL which writes, as "path:NAME": in their own text, or in a constant they are made of."""
    found, made_of = set(), {}
    for module in modules:
        for name, value in module.constants.items():
            made_of[name] = {module.meant(each, "") for each in ast.walk(value)}
            if _says_writing(value):
                found.add(name)
    while more := {name for name, parts in made_of.items() if name not in found and parts & found}:
        found |= more
    return found


def _is_in(name: str, listed: set[str]) -> bool:
    return name in listed or name.partition(":")[0] in listed


def _is_private(name: str) -> bool:
    return name.rpartition(":")[2].rpartition(".")[2].startswith("_")
