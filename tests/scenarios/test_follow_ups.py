"""Follow-ups over the sample handbook with the real embedder: condensing them is what finds their answer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.assembly.bootstrap import assemble
from core.chat.conversation import CondensedQuestion
from core.chat.follow_up import search_in_session
from core.settings import Settings
from core.storage.turns import Session
from core.types import GLOBAL, Language, Scope
from plugins import load_plugins

SAMPLES = Path(__file__).parents[2] / "data" / "samples"

PAIRS: list[tuple[Language, str, str, str]] = [
    ("en", "What time does the library open on Saturdays?", "and on Sundays?", "14:00 to 18:00"),
    ("en", "How much does the Maker plan cost?", "and the Household one?", "Household | 30"),
    ("en", "When is the choir rehearsal?", "who conducts it?", "Selma Arrais"),
    ("en", "When is the repair café?", "what should I bring?", "one broken object"),
    ("en", "How do I replace a lost membership card?", "how much is it?", "3 euros to replace"),
    ("en", "Can I borrow the projector?", "is there a deposit for that?", "deposit of 40 euros"),
    ("en", "How long can I keep a book?", "and board games?", "lent for one week"),
    ("en", "When is the film club?", "who chooses the film?", "members choose the film"),
    ("en", "How do I pause my membership?", "for how long?", "up to three months"),
    ("en", "When is the safety induction for the workshop?", "how long does it take?", "90 minutes"),
    ("en", "How much does the laser cutter cost?", "can it cut PVC?", "forbidden"),
    ("en", "Can I book the 3D printers?", "what if I am late?", "20 minutes late"),
    ("en", "Where do I donate books?", "on which days?", "Thursdays between"),
    ("pt", "Quanto custa a sala azul?", "e a sala grande?", "20 euros por hora"),
    ("pt", "Como cancelo a reserva de uma sala?", "e se for na véspera?", "devolvemos metade"),
    ("pt", "Quando é o jantar comunitário?", "quanto custa?", "4 euros"),
    ("pt", "Como reservo a cozinha?", "quantos blocos posso marcar?", "dois blocos"),
    ("pt", "Posso pegar uma bicicleta emprestada?", "qual é a caução?", "caução de 50 euros"),
    ("pt", "Quando abre a oficina de bicicletas?", "quem é o responsável?", "Gaspar Nogueira"),
    ("pt", "Como começo a ser voluntário?", "pagam o transporte?", "15 euros por mês"),
    ("pt", "Os cães podem entrar na casa?", "e na cozinha?", "não podem entrar na cozinha"),
    ("pt", "Quando é o curso de mecânica?", "quanto custa para membros?", "35 euros para membros"),
    ("pt", "Quem cuida da cozinha?", "ela está lá aos sábados?", "quartas e às sextas"),
    ("pt", "O que faço se houver um conflito?", "quanto tempo demora a resposta?", "72 horas"),
]


@pytest.mark.model
@pytest.mark.timeout(300)
async def test_condensed_follow_ups_find_their_passage_first(data_dir: Path) -> None:
    async with assemble(Settings.model_validate({"AION_DATA_DIR": data_dir}), load_plugins()) as aion:
        await aion.ingest.index_paths(GLOBAL, [SAMPLES])

        searcher = aion.questions.pipeline.searcher

        async def is_first(text: str, earlier: str | None, language: Language, answer: str) -> bool:
            asked = CondensedQuestion(Session(GLOBAL, "here", "p"), text, text, datetime.now(UTC), earlier)
            _, found = await search_in_session(searcher, Scope(GLOBAL), asked, language)
            return answer in found.hits[0].passage.text

        alone = condensed = changed = 0
        for n, (language, before, follow_up, answer) in enumerate(PAIRS):
            alone += await is_first(follow_up, None, language, answer)
            condensed += await is_first(follow_up, before, language, answer)
            other = PAIRS[n - 3][1]
            asked = CondensedQuestion(Session(GLOBAL, "here", "p"), before, before, datetime.now(UTC), other)
            joined, _ = await search_in_session(searcher, Scope(GLOBAL), asked, language)
            changed += joined.topic == before
    assert alone <= 0.75 * len(PAIRS), "these would be found without any help"
    assert condensed >= 0.9 * len(PAIRS)
    assert changed >= 0.9 * len(PAIRS), "a question on another subject is not joined"
