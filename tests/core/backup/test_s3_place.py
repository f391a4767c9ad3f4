"""A bucket of archives, on a server that speaks S3: moto's, in a process of its own (`make tools` installs it)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from core.backup.s3_place import S3Place, is_s3
from core.errors import BadInput, Unavailable
from tests.backups import fill, titles, unseen
from tests.e2e.test_health import free_port

PYTHON = Path(__file__).parents[3] / ".venv" / "tools" / "bin" / "python"
NAME = "aion-20260131-040506Z.tar.zst"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="no server that speaks S3: run `make tools`")


@pytest.fixture(scope="module")
def access() -> Iterator[Mapping[str, str]]:
    """Serve S3 on the loopback, with the bucket ``backups``; return what gives access to it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": ""}, **quiet) as server:  # type: ignore[call-overload]
        try:
            with httpx.Client(trust_env=False) as client:
                for _ in range(600):
                    try:
                        assert client.put(f"{url}/backups").status_code == 200
                        break
                    except httpx.TransportError:
                        assert server.poll() is None
                        time.sleep(0.05)
            yield {
                "AWS_ACCESS_KEY_ID": "made-up",
                "AWS_SECRET_ACCESS_KEY": "made-up-too",
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": url,
            }
        finally:
            server.kill()


def test_archives_are_sent_listed_read_and_deleted(access: Mapping[str, str]) -> None:
    place, other = S3Place("s3://backups/aion/one", access), S3Place("s3://backups/aion", access)
    data = os.urandom(11_000_000)  # two parts
    with place.writing(NAME) as file:
        for start in range(0, len(data), 1_000_000):
            file.write(data[start : start + 1_000_000])
    assert list(place.names()) == [NAME]
    assert list(other.names()) == [], "what lies deeper belongs to another prefix"
    with place.reading(NAME) as file:
        assert file.peek(4)[:4] == data[:4]
        assert file.read() == data
    place.delete(NAME)
    assert list(place.names()) == []


def test_one_that_failed_never_appears(access: Mapping[str, str]) -> None:
    place = S3Place("s3://backups/failed", access)
    with pytest.raises(KeyError), place.writing(NAME) as file:
        file.write(os.urandom(11_000_000))
        raise KeyError
    assert list(place.names()) == []


async def test_a_data_folder_is_restored_from_a_bucket(access: Mapping[str, str], tmp_path: Path) -> None:
    from core.backup.backups import Backups
    from core.backup.restore import restore
    from core.backup.sqlite_snapshot import SqliteSnapshot

    await fill(tmp_path / "data", "Library")
    place = S3Place("s3://backups/whole", access)
    made = Backups(tmp_path / "data", SqliteSnapshot(tmp_path / "data"), b"", place).make(unseen)
    with place.reading(made.name) as file:
        restore(file, tmp_path / "new", SqliteSnapshot(tmp_path / "new"), None, unseen)
    assert titles(tmp_path / "new") == ["Library"]


def test_a_bucket_that_is_not_there_is_said_in_a_sentence(access: Mapping[str, str]) -> None:
    missing = S3Place("s3://no-such-bucket", access)
    with pytest.raises(Unavailable, match="unusable"):
        missing.names()
    with pytest.raises(Unavailable, match="unusable"), missing.writing(NAME) as file:
        file.write(b"x")
    with pytest.raises(BadInput, match="unreadable"), S3Place("s3://backups", access).reading(NAME):
        pass


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://A_b/x", "s3://-a"])
def test_what_names_no_bucket_is_refused(url: str) -> None:
    assert is_s3(url)
    with pytest.raises(BadInput, match="no_bucket"):
        S3Place(url, {})
