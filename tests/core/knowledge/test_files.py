"""Finding and reading files: folders, links in circles, things that are no files, and sizes."""

from __future__ import annotations

import os
import pathlib
from pathlib import Path

import pytest

from core.errors import BadInput
from core.knowledge.files import FileSelection, FoundFile, find_files, read_file

LIMIT = 1000


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(*paths: Path) -> list[str]:
    return [file.name for file in find_files(paths)]


def test_folders_are_walked_in_order_and_hidden_things_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "notes", "b.md", "a.md", "sub/c.md", "sub/deep/d.txt", ".hidden.md", ".git/e.md", "picture.png")
    monkeypatch.chdir(tmp_path)
    expected = ["notes/a.md", "notes/b.md", "notes/picture.png", "notes/sub/c.md", "notes/sub/deep/d.txt"]
    assert names(Path("notes")) == expected
    assert names(Path("notes/../notes/sub"), Path("./notes/a.md"), Path("notes")) == [
        "notes/sub/c.md",
        "notes/sub/deep/d.txt",
        "notes/a.md",
        "notes/b.md",
        "notes/picture.png",
    ]


def test_a_hidden_file_that_is_named_is_found(tmp_path: Path) -> None:
    write(tmp_path, ".notes.md")
    assert names(tmp_path / ".notes.md") == [(tmp_path / ".notes.md").as_posix()]


def test_links_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path, "a/one.md", "b/two.md")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "a").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    found = {os.path.realpath(file.path) for file in find_files([tmp_path]) if file.path.exists()}
    assert found == {os.path.realpath(tmp_path / name) for name in ("a/one.md", "b/two.md")}


def test_a_missing_path_is_refused_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "broken.md").symlink_to(tmp_path / "gone.md")
    for file in find_files([tmp_path / "missing.md", tmp_path]):
        with pytest.raises(BadInput, match=r"file\.missing"):
            read_file(file, LIMIT)


def test_things_that_are_no_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (file,) = find_files([tmp_path])
    with pytest.raises(BadInput, match="unsupported"):
        read_file(file, LIMIT)


class Unopenable(type(Path())):  # type: ignore[misc]
    """A path whose file must not be opened."""

    def open(self, *args: object, **kwargs: object) -> object:
        raise AssertionError("the file was opened")


def test_a_file_of_200_mb_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(BadInput, match="too_large") as error:
        read_file(FoundFile(Unopenable(tmp_path / "huge.txt"), "huge.txt"), 25_000_000)
    assert (error.value.values["size_mb"], error.value.values["limit_mb"]) == (200, 25)


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    for size in (LIMIT, LIMIT + 1):
        (tmp_path / f"{size}.txt").write_bytes(b"x" * size)
    assert len(read_file(FoundFile(tmp_path / f"{LIMIT}.txt", "a"), LIMIT)) == LIMIT
    with pytest.raises(BadInput, match="too_large"):
        read_file(FoundFile(tmp_path / f"{LIMIT + 1}.txt", "a"), LIMIT)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidden(type(Path())):  # type: ignore[misc]
        def open(self, *args: object, **kwargs: object) -> object:
            raise PermissionError(13, "Permission denied")

    write(tmp_path, "a.md")
    with pytest.raises(BadInput, match=r"unreadable.*Permission denied"):
        read_file(FoundFile(Forbidden(tmp_path / "a.md"), "a.md"), LIMIT)


def test_names_are_portable() -> None:
    assert pathlib.PurePosixPath(names(Path("no/../such.md"))[0]) == pathlib.PurePosixPath("such.md")


def test_a_link_out_of_the_folder_is_refused_unless_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "notes/one.md", "notes/deep/two.md", "private/key.md", "private/more/three.md")
    notes = tmp_path / "notes"
    (notes / "key.md").symlink_to(tmp_path / "private" / "key.md")
    (notes / "folder").symlink_to(tmp_path / "private")
    (notes / "same.md").symlink_to(notes / "one.md")
    (tmp_path / "named").symlink_to(notes)
    for root in (notes, tmp_path / "named"):
        found = {file.path.name: file for file in find_files([root])}
        assert {name for name, file in found.items() if file.is_refused} == {"key.md", "folder"}
        assert set(found) == {"key.md", "folder", "same.md", "one.md", "two.md"}
        with pytest.raises(BadInput, match="link_outside"):
            read_file(found["key.md"], LIMIT)
    asked = {file.path.name: file.is_refused for file in find_files([notes], FileSelection(links_may_leave=True))}
    assert asked == dict.fromkeys(("key.md", "same.md", "one.md", "two.md", "three.md"), False)
    assert not any(file.is_refused for file in find_files([notes / "key.md"]))


def test_source_code_and_other_kinds_are_left_out_of_folders(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.py", "package.json", "faq.json", "README", "pic.PNG", "Makefile", "requirements-dev.txt")
    left_out = {file.path.name: file.left_out for file in find_files([tmp_path])}
    assert left_out == {
        **dict.fromkeys(("a.md", "faq.json", "README")),
        **dict.fromkeys(("b.py", "package.json", "requirements-dev.txt"), "code"),
        **dict.fromkeys(("pic.PNG", "Makefile"), "kind"),
    }
    asked = {file.path.name for file in find_files([tmp_path], FileSelection(with_code=True)) if file.left_out}
    assert asked == {"pic.PNG", "Makefile"}
    assert find_files([tmp_path / "b.py"])[0].left_out is None


def test_ignore_rules_count_in_their_folder_and_below(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "old/b.md", "docs/c.md", "docs/old/d.md", "docs/deep/c.md", "node_modules/x/README.md")
    (tmp_path / ".aionignore").write_text("old/\n")
    (tmp_path / "docs" / ".aionignore").write_text("/c.md\n!old/\n")
    found = {file.path.relative_to(tmp_path).as_posix(): file.left_out for file in find_files([tmp_path])}
    assert found == {
        **dict.fromkeys(("a.md", "docs/old/d.md", "docs/deep/c.md")),
        **dict.fromkeys(("old", "docs/c.md", "node_modules"), "ignored"),
    }
