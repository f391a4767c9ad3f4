"""Archives in a bucket that speaks S3 (AWS, Cloudflare R2, Backblaze B2, MinIO, Garage), over obstore.

Access comes from the usual variables: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, and
``AWS_ENDPOINT_URL`` for anything but Amazon. An archive is sent in parts while it is written, and appears in the bucket
with the last of them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from core.backup.places import archives_among
from core.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import S3Store

PART_BYTES = 10_000_000
"""Bytes of one part: S3 takes at least 5 MiB, and 10,000 of them."""

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*?))?/?")
_PREFIX = "AWS_"


def is_s3(text: str) -> bool:
    """Return whether an address names a bucket."""
    return text.startswith("s3://")


class S3Place:
    """Archives below ``s3://bucket/prefix``. ``access``: variables beginning with ``AWS_``."""

    def __init__(self, url: str, access: Mapping[str, str]) -> None:
        """Read the URL. Raises ``BadInput`` when it names no bucket."""
        match = _URL.fullmatch(url)
        if match is None:
            raise BadInput("backup.no_bucket", given=url)
        self._url = url.rstrip("/")
        self._bucket, self._prefix = match[1], match[2]
        self._access = access

    @property
    def address(self) -> str:
        """Return the URL."""
        return self._url

    def names(self) -> Sequence[str]:
        """Return the names of the archives below the prefix."""
        from obstore import list as objects
        from obstore.exceptions import BaseError

        try:
            paths = [each["path"] for batch in objects(self._store()) for each in batch]
        except (BaseError, ValueError) as error:
            raise self._unusable(error) from error
        return archives_among([path for path in paths if "/" not in path])

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Yield a file that is sent in parts; when the block fails nothing appears."""
        from obstore import open_writer
        from obstore.exceptions import BaseError

        try:
            target = open_writer(self._store(), name, buffer_size=PART_BYTES)
            yield cast(BinaryIO, target)
            target.close()
        except (BaseError, ValueError, OSError) as error:
            raise self._unusable(error) from error

    @contextmanager
    def reading(self, name: str) -> Iterator[io.BufferedReader]:
        """Yield the archive, fetched as it is read. Raises ``BadInput`` when there is none of that name."""
        from obstore import open_reader
        from obstore.exceptions import BaseError

        try:
            source = open_reader(self._store(), name, buffer_size=PART_BYTES)
        except FileNotFoundError as error:
            raise BadInput("backup.unreadable", file=f"{self._url}/{name}", problem="404") from error
        except (BaseError, ValueError, OSError) as error:
            raise self._unusable(error) from error
        yield io.BufferedReader(_RawReader(source))

    def delete(self, name: str) -> None:
        """Delete the archive."""
        from obstore import delete
        from obstore.exceptions import BaseError

        try:
            delete(self._store(), name)
        except (BaseError, ValueError, OSError) as error:
            raise self._unusable(error) from error

    def _store(self) -> S3Store:
        from obstore.store import S3Store

        access = {name.lower(): value for name, value in self._access.items() if name.startswith(_PREFIX)}
        is_local = re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])[:/]", access.get("aws_endpoint_url", "") + "/")
        options = {"allow_http": True} if is_local else {}
        return S3Store(self._bucket, prefix=self._prefix or None, config=access, client_options=options)  # type: ignore[arg-type]

    def _unusable(self, error: Exception) -> Unavailable:
        return Unavailable("backup.unusable", place=self._url, problem=str(error).splitlines()[0][:200])


class _RawReader(io.RawIOBase):
    """A reader of obstore's as Python's own, so that it can be buffered."""

    def __init__(self, source: ReadableFile) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = memoryview(data)
        return len(data)
