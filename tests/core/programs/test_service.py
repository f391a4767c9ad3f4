"""Programs: one space a token, outcomes as values, limits, and nothing of them among what people asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.errors import BadInput, PermissionRefused, Unavailable
from core.programs.service import SpaceProgram
from core.settings import Settings
from core.storage.schema import answers, gaps, program_days, programs, turns
from core.types import Band, Confidence, Decision, SearchResult, SpaceId
from tests.fakes import SPACE, ScriptedGenerator, WordEmbedder
from tests.postgres import PostgresServer

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"
THERE = SpaceId("discord:2")


class FixedGate:
    """A gate with one opinion."""

    def __init__(self, band: Band) -> None:
        self.band = band

    def decide(self, found: SearchResult) -> Decision:
        return Decision(self.band, Confidence(0.5, 0.5))


@asynccontextmanager
async def assembled(tmp_path: Path, band: Band = "local", **settings: object) -> AsyncIterator[Aion]:
    made = Settings.model_validate({"AION_DATA_DIR": tmp_path, **settings})
    models = {"embedder": WordEmbedder(), "local": ScriptedGenerator([]), "gate": FixedGate(band)}
    async with assemble(made, Registry(), **models) as aion:
        await aion.ingest.index_file(SPACE, "hours.md", HOURS)
        yield aion


async def program_in(aion: Aion, space: SpaceId) -> SpaceProgram:
    _, token = await aion.programs.programs.add(space, "helpdesk")
    return await aion.programs.admit(token)


@pytest.mark.parametrize(
    ("band", "asked", "outcome"),
    [
        ("local", ASKED, "answered"),
        ("provider", ASKED, "closest"),
        ("abstain", ASKED, "unknown"),
        ("abstain", "hello!", "unknown"),
    ],
)
async def test_not_knowing_is_an_outcome_and_no_sentence(tmp_path: Path, band: Band, asked: str, outcome: str) -> None:
    async with assembled(tmp_path, band) as aion:
        result = await (await program_in(aion, SPACE)).ask(asked)
        assert result.outcome == outcome
        assert (result.answer is not None) == (outcome == "answered")
        assert bool(result.sources) == (outcome in ("answered", "closest"))
        assert all(source.quote in HOURS.decode() for source in result.sources)


async def test_a_program_reads_the_space_of_its_token_alone(tmp_path: Path) -> None:
    async with assembled(tmp_path) as aion:
        there = await program_in(aion, THERE)
        assert await there.search(ASKED, 5) == ()
        assert (await there.ask(ASKED)).outcome == "unknown"
        [found] = await (await program_in(aion, SPACE)).search(ASKED, 5)
        assert (found.document, "nine o'clock" in found.text) == ("Library", True)


async def test_what_programs_ask_is_counted_apart_from_people(tmp_path: Path) -> None:
    async with assembled(tmp_path, "abstain") as aion:
        program = await program_in(aion, SPACE)
        await program.ask(ASKED)
        await program.ask(ASKED)
        await program.search(ASKED, 3)
        assert await program.gaps(5) == (), "a program's question is no gap of the community"
        [use] = await aion.programs.programs.all()
        assert use.counts == {"unknown": 2, "searched": 1}
        database = aion._stores.database
        for table in (answers, turns, gaps):
            [row] = await database.rows(select(func.count().label("n")).select_from(table))
            assert row.n == 0, table.name


async def test_a_revoked_token_is_refused_at_the_next_request(tmp_path: Path) -> None:
    async with assembled(tmp_path) as aion:
        program, token = await aion.programs.programs.add(SPACE, "helpdesk")
        assert (await aion.programs.admit(token)).identity.space == SPACE
        await aion.programs.programs.revoke(program.id)
        for wrong in (token, "", "aion_guess", "\ud800"):
            with pytest.raises(PermissionRefused):
                await aion.programs.admit(wrong)
        with pytest.raises(BadInput):
            await aion.programs.programs.revoke(99)
        rows = await aion._stores.database.rows(select(programs))
        assert token not in str(rows), "the token itself is stored nowhere"


async def test_two_cores_on_one_database_hold_a_program_to_one_limit(tmp_path: Path, postgres: PostgresServer) -> None:
    shared = {"AION_DATABASE_URL": postgres.make("programs"), "AION_PERSON_KEY": "5e" * 32}
    limits = {"AION_LIMIT_PERSON_PER_MINUTE": 2, "AION_LIMIT_SPACE_PER_MINUTE": 3}
    async with (
        assembled(tmp_path / "1", **shared, **limits) as one,
        assembled(tmp_path / "2", **shared, **limits) as two,
    ):
        _, token = await one.programs.programs.add(SPACE, "helpdesk")
        here, there = [await core.programs.admit(token) for core in (one, two)]
        assert await here.search(ASKED, 1) == await there.search(ASKED, 1) != ()
        for program in (here, there):
            with pytest.raises(Unavailable):
                await program.gaps(1)
        other, third = await program_in(one, SPACE), await program_in(two, SPACE)
        assert await other.gaps(1) == ()
        with pytest.raises(Unavailable):
            await third.gaps(1)


async def test_a_program_is_held_to_the_limits_of_a_person(tmp_path: Path) -> None:
    async with assembled(tmp_path, AION_LIMIT_PERSON_PER_MINUTE=2) as aion:
        program, other = await program_in(aion, SPACE), await program_in(aion, SPACE)
        await program.search(ASKED, 1)
        await program.gaps(1)
        with pytest.raises(Unavailable) as refused:
            await program.ask(ASKED)
        assert int(str(refused.value.values["wait_s"])) > 0
        assert await other.search(ASKED, 1)
        [row] = await aion._stores.database.rows(select(func.sum(program_days.c.n_requests).label("n")))
        assert row.n == 2
        for wordless in ("", "?!", "x" * 5_000):
            with pytest.raises(BadInput):
                await other.ask(wordless)
