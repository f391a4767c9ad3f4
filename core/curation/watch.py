"""Watching pages, feeds, sitemaps, themes, folders and repositories: each is checked at its interval.

A changed page becomes a new version of its document, through review where the space's policy asks for it. A page that
is gone is reported to the moderators once, and its document stays. An interrupted check is simply repeated: known and
pending texts are recognised, and the state of each page is stored separately.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from core.curation.curator import Curator, Research, excerpts
from core.curation.fetch import CONTENT_TYPES, FEED_TYPES, PageRequest, UnchangedPage
from core.curation.git_checkout import GitCheckouts
from core.curation.guarded_http import readable_address
from core.curation.missing_pages import MissingPages
from core.curation.page_diff import differing_lines, is_relevant_change
from core.curation.reading_log import log_reading
from core.curation.sitemap import all_pages, changes
from core.curation.websearch import WebResult
from core.errors import BadInput, UserError
from core.knowledge.document_date import read_date
from core.knowledge.files import DOCUMENTS, FileSelection
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.sitemaps import Sitemap
from core.knowledge.prepare import FailedDocument
from core.language import detect_language
from core.offload import offload
from core.services import Finding, FindingsListener
from core.services.setting_schema import REVIEW
from core.storage.curation.proposals import NewProposal
from core.storage.curation.watches import NewWatch, SeenPage, Watches
from core.storage.documents import NewDocument
from core.storage.spaces import Spaces
from core.types import IndexedDocument, Language, Page, Proposal, Scope, Watch, WatchKind

OPERATOR = "operator"
"""The creator of watches made on the command line, or whose creator was erased."""

N_AT_ONCE = 5
"""How many entries of a feed are read at once; every good one is kept."""

_GONE = ("fetch.not_found", "file.missing")
_TRANSIENT = ("fetch.too_slow", "fetch.unreachable", "fetch.status", "fetch.unknown_host", "fetch.tls")
"""Errors after which an entry of a feed is tried again at the next check."""


class ConditionalSource(Protocol):
    """Fetches web pages, unless they are the known version."""

    async def fetch(self, url: str, wanted: PageRequest) -> Page:
        """Return the page at ``url``. Raises ``BadInput``, and ``UnchangedPage`` for the known version."""
        ...


@dataclass(frozen=True, slots=True)
class Watcher:
    """Checks the watches of all spaces."""

    watches: Watches
    pages: ConditionalSource
    curator: Curator
    ingest: Ingest
    spaces: Spaces
    missing: MissingPages
    checkouts: GitCheckouts
    _being_checked: set[int] = field(default_factory=set)

    async def check_due(self) -> str:
        """Check every due watch; return a line for the job's record."""
        n_looked, n_failed, n_kept = 0, 0, 0
        for watch in await self.watches.due(datetime.now(UTC)):
            if watch.id in self._being_checked:
                continue
            n_looked += 1
            try:
                findings = await self.check(watch, _ignore_findings)
            except UserError:
                n_failed += 1  # recorded with the watch, which is checked again at its interval
            else:
                n_kept += sum(finding.outcome in ("learned", "proposed") for finding in findings)
        return f"{n_looked} watches looked at, {n_kept} pages kept, {n_failed} looks failed"

    async def check(self, watch: Watch, tell: FindingsListener) -> tuple[Finding, ...]:
        """Check one watch now and schedule its next check. Raises ``UserError`` when it cannot be read."""
        self._being_checked.add(watch.id)
        try:
            findings = await self._check(watch, tell)
        except UserError as error:
            await self.watches.record_check(watch, error.key)
            raise
        finally:
            self._being_checked.discard(watch.id)
        await self.watches.record_check(watch, "")
        return findings

    async def _check(self, watch: Watch, tell: FindingsListener) -> tuple[Finding, ...]:
        if watch.kind == "theme":
            return await self.curator.research(await self._research(watch, watch.target), tell)
        look = self._check_page_or_feed(watch, tell) if watch.kind == "web" else self._check_files(watch)
        return await log_reading(self.curator.readings, watch.space, watch.target, watch.created_by or OPERATOR, look)

    async def _research(self, watch: Watch, theme: str) -> Research:
        """Return the research for a watch; pages are stored without review only under the policy ``none``."""
        is_trusted = await self.spaces.value(watch.space, REVIEW) == "none"
        return Research(watch.space, theme, watch.language, watch.created_by or OPERATOR, is_trusted)

    # --- pages and feeds --------------------------------------------------------------------------

    async def _check_page_or_feed(self, watch: Watch, tell: FindingsListener) -> tuple[Finding, ...]:
        known = await self.watches.pages(watch)
        seen = known.get(watch.target, SeenPage(watch.target))
        wanted = PageRequest(CONTENT_TYPES | FEED_TYPES, seen.etag, seen.last_modified)
        try:
            page = await self.pages.fetch(watch.target, wanted)
        except UnchangedPage:
            await self.watches.record_pages(watch, replace(seen, gone_at=None))
            return (Finding(watch.target, "", "unchanged"),)
        except BadInput as error:
            if error.key not in _GONE or not known:
                raise
            return await self.missing.flag(watch, [seen])
        version = replace(seen, etag=page.etag, last_modified=page.last_modified, gone_at=None)
        sitemap = await self.ingest.parser.sitemap(page) if "xml" in page.content_type else None
        entries = await self.ingest.parser.feed_entries(page) if sitemap is None else None
        if sitemap is not None or entries is not None:
            if sitemap is not None:
                findings = await self._check_sitemap(watch, sitemap, known, tell)
            else:
                findings = await self._read_entries(watch, {url: "" for url in entries or () if url not in known}, tell)
            # A sitemap is fetched whole each time, for those that it names; a feed for what could not be read.
            if sitemap is not None or any(finding.reason in _TRANSIENT for finding in findings):
                version = replace(version, etag="", last_modified="")
        else:
            finding, version = await self._compare(watch, page, version)
            findings = (finding,)
        await self.watches.record_pages(watch, version)
        return findings

    async def _check_sitemap(
        self, watch: Watch, sitemap: Sitemap, known: Mapping[str, SeenPage], tell: FindingsListener
    ) -> tuple[Finding, ...]:
        """Read the new and changed pages of a sitemap, and flag those that it lists no more."""
        listed, is_complete = await all_pages(sitemap, self.pages, self.ingest.parser)
        found = changes(listed, known, watch.target, is_complete)
        findings = await self._read_entries(watch, found.new, tell) if found.new else ()
        for url, at in found.changed.items():
            findings += (await self._check_changed(watch, replace(known[url], last_modified=at, gone_at=None)),)
        findings += await self.missing.flag(watch, found.gone)
        return findings or (Finding(watch.target, "", "unchanged"),)

    async def _check_changed(self, watch: Watch, seen: SeenPage) -> Finding:
        """Read a page again that has changed by its sitemap. After a transient error it counts as changed still."""
        try:
            finding, version = await self._compare(watch, await self.pages.fetch(seen.name, PageRequest()), seen)
        except BadInput as error:
            if error.key not in _TRANSIENT:
                await self.watches.record_pages(watch, seen)
            return Finding.rejected(seen.name, "", error)
        await self.watches.record_pages(watch, version)
        return finding

    async def _read_entries(
        self, watch: Watch, entries: Mapping[str, str], tell: FindingsListener
    ) -> tuple[Finding, ...]:
        """Read new pages, given with when they changed; those with a transient error stay new."""
        findings: tuple[Finding, ...] = ()
        urls = list(entries)
        research = await self._research(watch, "")
        for first in range(0, len(urls), N_AT_ONCE):
            batch = urls[first : first + N_AT_ONCE]
            read = await self.curator.read(research, [WebResult(url, "", "") for url in batch], tell)
            outcomes = zip(batch, read, strict=True)
            await self.watches.record_pages(
                watch,
                *(SeenPage(url, "", entries[url]) for url, finding in outcomes if finding.reason not in _TRANSIENT),
            )
            findings += read
        return findings or (Finding(watch.target, "", "unchanged"),)

    async def _compare(self, watch: Watch, page: Page, seen: SeenPage) -> tuple[Finding, SeenPage]:
        """Keep a page that is new or has changed; return its finding and its state with the differing lines."""
        read = await self.ingest.prepare_page(page, watch.language)
        if isinstance(read, FailedDocument):
            raise read.error
        now, known = datetime.now(UTC), await self.watches.latest_text(watch.space, seen.name)
        new = replace(read.new, said_at=read.new.said_at or read_date(seen.last_modified))
        if known is None:
            return await self._keep(watch, new), replace(seen, differing={})
        lines = await offload(differing_lines, known, read.new.text, seen.differing, now)
        if await offload(is_relevant_change, known, read.new.text, lines, now):
            return await self._keep(watch, new), replace(seen, differing={})
        if lines:  # a version that was not kept must be fetched again, to see whether the change lasts
            seen = replace(seen, etag="", last_modified="")
        return Finding(seen.name, read.new.title, "unchanged"), replace(seen, differing=lines)

    async def _keep(self, watch: Watch, new: NewDocument) -> Finding:
        """Store a version of a page, or propose it to the moderators."""
        if await self.spaces.value(watch.space, REVIEW) != "all":
            embedded = await self.ingest.embed(watch.space, new)
            indexed = await self.curator.documents.store(watch.space, new, embedded)
            return Finding(new.name, new.title, "learned", values={"n_passages": indexed.n_passages})
        site, told = urlsplit(new.name).hostname or "", await offload(excerpts, new, new.title)
        proposal = NewProposal(new, site, watch.target[:200], told, watch.created_by)
        match await self.curator.reviews.propose(watch.space, proposal):
            case Proposal(id=number):
                return Finding(new.name, new.title, "proposed", values={"number": number})
            case IndexedDocument(name=name, duplicate_of=other):
                return Finding(new.name, new.title, "known", values={"name": other or name})
            case _:
                return Finding(new.name, new.title, "waiting")

    # --- folders ----------------------------------------------------------------------------------

    async def _check_files(self, watch: Watch) -> tuple[Finding, ...]:
        """Index the new and changed files of a folder or a repository; only the operator can watch one."""
        folder, selection = Path(watch.target), DOCUMENTS
        if watch.kind == "git":
            address, folder = await self.checkouts.update(watch.target)
            selection = FileSelection(shown_as=address.shown)
        elif not await offload(folder.exists):
            raise BadInput("file.missing", name=watch.target)
        report = await self.ingest.index_paths(watch.space, [folder], selection=selection)
        known = await self.watches.pages(watch)
        there = {done.name for done in report.indexed}
        back = [seen for name, seen in known.items() if name in there and seen.gone_at is not None]
        new = [SeenPage(name) for name in sorted(there - known.keys())]
        await self.watches.record_pages(watch, *new, *(replace(seen, gone_at=None) for seen in back))
        kept = there | {failure.name for failure in report.failed} | {file.name for file in report.left_out}
        gone = [seen for name, seen in known.items() if name not in kept and not kept & _folders_above(name)]
        missed = await self.missing.flag(watch, gone)
        rejected = [Finding.rejected(failure.name, failure.name, failure.error) for failure in report.failed]
        return (*map(_indexed, report.indexed), *rejected, *missed)


@dataclass(frozen=True, slots=True)
class SpaceWatches:
    """The watches of one scope, bound to a person's pseudonym (``core.services.WatchesPort``)."""

    _watcher: Watcher
    _scope: Scope
    _person: str
    _language: Language

    async def all(self) -> tuple[Watch, ...]:
        """Return the watches that may be read here, oldest first."""
        found = [each for space in self._scope.community for each in await self._watcher.watches.of(space)]
        return tuple(sorted(found, key=lambda each: each.id))

    async def page(self, url: str, every: timedelta) -> Watch:
        """Watch a page or a feed. Raises ``BadInput`` for an invalid address, or too many watches."""
        return await self._add("web", readable_address(url), self._language, every)

    async def theme(self, theme: str, every: timedelta) -> Watch:
        """Watch a theme by web search. Raises ``BadInput`` for too many watches."""
        return await self._add("theme", theme, await offload(detect_language, theme, self._language), every)

    async def stop(self, number: int) -> Watch:
        """Delete a watch; its documents stay. Raises ``BadInput`` when there is none of that number."""
        found = next((each for each in await self.all() if each.id == number), None)
        return await self._watcher.watches.remove(found.space if found else self._scope.space, number)

    async def check(self, watch: Watch, tell: FindingsListener) -> tuple[Finding, ...]:
        """Check a watch now. Raises ``UserError`` when it cannot be read."""
        return await self._watcher.check(watch, tell)

    async def _add(self, kind: WatchKind, target: str, language: Language, every: timedelta) -> Watch:
        return await self._watcher.watches.add(self._scope.space, NewWatch(kind, target, language, every, self._person))


def _folders_above(name: str) -> set[str]:
    return {parent.as_posix() for parent in PurePosixPath(name).parents}


def _indexed(indexed: IndexedDocument) -> Finding:
    match indexed.outcome:
        case "added" | "replaced":
            return Finding(indexed.name, "", "learned", values={"n_passages": indexed.n_passages})
        case "unchanged":
            return Finding(indexed.name, "", "unchanged")
        case "duplicate":
            return Finding(indexed.name, "", "known", values={"name": indexed.duplicate_of or indexed.name})


async def _ignore_findings(_: tuple[Finding, ...]) -> None:
    """Ignore progress."""
