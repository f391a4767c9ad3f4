"""The manifest of a plugin, read from its comments without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput
from core.extensions.manifest import MAX_SOURCE_BYTES, read_source

HEAD = b'# /// aion\n# name = "dice"\n# description = { en = "Rolls", pt = "Rola" }\n'
END = b"# ///\n"


def write(path: Path, content: bytes) -> Path:
    file = path / "dice.py"
    file.write_bytes(content)
    return file


def test_a_manifest_is_read_and_nothing_runs(tmp_path: Path) -> None:
    code = HEAD + b'#\n# services = ["stats"]\n' + END + b"raise SystemExit\n"
    source = read_source(write(tmp_path, code))
    assert (source.manifest.name, source.manifest.services, source.manifest.hooks) == ("dice", ("stats",), ())
    assert source.manifest.say("pt") == "Rola"
    assert source.digest != read_source(write(tmp_path, code + b"#")).digest


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is missing"),
        (HEAD, "is missing"),
        (HEAD + b"import os\n" + END, "comment"),
        (HEAD + b"# name = 1\n" + END, "overwrite"),
        (HEAD + b'# services = ["vault"]\n' + END, "vault"),
        (HEAD + b"# magic = true\n" + END, "magic"),
        (HEAD.replace(b"dice", b"../dice") + END, "name"),
        (HEAD.replace(b"dice", b"cards") + END, "cards"),
        (HEAD.replace(b"en =", b"fr =") + END, "description"),
        (b"\xff\xfe" + HEAD + END, "utf-8"),
        (b"#" * (MAX_SOURCE_BYTES + 1), "bytes"),
    ],
)
def test_one_that_does_not_hold_says_why(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_source(write(tmp_path, content))
    assert problem in str(raised.value.values["problem"])


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unreadable"):
        read_source(tmp_path / "dice.py")
