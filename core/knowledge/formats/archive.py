"""Reading zip archives: each member of a kind that can be read, under its name. Archives within them are left out."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, demoted
from core.knowledge.formats.zip_package import ZipPackage

_MAX_READ = 500
"""The most members that are read of one archive; one of more is to be unpacked, so that each is a document."""


def read_archive(data: bytes, name: str, read_member: Callable[[bytes, str], ReadText | None]) -> ReadText:
    """Return the text of an archive's members, by ``read_member``, which returns ``None`` for what it does not read.

    Raises ``BadInput`` when the archive is damaged, protected or too large, or its only reason why nothing was read.
    """
    package = ZipPackage(data, name)
    out = DocumentText(name)
    n_read, problem = 0, None
    for member in package.names:
        if any(part.startswith((".", "__MACOSX")) for part in member.split("/") if part not in (".", "..")):
            continue
        try:
            found = _read(package, member, read_member)
        except BadInput as error:
            if error.values.get("name") == name:
                raise
            problem = error
            continue
        if found is not None:
            n_read += 1
            if n_read > _MAX_READ:
                raise BadInput("knowledge.too_much_text", name=name)
            out.heading(1, member)
            out.markdown(demoted(found.text))
    if not n_read and problem is not None:
        raise problem
    return ReadText(None, out.text())


def _read(package: ZipPackage, member: str, read_member: Callable[[bytes, str], ReadText | None]) -> ReadText | None:
    return read_member(package.read(member), member)
