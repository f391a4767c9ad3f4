"""The one door: permissions, languages, errors, ratings, isolation of spaces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Command, Context, Registry
from core.errors import BadInput, InternalError
from core.question_answering import MAX_QUESTION_CHARS
from core.settings import Settings
from core.types import GLOBAL, Person, SpaceId
from plugins import load_plugins
from tests.fakes import MEMBER, MODERATOR, SPACE, CollectingOutlet, ScriptedGenerator, WordEmbedder, attachment, message

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
SECRET = "the vault code is 4711"


async def leak(context: Context) -> None:
    raise InternalError(SECRET)


async def refuse(context: Context) -> None:
    raise BadInput("docs.none")


def registry() -> Registry:
    """Return the shipped commands, and two that go wrong."""
    commands = load_plugins()
    for name, handler in (("leak", leak), ("refuse", refuse)):
        commands.add(Command(name, {"en": name, "pt": name}, handler))
    return commands


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    local = ScriptedGenerator([])
    async with assemble(settings, registry(), embedder=WordEmbedder(), local=local) as app:
        yield app


async def said(aion: Aion, text: str, **rest: object) -> str:
    """Return what AION replies to a message."""
    outlet = CollectingOutlet()
    rest.setdefault("key", f"{text}{rest}")
    await aion.dispatch.handle(message(text, **rest), outlet)  # type: ignore[arg-type]
    return outlet.text


@pytest.mark.parametrize("text", ["", "   ", "🙂", "?!", "x" * (MAX_QUESTION_CHARS + 1)])
async def test_what_asks_nothing_is_told_so_in_one_sentence(aion: Aion, text: str) -> None:
    reply = await said(aion, text, key="k")
    assert reply
    assert "reference" not in reply


async def test_moderators_teach_and_members_ask(aion: Aion) -> None:
    file = attachment("hours.md", HOURS)
    refused = CollectingOutlet()
    await aion.dispatch.handle(message("/index", key="1", command="index", attachments=(file,)), refused)
    assert "moderators" in refused.text
    assert refused.replies[0].quiet
    taught = await said(aion, "/index", command="index", attachments=(file,), person=MODERATOR)
    assert "Learned hours.md" in taught
    assert "Library" in await said(aion, "/docs", command="docs")
    assert "nine o'clock" in await said(aion, "When does the library open on Saturdays?")


async def test_titles_are_completed_within_the_space_alone(aion: Aion) -> None:
    await aion.ingest.index_file(SPACE, "hours.md", HOURS)
    await aion.ingest.index_file(SpaceId("discord:1"), "club.md", b"# Library club\n\nOn Mondays.\n")
    [document] = await aion.documents.list(SPACE)
    for typed in ("", "libr", "LIBRARY ", f"#{document.id}"):
        [found] = await aion.dispatch.complete(SPACE, "c", MEMBER, "document", typed)
        assert (found.label, found.value) == (f"#{document.id} {document.title}", str(document.id))
    assert not await aion.dispatch.complete(SPACE, "c", MEMBER, "document", "garden")
    assert not await aion.dispatch.complete(SPACE, "c", MEMBER, "proposal", "")


async def test_a_number_to_call_that_was_not_taught_is_not_asserted(aion: Aion) -> None:
    club = b"# Sailing club\n\nThe caretaker of the sailing club is Anselmo Dias.\n"
    shop = b"# Bike shop\n\nThe bike shop answers at 555-0142.\n"
    for name, text in (("club.md", club), ("shop.md", shop)):
        await aion.ingest.index_file(GLOBAL, name, text)
    assert "Anselmo" in await said(aion, "Who is the caretaker of the sailing club?", key="1")
    unsure = await said(aion, "What is the phone number of the caretaker of the sailing club?", key="2")
    assert unsure.startswith("The closest I found:") or "don't know" in unsure
    assert "555-0142" in await said(aion, "What phone number does the bike shop answer at?", key="3")


async def test_a_file_too_large_is_refused_before_it_is_fetched(aion: Aion) -> None:
    big = attachment("big.md", b"")
    big = type(big)(big.name, 10**9, big.read)
    assert "big.md" in await said(aion, "/index", command="index", attachments=(big,), person=MODERATOR)


async def test_a_space_reads_its_own_and_the_global_documents_and_no_others(aion: Aion) -> None:
    here, elsewhere = SPACE, SpaceId("telegram:-100")
    await aion.ingest.index_file(elsewhere, "hours.md", HOURS)
    question = "When does the library open on Saturdays?"
    assert "don't know" in await said(aion, question, key="1", space=here)
    assert "nine o'clock" in await said(aion, question, key="2", space=elsewhere)
    await aion.ingest.index_file(GLOBAL, "hours.md", HOURS)
    assert "nine o'clock" in await said(aion, question, key="3", space=here)


async def test_a_command_lacking_its_argument_says_which(aion: Aion) -> None:
    assert "address" in await said(aion, "/learn", command="learn", person=MODERATOR)
    assert "question" in await said(aion, "/ask", command="ask")


async def test_an_unknown_command_is_named(aion: Aion) -> None:
    assert "/dance" in await said(aion, "/dance", command="dance")
    assert "Não conheço /dance" in await said(aion, "/dance", command="dance", locale="pt-BR")


async def test_a_fault_shows_a_reference_and_nothing_else(aion: Aion, caplog: pytest.LogCaptureFixture) -> None:
    reply = await said(aion, "/leak", command="leak")
    assert SECRET not in reply
    reference = reply.rsplit(" ", 1)[-1].rstrip(".")
    assert reference in caplog.text
    assert SECRET in caplog.text


async def test_an_error_for_people_is_said_in_their_language(aion: Aion) -> None:
    assert "Ainda não me ensinaram nada" in await said(aion, "/refuse", command="refuse", locale="pt")


async def test_a_thumb_is_changed_by_the_other_and_withdrawn_by_itself(aion: Aion) -> None:
    await aion.ingest.index_file(GLOBAL, "hours.md", HOURS)
    outlet = CollectingOutlet()
    await aion.dispatch.handle(message("When does the library open on Saturdays?", key="1"), outlet)
    answer = outlet.replies[0].answer_id
    assert answer is not None
    rui = Person("terminal:rui", "Rui")
    presses = [(MEMBER, "up"), (MEMBER, "down"), (rui, "up"), (MEMBER, "down")]
    told = [(await aion.dispatch.rate(SPACE, answer, person, thumb, None)).text for person, thumb in presses]  # type: ignore[arg-type]
    assert ["👍" in told[0], "👎" in told[1], "👍" in told[2], "withdrawn" in told[3]] == [True] * 4
    elsewhere = await aion.dispatch.rate(SpaceId("discord:1"), answer, MEMBER, "up", "pt-BR")
    assert "👍" not in elsewhere.text
