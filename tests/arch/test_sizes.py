"""Small files, small functions, names that say what is inside."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arch import sources

MAX_FILE, MAX_TEST_FILE, MAX_FUNCTION, MEDIAN_FUNCTION, MAX_POSITIONAL = 500, 250, 60, 10, 4
VAGUE_NAMES = {"utils.py", "helpers.py", "common.py", "managers.py", "misc.py"}
# gunicorn reads setting names from this module; nothing there is a function of ours.

pytestmark = pytest.mark.unit

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def where(path: Path, function: Function) -> str:
    return f"{path.relative_to(sources.CHECKOUT)}:{function.lineno} {function.name}"


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_too_long() -> None:
    assert [str(path) for path in sources.product_files() if lines(path) > MAX_FILE] == []


def test_no_test_file_is_too_long() -> None:
    assert [str(path) for path in sources.test_files() if lines(path) > MAX_TEST_FILE] == []


def test_no_function_is_too_long() -> None:
    found = [
        where(path, f)
        for path in sources.product_files()
        for f in functions(path)
        if length(f) > MAX_FUNCTION
    ]
    assert found == []


def test_functions_are_short_as_a_rule() -> None:
    lengths = [length(function) for path in sources.product_files() for function in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_more_than_four_arguments_are_named_by_the_caller() -> None:
    found = [
        where(path, function)
        for path in sources.product_files()
        for function in functions(path)
        if len([a for a in function.args.args if a.arg not in ("self", "cls")]) > MAX_POSITIONAL
    ]
    assert found == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in sources.product_files() if path.name in VAGUE_NAMES] == []
