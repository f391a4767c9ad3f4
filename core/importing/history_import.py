"""Importing an export into a space: its lessons go through consent, the check for personal data, and review.

Nothing is stored twice: what a space knows, or what waits or was rejected, is passed over, so an import that stopped is
simply made again. A message that was edited since is proposed in place of its former text.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath

from core.errors import BadInput
from core.importing.export_reader import ExportReader
from core.importing.lesson import Lesson
from core.importing.survey import ExportSurvey
from core.knowledge.files import require_size
from core.knowledge.review import ReviewService
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.services import ImportReport, LessonOutcome, LessonSample
from core.storage.curation.chat_lessons import ChatLessons, NewChatLesson
from core.storage.curation.consents import KIND, SOURCE, Consents
from core.storage.curation.proposals import NewProposal
from core.storage.document_writes import NewDocument
from core.types import Attachment, IndexedDocument, Language, Message, Proposal, SpaceId

N_SAMPLES = 10
MAX_TITLE_CHARS = 80
MAX_EXCERPT_CHARS = 300
_MAX_SITE_BYTES = 40


AddProposal = Callable[[SpaceId, NewProposal], Awaitable[Proposal | IndexedDocument | None]]
"""Stores a proposal, as ``core.knowledge.review.ReviewService.add`` does."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """An import: into which space, by whom, and of what.

    ``person`` is the pseudonym of who imports. ``is_agreed``: the operator states that the authors agreed; those who
    refused are left out all the same. ``roles`` are names of roles whose members are believed. ``language`` is that of
    texts too short to tell.
    """

    space: SpaceId
    person: str
    language: Language
    since: datetime | None = None
    roles: tuple[str, ...] = ()
    is_agreed: bool = False


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A lesson as a document, what would become of it, and whose consent it lacks (pseudonyms)."""

    lesson: Lesson
    new: NewDocument
    outcome: LessonOutcome
    awaiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryImport:
    """Imports exports into any space."""

    reader: ExportReader
    consents: Consents
    reviews: ReviewService
    pseudonyms: Pseudonyms
    max_file_bytes: int
    chat_lessons: ChatLessons

    def of(self, message: Message, language: Language) -> SpaceHistoryImport:
        """Return the import bound to a message's space and sender."""
        return SpaceHistoryImport(self, ImportRequest(message.space, self.pseudonyms.of(message.person.id), language))

    async def preview(self, path: Path, request: ImportRequest) -> ImportReport:
        """Tell what an export would teach; nothing is stored. Raises ``BadInput`` when it cannot be read."""
        survey = await self._survey(path, request)
        return _report(survey, await self._sort(survey.lessons, request))

    async def propose(self, path: Path, request: ImportRequest) -> ImportReport:
        """Propose what an export teaches. Raises ``BadInput`` when it cannot be read."""
        survey = await self._survey(path, request)
        return _report(survey, await self._propose(survey.lessons, request, _site(survey.name)))

    async def propose_lessons(self, lessons: Sequence[Lesson], request: ImportRequest, site: str) -> int:
        """Propose lessons under ``site``, whose authors are pseudonyms; return how many are new."""
        return sum(each.outcome == "new" for each in await self._propose(lessons, request, site))

    async def _propose(self, lessons: Sequence[Lesson], request: ImportRequest, site: str) -> list[_Sorted]:
        found = await self._sort(lessons, request)
        fits = await self._fits(request.space, [each.new for each in found if each.outcome == "new"])
        add = self.reviews.proposals.add if fits else self.reviews.add  # one by one, as long as there is room
        done = [replace(each, outcome=await self._store(each, request, site, add)) for each in found]
        known = await self.chat_lessons.names(request.space)  # those of an import that was cut short are not there
        kept = [_noted(each) for each in done if each.lesson.parts and _is_to_note(each, known)]
        await self.chat_lessons.save_all(request.space, kept)
        return done

    async def _fits(self, space: SpaceId, texts: Sequence[NewDocument]) -> bool:
        """Tell whether a space has room for all of these texts, beside what waits there."""
        waiting = await self.reviews.proposals.pending_sizes(space)
        try:
            await self.reviews.ingest.require_room(space, {**waiting, **{new.name: len(new.text) for new in texts}})
        except BadInput:
            return False
        return True

    async def _survey(self, path: Path, request: ImportRequest) -> ExportSurvey:
        survey = await self.reader.survey(path, request.since, request.roles, request.language)
        return replace(survey, lessons=tuple(_signed(lesson, self.pseudonyms) for lesson in survey.lessons))

    async def _sort(self, lessons: Sequence[Lesson], request: ImportRequest) -> list[_Sorted]:
        """Return what would become of each lesson, in order."""
        known = await self.reviews.documents.texts(request.space)
        waiting = await self.reviews.proposals.texts(request.space)
        authors = {author for lesson in lessons for author in lesson.authors}
        decided = await self.consents.decisions(request.space, authors)
        return [
            _sorted(lesson, request, {each: decided.get(each) for each in lesson.authors}, known, waiting)
            for lesson in lessons
        ]

    async def _store(
        self, sorted_lesson: _Sorted, request: ImportRequest, site: str, add: AddProposal
    ) -> LessonOutcome:
        """Propose by ``add`` or hold a lesson that is to be; return what became of it."""
        new = sorted_lesson.new
        if sorted_lesson.outcome == "held":
            is_new = await self.consents.hold(request.space, new, sorted_lesson.awaiting, request.person)
            return "held" if is_new else "waiting"
        if sorted_lesson.outcome != "new":
            return sorted_lesson.outcome
        lesson = sorted_lesson.lesson
        proposal = NewProposal(
            new,
            site=site,
            origin=lesson.channel,
            excerpts=(new.text[:MAX_EXCERPT_CHARS],),
            proposed_by=request.person,
            score=lesson.score,
        )
        try:
            match await add(request.space, proposal):
                case Proposal():
                    return "new"
                case IndexedDocument():
                    return "known"
                case _:
                    return "waiting"
        except BadInput:  # no room
            return "full"


@dataclass(frozen=True, slots=True)
class SpaceHistoryImport:
    """Imports attached exports into one space, for one person (``core.services.HistoryImportPort``)."""

    _imports: HistoryImport
    _request: ImportRequest

    async def preview(self, attachment: Attachment) -> ImportReport:
        """Tell what an attached export would teach; nothing is stored."""
        path = await self._saved(attachment)
        try:
            return await self._imports.preview(path, self._request)
        finally:
            await offload(_remove, path)

    async def propose(self, attachment: Attachment) -> ImportReport:
        """Propose what an attached export teaches."""
        path = await self._saved(attachment)
        try:
            return await self._imports.propose(path, self._request)
        finally:
            await offload(_remove, path)

    async def _saved(self, attachment: Attachment) -> Path:
        """Return an attachment as a file of its name, in a folder of its own. Raises ``BadInput`` for its size."""
        require_size(attachment.name, attachment.size_bytes, self._imports.max_file_bytes)
        data = await attachment.read()
        require_size(attachment.name, len(data), self._imports.max_file_bytes)
        return await offload(_saved, PurePath(attachment.name).name or "export", data)


def _saved(name: str, data: bytes) -> Path:
    path = Path(tempfile.mkdtemp(prefix="aion-import-")) / name[-100:]
    path.write_bytes(data)
    return path


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.rmdir()


def _sorted(
    lesson: Lesson,
    request: ImportRequest,
    decided: Mapping[str, bool | None],
    known: Collection[str],
    waiting: Collection[str],
) -> _Sorted:
    """Return what would become of a lesson; ``decided`` says of each author, by pseudonym, whether they agreed.

    ``known`` and ``waiting`` are hashes of contents.
    """
    new = _document(lesson)
    awaiting = tuple(
        author
        for author, is_given in decided.items()
        if is_given is None and author != request.person and not request.is_agreed
    )
    outcome: LessonOutcome = "held" if awaiting else "new"
    if new.content_hash in known:
        outcome = "known"
    elif new.content_hash in waiting:
        outcome = "waiting"
    elif lesson.personal:
        outcome = "personal"
    elif False in decided.values():
        outcome = "declined"
    return _Sorted(lesson, new, outcome, awaiting)


def _signed(lesson: Lesson, pseudonyms: Pseudonyms) -> Lesson:
    """Return a lesson of an export with pseudonyms, and with keys as its platform's adapter has them."""
    parts = (
        replace(part, key=_live_key(part.key, part.person), person=pseudonyms.of(part.person)) for part in lesson.parts
    )
    return replace(lesson, parts=tuple(parts))


def _live_key(key: str, author: str) -> str:
    """Return the key of an exported message as it would be heard; Telegram's exports leave the chat's ``-100`` out."""
    platform = author.partition(":")[0]
    prefix = {"discord": "discord:", "telegram": "telegram:-100"}.get(platform, "")
    return f"{prefix}{key}"


def _is_to_note(done: _Sorted, known: Collection[str]) -> bool:
    """Return whether the authors of a lesson are to be noted; ``known`` are the names of the lessons noted before."""
    return done.outcome in ("new", "held") or (done.outcome in ("waiting", "known") and done.new.name not in known)


def _noted(done: _Sorted) -> NewChatLesson:
    return NewChatLesson(done.new.name, done.lesson.channel[:200], done.new.content_hash, done.lesson.parts)


def _document(lesson: Lesson) -> NewDocument:
    title = textwrap.shorten(lesson.title, MAX_TITLE_CHARS, placeholder="…") or lesson.url
    return NewDocument(lesson.url, SOURCE, title, KIND, lesson.language, lesson.text, lesson.said_at)


def _report(survey: ExportSurvey, done: Sequence[_Sorted]) -> ImportReport:
    shown = [each for each in done if each.outcome in ("new", "held")]
    return ImportReport(
        name=survey.name,
        format=survey.format,
        n_messages=survey.n_messages,
        n_people=survey.n_people,
        first=survey.first,
        last=survey.last,
        is_cut=survey.is_cut,
        site=_site(survey.name),
        kinds=Counter(each.lesson.kind for each in done),
        outcomes=Counter(each.outcome for each in done),
        samples=tuple(map(_sample, _spread(shown))),
        n_undecided=len({author for each in shown for author in each.awaiting}),
    )


def _spread(lessons: Sequence[_Sorted]) -> list[_Sorted]:
    """Return up to ``N_SAMPLES`` lessons from the whole of an export: of every kind some, then the surest."""
    by_kind: dict[str, list[_Sorted]] = {}
    for each in sorted(lessons, key=lambda each: -each.lesson.score):
        by_kind.setdefault(each.lesson.kind, []).append(each)
    ranked = sorted(((n, kind) for kind, several in by_kind.items() for n in range(len(several))))
    return [by_kind[kind][n] for n, kind in ranked[:N_SAMPLES]]


def _sample(each: _Sorted) -> LessonSample:
    body = each.lesson.text.removeprefix(f"# {each.lesson.title}")
    excerpt = textwrap.shorten(body, MAX_EXCERPT_CHARS, placeholder="…")
    return LessonSample(each.lesson.kind, each.new.title, excerpt, each.new.name)


def _site(name: str) -> str:
    """Return what the proposals of an export are approved by: ``import:name``, in the form of a host's name."""
    slug = re.sub(r"[^\w.-]+", "-", name.lower()).strip("-")
    return f"import:{slug}".encode()[:_MAX_SITE_BYTES].decode("utf-8", "ignore")
