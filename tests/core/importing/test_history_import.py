"""An import goes through consent, the check for personal data and review, and stores nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.importing.history_import import HistoryImport, ImportRequest
from core.settings import Settings
from core.types import Message, Person, Scope, SpaceId
from plugins import load_plugins
from tests import chat_exports
from tests.chat_exports import at
from tests.chat_history import Said, write_history
from tests.fakes import ScriptedGenerator, WordEmbedder

SPACE = SpaceId("discord:5")
ANA, BO = "discord:9001", "discord:9002"

GATE = "How do I open the gate of the yard at night?"
PLANTED = [
    Said(1, 1, GATE, at("2024-05-01 10:00"), "help"),
    Said(2, 2, "Type 47 on the panel and press the star.", at("2024-05-01 10:01"), "help", 1),
    Said(3, 1, "thanks, that worked", at("2024-05-01 10:02"), "help", 2),
    Said(4, 1, "Who do I write to about a lost badge?", at("2024-05-02 10:00"), "help"),
    Said(5, 2, "Write to desk@hall.example with your number.", at("2024-05-02 10:01"), "help", 4),
    Said(6, 1, "perfect, thank you", at("2024-05-02 10:02"), "help", 5),
]


@asynccontextmanager
async def core_in(folder: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": folder})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    async with core_in(tmp_path / "data") as running:
        yield running


def export_of(folder: Path, messages: Sequence[Said] = PLANTED) -> Path:
    path = folder / "Help Desk.json"
    chat_exports.write_discord_json(path, messages)
    return path


def request_of(imports: HistoryImport, *, is_agreed: bool = True) -> ImportRequest:
    return ImportRequest(SPACE, imports.pseudonyms.of("moderator"), "en", is_agreed=is_agreed)


async def test_a_preview_stores_nothing_and_an_import_proposes(aion: Aion, tmp_path: Path) -> None:
    imports, review = aion.services.imports, aion.services.reviews.at(Scope(SPACE), Person("m", "M"))
    path, request = export_of(tmp_path), request_of(aion.services.imports)
    preview = await imports.preview(path, request)
    assert dict(preview.outcomes) == {"new": 1, "personal": 1}
    assert [sample.title for sample in preview.samples] == [GATE]
    assert await review.pending() == ()
    report = await imports.propose(path, request)
    assert report == preview
    [proposal] = await review.pending()
    assert (proposal.title, proposal.site, proposal.origin) == (GATE, "import:help-desk", "help")
    assert "9001" not in proposal.text
    [verdict] = await review.approve_site("import:help-desk")
    assert verdict.indexed is not None
    [document] = await aion.documents.list(SPACE)
    assert document.names[0].startswith("https://discord.com/channels/")


async def test_an_import_made_again_adds_only_what_is_new(aion: Aion, tmp_path: Path) -> None:
    imports, review = aion.services.imports, aion.services.reviews.at(Scope(SPACE), Person("m", "M"))
    request = request_of(imports)
    await imports.propose(export_of(tmp_path), request)
    assert dict((await imports.propose(export_of(tmp_path), request)).outcomes) == {"waiting": 1, "personal": 1}
    await review.approve_site("import:help-desk")
    assert dict((await imports.propose(export_of(tmp_path), request)).outcomes) == {"known": 1, "personal": 1}
    edited = [PLANTED[0], replace(PLANTED[1], text="Type 48 on the panel and press the star."), *PLANTED[2:]]
    assert dict((await imports.propose(export_of(tmp_path, edited), request)).outcomes) == {"new": 1, "personal": 1}
    [proposal] = await review.pending()
    assert proposal.replaces is not None
    await review.reject(proposal.id, "no")
    assert dict((await imports.propose(export_of(tmp_path, edited), request)).outcomes) == {"waiting": 1, "personal": 1}


class Killed(BaseException):
    """As a process that is killed: nothing catches it."""


@pytest.mark.parametrize("n_stored", range(4))
async def test_an_import_that_was_killed_is_made_up_for_and_holds_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_stored: int
) -> None:
    """Killed before any, one, two or all of three proposals are noted with their authors, and made again."""
    pairs = (
        (GATE, PLANTED[1].text),
        ("Where are the spare ladders of the shed kept?", "Behind the blue door, on the third hook from the left."),
        ("When may the kiln be emptied after a firing?", "At six in the morning, once the dial says 80 degrees."),
    )
    history = [
        Said(10 * n + m, 1 + m % 2, text, at(f"2024-05-0{n + 1} 10:0{m}"), "help", 10 * n + m - 1 if m else None)
        for n, pair in enumerate(pairs)
        for m, text in enumerate((*pair, "thanks, that worked"))
    ]
    path = export_of(tmp_path, history)
    async with core_in(tmp_path / "data") as aion:
        imports, adding = aion.services.imports, aion.services.imports.reviews.proposals.add
        n_left = n_stored

        async def add(*options: Any) -> Any:
            nonlocal n_left
            if n_left == 0:
                raise Killed
            n_left -= 1
            return await adding(*options)

        async def save_all(*_: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(imports.reviews.proposals, "add", add)
            patch.setattr(imports.chat_lessons, "save_all", save_all)
            await imports.propose(path, request_of(imports))
    async with core_in(tmp_path / "data") as aion:
        imports, review = aion.services.imports, aion.services.reviews.at(Scope(SPACE), Person("m", "M"))
        for outcomes in ({"waiting": n_stored, "new": 3 - n_stored}, {"waiting": 3}):
            report = await imports.propose(path, request_of(imports))
            assert dict(report.outcomes) == {outcome: n for outcome, n in outcomes.items() if n}
            assert len(await review.pending()) == 3
        assert len(await imports.chat_lessons.of_person(imports.pseudonyms.of(BO))) == 3


async def test_an_edited_message_replaces_what_waits(aion: Aion, tmp_path: Path) -> None:
    imports, review = aion.services.imports, aion.services.reviews.at(Scope(SPACE), Person("m", "M"))
    edited = [PLANTED[0], replace(PLANTED[1], text="Type 48 on the panel and press the star."), *PLANTED[2:]]
    for messages in (PLANTED, edited):
        await imports.propose(export_of(tmp_path, messages), request_of(imports, is_agreed=False))
    for person in (ANA, BO):
        await imports.consents.decide(SPACE, imports.pseudonyms.of(person), is_given=True)
    [held] = await imports.consents.agreed(SPACE)
    assert "Type 48" in held.new.text
    for messages in (PLANTED, edited):
        await imports.propose(export_of(tmp_path, messages), request_of(imports))
    [proposal] = await review.pending()
    assert "Type 48" in proposal.text


async def test_who_is_forgotten_takes_their_words_out_of_what_was_imported(aion: Aion, tmp_path: Path) -> None:
    imports, review = aion.services.imports, aion.services.reviews.at(Scope(SPACE), Person("m", "M"))
    await imports.propose(export_of(tmp_path), request_of(imports))
    await review.approve_site("import:help-desk")
    lessons = await imports.chat_lessons.of_person(imports.pseudonyms.of(BO))
    assert [part.key.startswith("discord:") for lesson in lessons for part in lesson.parts] == [True, True]
    message = Message("discord:1", "discord", SPACE, "9", Person(BO, "Bo"), "")
    assert (await aion.services.rights.of(message).forget())["learned_texts"] == 1
    assert await aion.documents.list(SPACE) == ()


async def test_without_their_authors_consent_lessons_wait(aion: Aion, tmp_path: Path) -> None:
    imports, review = aion.services.imports, aion.services.reviews.at(Scope(SPACE), Person("m", "M"))
    request = request_of(imports, is_agreed=False)
    report = await imports.propose(export_of(tmp_path), request)
    assert dict(report.outcomes) == {"held": 1, "personal": 1}
    assert report.n_undecided == 2
    assert await review.pending() == ()
    assert dict((await imports.propose(export_of(tmp_path), request)).outcomes) == {"waiting": 1, "personal": 1}
    for person in (ANA, BO):
        await imports.consents.decide(SPACE, imports.pseudonyms.of(person), is_given=True)
    [agreed] = await imports.consents.agreed(SPACE)
    assert agreed.new.title == GATE


async def test_who_refused_is_left_out_even_where_the_operator_says_all_agreed(aion: Aion, tmp_path: Path) -> None:
    imports = aion.services.imports
    await imports.consents.decide(SPACE, imports.pseudonyms.of(BO), is_given=False)
    report = await imports.propose(export_of(tmp_path), request_of(imports))
    assert dict(report.outcomes) == {"declined": 1, "personal": 1}


async def test_a_space_that_is_full_takes_what_fits(tmp_path: Path) -> None:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path / "data", "AION_SPACE_DOCUMENTS": 3})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        imports = aion.services.imports
        path = export_of(tmp_path, write_history(3, "en", 20).messages)
        report = await imports.propose(path, request_of(imports))
    assert report.outcomes["new"] == 3
    assert report.outcomes["full"] > 0


async def test_samples_are_of_every_kind(aion: Aion, tmp_path: Path) -> None:
    long = "The hall closes at 18:00 on Fridays from May on, because the heating is switched off after that time."
    pinned = Said(900, 7, long, at("2024-06-01 10:00"), "help", is_pinned=True)
    path = export_of(tmp_path, [*write_history(3, "en", 40).messages, pinned])
    report = await aion.services.imports.preview(path, request_of(aion.services.imports))
    assert len(report.samples) == 10
    assert {sample.kind for sample in report.samples} == {"solved", "pinned"}
