"""A zip file whose members are read up to a limit, whatever it says of itself: Office files, EPUB, archives."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from core.errors import BadInput

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 50_000_000
MAX_BYTES = 200_000_000
"""The most that is unpacked of one file, all its members together."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a compound file begins: Office files before 2007, and newer ones with a password."""

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_IS_ENCRYPTED = 0x1


def is_protected(data: bytes) -> bool:
    """Return whether bytes are an Office file with a password ([MS-OFFCRYPTO])."""
    return data.startswith(_OLE) and _ENCRYPTED_PACKAGE in data


class ZipPackage:
    """A zip file in memory. Every method raises ``BadInput`` for what is damaged, protected or too large."""

    def __init__(self, data: bytes, name: str) -> None:
        if data.startswith(_OLE):
            raise BadInput(f"knowledge.{'encrypted' if is_protected(data) else 'old_office'}", name=name)
        self._name = name
        self._left = MAX_BYTES
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise BadInput("knowledge.damaged", name=name) from None
        members = [info for info in self._file.infolist() if not info.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise BadInput("knowledge.too_much_text", name=name)
        self._members = {info.filename: info for info in members}

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the members, in the order of the file."""
        return list(self._members)

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def size(self, member: str) -> int:
        """Return the bytes that a member says it unpacks to; it never unpacks to more."""
        return self._members[member].file_size

    def read(self, member: str) -> bytes:
        """Return a member unpacked."""
        info = self._members.get(member)
        if info is None:
            raise BadInput("knowledge.damaged", name=self._name)
        if info.flag_bits & _IS_ENCRYPTED:
            raise BadInput("knowledge.encrypted", name=self._name)
        if info.file_size > min(MAX_MEMBER_BYTES, self._left):
            raise BadInput("knowledge.too_much_text", name=self._name)
        self._left -= info.file_size
        try:
            return self._file.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, NotImplementedError):
            raise BadInput("knowledge.damaged", name=self._name) from None

    def xml(self, member: str) -> Any:
        """Return the root element of a member of XML; entities of its own and everything outside it stay unread."""
        return parse_xml(self.read(member), self._name)

    def metadata_title(self, member: str) -> str | None:
        """Return the title that a member of metadata (Dublin Core) states; ``None`` where there is none."""
        if member not in self:
            return None
        found = next((each for each in self.xml(member).iter() if local(each) == "title"), None)
        return None if found is None else found.text

    def related(self, member: str) -> dict[str, tuple[str, str]]:
        """Return the relations of a member of an Office file: by id, the end of the type and the target's name.

        Targets outside the file have an empty name.
        """
        path = PurePosixPath(member)
        relations = f"{path.parent}/_rels/{path.name}.rels".removeprefix("./")
        if relations not in self:
            return {}
        found = {}
        for each in self.xml(relations):
            target = "" if each.get("TargetMode") == "External" else resolved(member, each.get("Target", ""))
            found[each.get("Id", "")] = (each.get("Type", "").rpartition("/")[2], target)
        return found


def resolved(base: str, target: str) -> str:
    """Return the name of the member that ``target``, a relative address in the member ``base``, leads to."""
    start = [] if target.startswith("/") else base.split("/")[:-1]
    parts: list[str] = []
    for part in [*start, *target.strip("/").split("/")]:
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def parse_xml(data: bytes, name: str) -> Any:  # an lxml element; lxml ships no types
    """Return the root of an XML document, read without entities, DTDs and anything outside it.

    Raises ``BadInput`` when it is not well-formed, or nested deeper than libxml2 allows (256).
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadInput("knowledge.damaged", name=name) from None
    etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def local(element: Any) -> str:
    """Return the name of an element without its namespace; empty for an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """Return the attribute of this name in any namespace; empty where there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
