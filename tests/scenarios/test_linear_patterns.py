"""Every regular expression of the project takes time linear in the text, whatever the text."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.growth import MAX_GROWTH, growth
from tests.pattern_attacks import Attack, attacks

ROOT = Path(__file__).parents[2]
METHODS = ("search", "match", "fullmatch", "findall", "finditer", "sub", "split")

_SIZE = 4_096
_QUICK_S = 0.001
"""A quadratic pattern takes 20 times this on ``_SIZE`` characters, a linear one a fifth."""


def _modules() -> list[str]:
    paths = sorted(path for part in ("bot", "core", "plugins") for path in (ROOT / part).rglob("*.py"))
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in paths
        if re.search(r"^import re$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def _calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """Yield the name, method and node of every call like ``_WORD.findall(…)`` or ``re.sub(…)``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in METHODS:
                yield name, method, node


def _patterns(value: object) -> Iterator[re.Pattern[Any]]:
    """Yield a pattern, or the patterns in a container."""
    match value:
        case re.Pattern():
            yield value
        case dict():
            for each in value.values():
                yield from _patterns(each)
        case tuple() | list():
            for each in value:
                yield from _patterns(each)


def _uses(module: str) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Yield where each pattern of a module is, the pattern, and each method by which the module uses it.

    One that the module does not use by its name is taken to be searched for, the hardest use.
    """
    tree = ast.parse((ROOT / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8"))
    calls = list(_calls(tree))
    for name, value in vars(importlib.import_module(module)).items():
        methods = {method for called, method, _ in calls if called == name} or {"search"}
        yield from ((name, pattern, method) for pattern in _patterns(value) for method in sorted(methods))
    for called, method, node in calls:
        if called == "re" and node.args and isinstance(node.args[0], ast.Constant):
            yield f"line {node.lineno}", re.compile(node.args[0].value), method


def _apply(pattern: re.Pattern[Any], method: str, text: Any) -> None:
    match method:
        case "sub":
            pattern.sub(text[:0], text)
        case "finditer":
            for _ in pattern.finditer(text):
                pass
        case _:
            getattr(pattern, method)(text)


def _slow(pattern: re.Pattern[Any], method: str) -> Attack | None:
    """Return a text on which a pattern takes superlinear time."""

    def make(attack: Attack, n_chars: int) -> str | bytes:
        text = attack.text(n_chars)
        return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text

    for attack in attacks(pattern):
        ratio = growth(
            lambda text: _apply(pattern, method, text),
            lambda n_chars, attack=attack: make(attack, n_chars),  # type: ignore[misc]
            _SIZE,
            _QUICK_S,
        )
        if ratio > MAX_GROWTH:
            return attack
    return None


@pytest.mark.parametrize("module", _modules())
def test_every_pattern_takes_linear_time(module: str) -> None:
    slow = {where: found for where, pattern, method in _uses(module) if (found := _slow(pattern, method)) is not None}
    assert not slow


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"[.!?…]+(?=\s|$)", "finditer"),
        (r"\s*\[\d\]", "sub"),
        (r"\S+@\S+", "search"),
        (r"title:[ \t]*(.+?)[ \t]*$", "search"),
        (r"(.+?)\s+every\s+\d+", "fullmatch"),
        (r"sk-(?:[a-z]+-)*[a-z-]{16,}(?![\w-])", "search"),
    ],
)
def test_a_pattern_that_backtracks_is_found(pattern: str, method: str) -> None:
    assert _slow(re.compile(pattern), method) is not None
