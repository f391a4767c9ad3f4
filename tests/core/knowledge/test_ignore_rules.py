"""Patterns of ``.aionignore`` mean what they mean in ``.gitignore``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from core.knowledge.ignore_rules import IgnoreRules

PATHS = [
    "a.md",
    "b.md",
    "drafts/a.md",
    "drafts/old/c.md",
    "docs/a.md",
    "docs/drafts/d.txt",
    "docs/api/v1/e.md",
    "docs/api/f.md",
    "log[1].txt",
    "!odd.md",
    "#odd.md",
]
CASES = [
    "*.md",
    "drafts",
    "drafts/",
    "/drafts/",
    "/a.md",
    "docs/*.md",
    "docs/**/e.md",
    "**/api",
    "**/api/**",
    "docs/**",
    "*.md\n!a.md",
    "docs/*\n!docs/api/\ndocs/api/*\n!docs/api/f.md",
    "# a comment\n\n  \n\\#odd.md\n\\!odd.md",
    "log[[]1].txt",
    "?.md",
    "api/v1",
    "/",
]


def left_out(text: str) -> set[str]:
    """Return the files that the rules leave out, as a walk finds them."""
    rules = IgnoreRules().and_those_of(text, ())
    found = set()
    for path in PATHS:
        parts = tuple(path.split("/"))
        folders = any(rules.leave_out(parts[:n], True) for n in range(1, len(parts)))
        if folders or rules.leave_out(parts, False):
            found.add(path)
    return found


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize("text", CASES)
def test_as_git_has_it(text: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(text)
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    told = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "-C", tmp_path, "check-ignore", "-z", "--no-index", "--stdin"],
        input="\0".join(PATHS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert left_out(text) == set(filter(None, told.stdout.split("\0")))


def test_rules_of_a_folder_count_within_it() -> None:
    rules = IgnoreRules().and_those_of("/a.md\n", ("docs",))
    assert rules.leave_out(("docs", "a.md"), False)
    assert not rules.leave_out(("a.md",), False)
    assert not rules.leave_out(("docs", "api", "a.md"), False)


def test_what_never_holds_knowledge_can_be_taken_back() -> None:
    rules = IgnoreRules.usual()
    assert rules.leave_out(("web", "node_modules"), True)
    assert rules.leave_out(("package-lock.json",), False)
    assert not rules.and_those_of("!node_modules/", ()).leave_out(("web", "node_modules"), True)
    assert not rules.leave_out(("docs",), True)
