"""Every relative link in a Markdown file of the repository leads to a file, and to a heading of it where it names one.

Anchors are those GitHub gives headings, which docs/'s site gives them, too (``docs/conf.py``).
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
_LISTED = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"]
PAGES = [
    ROOT / name
    for name in subprocess.run(_LISTED, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    if not name.startswith(("data/", "tests/")) and (ROOT / name).is_file()
]

_FENCE = re.compile(r"^ *```.*?^ *```[^\n]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\]\(<?([^()\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]^]+\]:\s+(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")


def links(text: str) -> list[str]:
    """Return where the links and pictures of a page lead, code left out."""
    prose = _CODE.sub("", _FENCE.sub("", text))
    return [inline or reference for inline, reference in _LINK.findall(prose)]


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    names = []
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        words = _MARKUP.sub(lambda match: match[1] or "", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        times = found.get(name, 0)
        found[name] = times + 1
        names.append(f"{name}-{times}" if times else name)
    return frozenset(names)


def broken(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if ROOT not in target.parents or not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    relative = [link for link in links(page.read_text(encoding="utf-8")) if not _SCHEME.match(link)]
    assert not [link for link in relative if broken(page, link)]


def test_every_page_of_the_documentation_is_in_its_menu() -> None:
    menu = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    named = set(re.findall(r'"([\w/-]+)"', menu)) | {"index"}
    pages = {str(page.relative_to(ROOT / "docs").with_suffix("")) for page in PAGES if ROOT / "docs" in page.parents}
    assert not pages - named


def test_a_broken_link_is_found() -> None:
    text = '[a](b.md#c) `[x](y)` ![d](e) [g](h.png "i")\n```\n[j](k)\n```\n[l]: m.md'
    assert links(text) == ["b.md#c", "e", "h.png", "m.md"]
    page = ROOT / "README.md"
    assert broken(page, "docs/no-such-page.md")
    assert broken(page, "../outside.md")
    assert broken(page, "SECURITY.md#no-such-heading")
    assert not broken(page, "SECURITY.md#looking-for-weaknesses")
