"""Addresses of repositories, and what git is not allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.curation.git_checkout import GitAddress, GitCheckouts, parse_git_address
from core.errors import BadInput


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("git+https://a.example/o/r", GitAddress("https://a.example/o/r")),
        ("git+https://a.example/o/r.git#docs/en/", GitAddress("https://a.example/o/r.git", "", "docs/en")),
        ("git+https://a.example/o/r@v1.2#docs", GitAddress("https://a.example/o/r", "v1.2", "docs")),
    ],
)
def test_addresses(target: str, address: GitAddress) -> None:
    assert parse_git_address(target) == address


@pytest.mark.parametrize(
    "target",
    [
        "git+http://a.example/o/r",
        "git+ssh://git@a.example/o/r",
        "git+file:///etc",
        "git+https://user:secret@a.example/o/r",
        "git+https://a.example/o/r#../..",
        "git+https://a.example/o/r@--upload-pack=x",
        "git+https://a.example/",
        "git+ext::sh -c x",
        "git+https://[",
    ],
)
def test_other_addresses_are_refused(target: str) -> None:
    with pytest.raises(BadInput, match="git_address"):
        parse_git_address(target)


async def test_without_git_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="git_missing"):
        await GitCheckouts(tmp_path / "sources").update("git+https://a.example/o/r")


async def test_what_cannot_be_fetched_is_told_with_gits_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"git_failed.*repository"):
        await GitCheckouts(tmp_path / "sources", ("file",)).update(f"git+file://{tmp_path}/none")
