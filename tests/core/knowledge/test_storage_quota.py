"""What a space may hold: everything over it is refused before it is read, and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.errors import BadInput
from core.settings import Settings
from core.storage.curation.proposals import NewProposal
from core.types import GLOBAL, Attachment, Person, Scope, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder, attachment, message
from tests.stored import new_document

ANA, OPERATOR = Person("telegram:7", "Ana"), Person("telegram:9", "Rui")
DIRECT, OWN, GROUP = SpaceId("telegram:dm:7"), SpaceId("telegram:dm:9"), SpaceId("telegram:-1")


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    limits = {
        "AION_PRIVATE_DOCUMENTS": 2,
        "AION_PRIVATE_MB": 0.0005,
        "AION_PRIVATE_PAGES_PER_DAY": 2,
        "AION_SPACE_DOCUMENTS": 3,
        "AION_OPERATOR_IDS": "discord:1, telegram:9",
    }
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path, **limits})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


async def called(aion: Aion, command: str, person: Person, space: SpaceId, **rest: object) -> str:
    outlet = CollectingOutlet()
    said = message(f"/{command}", key=f"{command}{rest}", person=person, space=space, command=command, **rest)
    await aion.dispatch.handle(said, outlet)
    return outlet.text


async def index(aion: Aion, name: str, person: Person = ANA, space: SpaceId = DIRECT, *, n_chars: int = 60) -> str:
    text = f"# {name}\n\nThe {name} opens at nine. ".ljust(n_chars, "x").encode()
    return await called(aion, "index", person, space, attachments=(attachment(f"{name}.md", text),))


async def test_a_private_chat_holds_as_many_documents_as_it_may_and_is_told_why_no_more(aion: Aion) -> None:
    for name in ("kiln", "barn"):
        assert "Learned" in await index(aion, name)
    assert "2 of 2 documents" in await index(aion, "dock")
    assert "Used: 2 of 2 documents, 0.0 of 0.0005 MB of text." in await called(aion, "docs", ANA, DIRECT)
    assert "Forgotten" in await called(aion, "forget", ANA, DIRECT, arguments={"document": "kiln.md"})
    assert "Learned" in await index(aion, "dock")


async def test_what_is_too_much_text_is_refused_and_a_full_space_downloads_nothing(aion: Aion) -> None:
    assert "no room" in await index(aion, "long", n_chars=501)
    for name in ("kiln", "barn"):
        await index(aion, name)

    async def read() -> bytes:
        raise AssertionError("downloaded")

    file = Attachment("more.md", 10, read)
    assert "no room" in await called(aion, "index", ANA, DIRECT, attachments=(file,))


async def test_the_operator_s_own_chat_and_space_have_no_limit_and_a_community_has_its_own(aion: Aion) -> None:
    for n in range(4):
        assert "Learned" in await index(aion, f"kiln{n}", OPERATOR, OWN, n_chars=600)
        await aion.ingest.index_file(GLOBAL, f"{n}.md", f"# Kiln {n}\n\nIt opens at {n}.\n".encode())
    for n in range(3):
        audience = SpaceId(f"{GROUP}/channel-{n}" if n else GROUP)  # all its audiences share its limit
        await aion.ingest.index_file(audience, f"{n}.md", f"# Kiln {n}\n\nIt opens at {n}.\n".encode())
    with pytest.raises(BadInput) as refused:
        await aion.ingest.index_file(GROUP, "3.md", b"# Kiln 3\n\nIt opens at 3.\n")
    assert refused.value.key == "quota.full"


async def test_of_a_folder_what_fits_is_stored(aion: Aion, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(5):
        (folder / f"{n}.md").write_text(f"# Kiln {n}\n\nIt opens at {n}.\n")
    report = await aion.ingest.index_paths(GROUP, [folder])
    assert (len(report.indexed), [failed.error.key for failed in report.failed]) == (3, ["quota.full"] * 2)


async def test_pages_of_a_day_are_counted_also_those_that_cannot_be_had(aion: Aion) -> None:
    for n in range(2):
        assert "private network" in await called(
            aion, "learn", ANA, DIRECT, arguments={"what": f"http://127.0.0.1/{n}"}
        )
    assert "2 web pages" in await called(aion, "learn", ANA, DIRECT, arguments={"what": "http://127.0.0.1/3"})


async def test_what_belongs_to_moderators_is_refused_in_private(aion: Aion) -> None:
    for name in ("watch", "gaps", "jobs", "providers", "training", "channel"):
        assert "moderators" in await called(aion, name, ANA, DIRECT, arguments={"what": "x", "mode": "free"})


async def test_what_replaces_its_former_self_needs_no_more_room(aion: Aion) -> None:
    for name in ("kiln", "barn"):
        await index(aion, name)
    changed = attachment("kiln.md", b"# Kiln\n\nThe kiln opens at ten.\n")
    assert "has changed" in await called(aion, "index", ANA, DIRECT, attachments=(changed,))
    assert "no room" in await index(aion, "dock")


async def test_what_waits_for_approval_takes_room_too(aion: Aion) -> None:
    reviews = aion.services.reviews
    for n in range(3):
        text = f"The kiln opens at {n}."
        await reviews.propose(GROUP, NewProposal(new_document(f"{n}.md", text), "", "kilns", (text,)))
    with pytest.raises(BadInput) as refused:
        await reviews.propose(GROUP, NewProposal(new_document("3.md", "The barn is red."), "", "barns", ()))
    assert refused.value.key == "quota.full"
    assert len(await reviews.proposals.pending(GROUP)) == 3
    for proposal in await reviews.proposals.pending(GROUP):
        await reviews.at(Scope(GROUP), OPERATOR).approve(proposal.id)
    assert len(await aion.documents.list(GROUP)) == 3
