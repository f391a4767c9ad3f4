"""Encrypted archives open with their key alone, and notice every change."""

from __future__ import annotations

import io
from pathlib import Path

import pyrage
import pytest

from core.backup.encryption import decrypting, encrypting, require_recipient
from core.errors import BadInput, Unavailable

DATA = bytes(range(256)) * 2000


@pytest.fixture
def identity(tmp_path: Path) -> tuple[Path, str]:
    """Return the file of a private key, as age-keygen writes it, and its public key."""
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created: 2026-01-31\n# public key: {key.to_public()}\n{key}\n", encoding="utf-8")
    return file, str(key.to_public())


def encrypted(recipient: str, data: bytes = DATA) -> bytes:
    target = io.BytesIO()
    with encrypting(target, recipient) as file:
        file.write(data)
    return target.getvalue()


def test_what_was_encrypted_is_read_again(identity: tuple[Path, str]) -> None:
    file, recipient = identity
    sealed = encrypted(recipient)
    assert DATA[:64] not in sealed
    with decrypting(io.BytesIO(sealed), file) as plain:
        assert plain.read() == DATA


def test_a_torn_or_changed_file_is_refused(identity: tuple[Path, str]) -> None:
    file, recipient = identity
    sealed = bytearray(encrypted(recipient))
    for data in (
        sealed[:-1],
        sealed[:300_000],
        sealed[:50],
        sealed[:400_000] + bytes([sealed[400_000] ^ 1]) + sealed[400_001:],
    ):
        with pytest.raises(BadInput) as error, decrypting(io.BytesIO(bytes(data)), file) as plain:
            plain.read()
        assert error.value.key == "backup.undecryptable"


def test_another_key_and_none_are_refused(identity: tuple[Path, str], tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()), encoding="utf-8")
    sealed = encrypted(identity[1])
    for key, said in ((other, "backup.undecryptable"), (None, "backup.encrypted")):
        with pytest.raises(BadInput) as error, decrypting(io.BytesIO(sealed), key) as plain:
            plain.read()
        assert error.value.key == said


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    for data in (b"not a key", b"\xff\xfe"):
        file.write_bytes(data)
        with pytest.raises(BadInput, match="no_identity"), decrypting(io.BytesIO(b""), file):
            pass
    with pytest.raises(Unavailable, match="unreadable"), decrypting(io.BytesIO(b""), tmp_path / "missing"):
        pass


def test_whoever_stops_reading_leaves_no_thread_behind(identity: tuple[Path, str]) -> None:
    file, recipient = identity
    with decrypting(io.BytesIO(encrypted(recipient)), file) as plain:
        assert plain.read(10) == DATA[:10]


def test_a_target_that_cannot_be_written_is_an_error(identity: tuple[Path, str]) -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="encrypted file"), encrypting(Full(), identity[1]) as file:
        file.write(DATA)


@pytest.mark.parametrize("text", ["", "age1", "age1qqqq", "AGE-SECRET-KEY-1AAAA", "ssh-ed25519 AAAA"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no_recipient"):
        require_recipient(text)
