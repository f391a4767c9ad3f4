"""When a document says that it was last changed: front matter, a page's head, a file's metadata, a message's header.

Read by patterns from the bytes, since a date is worth no second parsing. A date in the future, or from before the web,
is none.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO

from core.knowledge.front_matter import front_matter_fields

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_TOLERANCE = timedelta(days=1)

_HEAD_BYTES = 200_000
_FRONT_MATTER_BYTES = 20_000
_MAX_METADATA_BYTES = 100_000
_CHANGED = frozenset(re.findall(r"\w+", "updated lastmod last_modified modified last_update last_updated changed"))
_WRITTEN = frozenset(re.findall(r"\w+", "date published created publishdate pubdate"))

_META = re.compile(
    rb"<meta[^>]{0,200}?(?:name|property|itemprop)=[\"'](?:article:|og:|dcterms\.|dc\.)?"
    rb"(modified_time|updated_time|last-modified|datemodified|modified|published_time|date|datepublished)[\"']"
    rb"[^>]{0,80}?content=[\"']([^\"'>]{8,40})[\"']",
    re.IGNORECASE,
)
_JSON_LD = re.compile(rb"\"(dateModified|datePublished)\"\s{0,4}:\s{0,4}\"([^\"]{8,40})\"")
_PDF = re.compile(rb"/(ModDate|CreationDate)\s{0,4}\(D:(\d{8,14})|<xmp:(?:ModifyDate)>([\dT:+Z.-]{10,35})<")
_MAIL = re.compile(rb"^Date:[ \t]{1,8}([^\r\n]{10,60})", re.MULTILINE | re.IGNORECASE)
_XML_DATE = re.compile(rb"<(?:dcterms:modified|dc:date|meta:modification-date)[^>]{0,100}>([\dT:+Z.-]{10,35})<")
_XML_META = re.compile(rb"<meta[^>]{0,80}property=\"dcterms:modified\"[^>]{0,40}>([\dT:+Z.-]{10,35})<")
_METADATA_MEMBERS = ("docProps/core.xml", "meta.xml")


def read_date(text: str) -> datetime | None:
    """Return the time of ISO 8601 text or of an HTTP or mail date, aware; ``None`` where it is none to believe."""
    return _believed(_parsed(text.strip().strip("\"'")))


def document_date(kind: str, data: bytes) -> datetime | None:
    """Return when a document of a kind was last changed by its own word; ``None`` where it does not say. Blocks."""
    find = _FINDERS.get(kind)
    found = find(data) if find else ()
    return max((at for each in found if (at := read_date(each)) is not None), default=None)


def _in_front_matter(data: bytes) -> Iterator[str]:
    found = front_matter_fields(data[:_FRONT_MATTER_BYTES].decode("utf-8-sig", "ignore"))
    fields = {re.sub(r"[ -]", "_", key.strip().lower()): value for key, value in found}
    for keys in (_CHANGED, _WRITTEN):
        if dated := [value for key, value in fields.items() if key in keys]:
            yield from dated
            return


def _in_head(data: bytes) -> Iterator[str]:
    head = data[:_HEAD_BYTES]
    told = [(match[1].lower(), match[2]) for pattern in (_META, _JSON_LD) for match in pattern.finditer(head)]
    changed = [value for name, value in told if b"modif" in name or b"updat" in name]
    for value in changed or [value for _, value in told]:
        yield value.decode("ascii", "ignore")


def _in_pdf(data: bytes) -> Iterator[str]:
    for match in _PDF.finditer(data):
        digits = (match[2] or b"").decode()
        yield f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if digits else match[3].decode()


def _in_mail(data: bytes) -> Iterator[str]:
    for match in _MAIL.finditer(data):
        yield match[1].decode("ascii", "ignore")


def _in_package(data: bytes) -> Iterator[str]:
    """Yield the dates in the metadata of a file that is a ZIP package."""
    if not zipfile.is_zipfile(BytesIO(data)):
        return
    with zipfile.ZipFile(BytesIO(data)) as package:
        for name in package.namelist():
            if name in _METADATA_MEMBERS or name.endswith(".opf"):
                with package.open(name) as member:
                    metadata = member.read(_MAX_METADATA_BYTES)
                for pattern in (_XML_DATE, _XML_META):
                    yield from (match[1].decode() for match in pattern.finditer(metadata))


_FINDERS: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    "markdown": _in_front_matter,
    "text": _in_front_matter,
    "html": _in_head,
    "pdf": _in_pdf,
    "mail": _in_mail,
    **dict.fromkeys(("docx", "pptx", "spreadsheet", "opendocument", "epub"), _in_package),
}


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None


def _believed(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC) if EARLIEST <= at <= datetime.now(UTC) + _TOLERANCE else None
