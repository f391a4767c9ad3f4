"""Archives are read whole or refused: torn, changed, foreign, future and hostile ones."""

from __future__ import annotations

import io
import random
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.backup.archive import extract_archive, write_archive
from core.backup.manifest import FORMAT, HEADER, BackupHeader, write_description
from core.backup.zstandard import ZstdFile
from core.errors import BadInput, Unavailable, UserError
from core.texts import explain
from core.types import LANGUAGES

NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)
THEIR_HEADER = BackupHeader(FORMAT, "0.1.0", "sqlite", "0001", NOW, 3)
FILES = {"aion.db": random.Random(1).randbytes(300_000), "gate/v0001.json": b'{"version": 1}', "empty": b""}


def packed(files: dict[str, bytes] = FILES, header: BackupHeader = THEIR_HEADER) -> bytes:
    target = io.BytesIO()
    with write_archive(target, header) as archive:
        for name, data in files.items():
            archive.add_bytes(name, data)
    return target.getvalue()


def unpack(data: bytes, folder: Path) -> BackupHeader:
    return extract_archive(io.BytesIO(data), folder, lambda header: lambda n_done: None)


def refusal(data: bytes, folder: Path) -> UserError:
    with pytest.raises(UserError) as error:
        unpack(data, folder)
    assert all(explain(language, error.value).count(". ") <= 1 for language in LANGUAGES)
    return error.value


def hostile(*members: tarfile.TarInfo) -> bytes:
    """Return an archive as AION writes it, but with other members after its header."""
    target = io.BytesIO()
    with ZstdFile(target, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        header = write_description(THEIR_HEADER)
        entry = tarfile.TarInfo(HEADER)
        entry.size = len(header)
        tar.addfile(entry, io.BytesIO(header))
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return target.getvalue()


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    seen: list[int] = []
    header = extract_archive(io.BytesIO(packed()), tmp_path, lambda header: seen.append)
    assert header == THEIR_HEADER
    assert {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    } == FILES
    assert sum(seen) == sum(map(len, FILES.values()))


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.99, 0.9999])
def test_a_torn_archive_is_refused(tmp_path: Path, share: float) -> None:
    whole = packed()
    assert refusal(whole[: int(len(whole) * share)], tmp_path).key == "backup.damaged"


def test_an_archive_without_its_manifest_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("aion.db")
    member.size = 3
    assert refusal(hostile(member), tmp_path).values == {"problem": "manifest.json"}


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_one_changed_bit_is_noticed(tmp_path: Path, place: float) -> None:
    changed = bytearray(packed())
    changed[int(len(changed) * place)] ^= 1
    assert refusal(bytes(changed), tmp_path).key == "backup.damaged"


def test_a_member_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    """The stream may be packed anew after a change; then the manifest disagrees."""
    with ZstdFile(io.BytesIO(packed())) as stream:
        tar = stream.read().replace(b'"version": 1', b'"version": 2')
    target = io.BytesIO()
    with ZstdFile(target, "wb") as stream:
        stream.write(tar)
    assert refusal(target.getvalue(), tmp_path).values == {"problem": "gate/v0001.json"}


def test_an_archive_of_the_future_is_refused(tmp_path: Path) -> None:
    data = packed(header=BackupHeader(FORMAT + 1, "9.0.0", "sqlite", "0001", NOW, 3))
    error = refusal(data, tmp_path)
    assert isinstance(error, Unavailable)
    assert error.key == "backup.newer"
    assert not list(tmp_path.iterdir())


def test_another_tar_in_zstandard_is_no_backup(tmp_path: Path) -> None:
    target = io.BytesIO()
    with ZstdFile(target, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        tar.addfile(tarfile.TarInfo("notes.txt"))
    assert refusal(target.getvalue(), tmp_path).key == "backup.foreign"


@pytest.mark.parametrize("name", ["../outside", "/etc/aion", "a/../../b", ".hidden", "a//b", "C:\\aion", "a\nb"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    refusal(hostile(tarfile.TarInfo(name)), tmp_path / "inside")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("gate")
    member.type, member.linkname = kind, "/etc"
    refusal(hostile(member), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_larger_than_the_disk_is_refused_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.backup.archive.shutil.disk_usage", lambda path: SimpleNamespace(free=299_999))
    assert refusal(packed(), tmp_path).key == "backup.no_room"
    assert not list(tmp_path.iterdir())


def test_a_name_that_could_not_be_restored_is_not_packed() -> None:
    with pytest.raises(ValueError, match="member"), write_archive(io.BytesIO(), THEIR_HEADER) as archive:
        archive.add_bytes("../outside", b"")


def test_a_header_that_is_none_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with ZstdFile(target, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        entry = tarfile.TarInfo(HEADER)
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"[]"))
    with pytest.raises(BadInput):
        unpack(target.getvalue(), tmp_path)
