"""Export of training data: ratings with consent as SFT, KTO and reward lines in JSONL.

Deterministic: the same database gives the same bytes. Personal data and secrets are masked, duplicates are merged, the
newest part is held out, and a provider's text is left out unless its terms permit training. Erasing a person rewrites
existing exports: lines made from their answers are removed, and the next export has these lines without their votes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock

from core.atomic_file import write_atomically
from core.chat.notices import Notices
from core.errors import BadInput
from core.offload import offload
from core.privacy.personal_data import mask
from core.privacy.pseudonyms import Pseudonyms
from core.storage.answers import AnswerRecord
from core.storage.training_ratings import RatedAnswer, RatedAnswers, Vote
from core.texts import say_markdown
from core.training.rows import (
    FORMS,
    SYSTEM,
    Form,
    Provenance,
    TrainingExample,
    as_line,
    as_row,
    deduplicated,
    without_rows,
)
from core.training.vote_brigades import Brigade, brigades, is_quarantined, within_caps
from core.types import PLUGIN, Language, PromptTurn, Reply, SpaceId

HELD_OUT_SHARE = 0.2
"""Share of the examples, the newest, that is held out."""

EXPORTS_FILE = "exports.json"
"""File with the folders of all exports, in the data folder's ``training``."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Lines by file name; votes left out as over a cap or as part of a brigade; number of spaces read.

    ``n_withheld`` answers are exported without message content, or left out as nothing else remained of them.
    """

    n_lines: Mapping[str, int]
    n_over_cap: int
    n_quarantined: int
    n_spaces: int
    n_withheld: int = 0


@dataclass(frozen=True, slots=True)
class Exporter:
    """Writes training data. ``trains`` and ``may_train`` return the consent of a space and of a person.

    ``providers`` maps each provider's name to whether its terms permit training on its output. Where
    ``withholds_messages`` (``core.privacy.discord_rules``), only thumbs and AION's own words from indexed documents
    are exported: no question, and nothing that was taught from messages.
    """

    rated: RatedAnswers
    spaces: Callable[[], Awaitable[Sequence[SpaceId]]]
    trains: Callable[[SpaceId], Awaitable[bool]]
    may_train: Callable[[str], Awaitable[bool]]
    pseudonyms: Pseudonyms
    notices: Notices
    providers: Mapping[str, bool]
    exports: Exports
    withholds_messages: Callable[[SpaceId], bool] = lambda space: False

    async def export(self, folder: Path, space: SpaceId | None = None) -> ExportReport:
        """Write an export of one space, or of all with consent, into ``folder``; notify moderators of vote brigades.

        Raises ``BadInput`` when the space has not consented, or no rated answer may be used.
        """
        if space is not None and not await self.trains(space):
            raise BadInput("export.not_allowed", space=space)
        allowed = [each for each in ([space] if space else await self.spaces()) if await self.trains(each)]
        counts: Counter[str] = Counter()
        examples: list[TrainingExample] = []
        for each in allowed:
            examples += await self._examples(each, counts)
        if not examples:
            raise BadInput("export.nothing_rated")
        n_lines = await offload(self.exports.write, folder, deduplicated(examples))
        return ExportReport(n_lines, counts["over_cap"], counts["quarantined"], len(allowed), counts["withheld"])

    async def _examples(self, space: SpaceId, counts: Counter[str]) -> Sequence[TrainingExample]:
        rated = await self.rated.of(space)
        votes = [vote for each in rated for vote in each.votes]
        genuine = await self.rated.genuine_brigades(space)
        found = [each for each in brigades(votes, await self.rated.first_seen()) if each.key not in genuine]
        await self._report(space, found)
        sound = [vote for vote in votes if not is_quarantined(vote, found)]
        counted = within_caps(sound)
        counts["quarantined"] += len(votes) - len(sound)
        counts["over_cap"] += len(sound) - len(counted)
        people = {vote.person for vote in counted} | {each.answer.asker for each in rated}
        willing = {person for person in sorted(people) if await self.may_train(person)}
        kept = {(vote.answer_id, vote.person) for vote in counted if vote.person in willing}
        known = self.pseudonyms.of(space)
        used = [each for each in rated if each.answer.asker in willing]
        if self.withholds_messages(space):
            counts["withheld"] += len(used)
            used = await self._without_messages(used)
        return await offload(self._chosen, known, used, kept)

    async def _without_messages(self, rated: Sequence[RatedAnswer]) -> list[RatedAnswer]:
        """Return the answers that stand in indexed documents alone, each asked for by its quotes and no question."""
        ids = {source.passage_id for each in rated for source in each.answer.sources}
        indexed = await self.rated.from_documents(ids)
        return [
            replace(each, answer=_unasked(each.answer))
            for each in rated
            if each.answer.sources and all(source.passage_id in indexed for source in each.answer.sources)
        ]

    def _chosen(self, space: str, rated: Sequence[RatedAnswer], kept: set[tuple[int, str]]) -> list[TrainingExample]:
        """Return the examples of a space from the votes in ``kept``: (answer, person) pairs. Blocks."""
        examples = []
        for each in rated:
            votes = tuple(vote for vote in each.votes if (vote.answer_id, vote.person) in kept)
            example = self._example(space, each.answer, votes) if votes else None
            if example is not None:
                examples.append(example)
        return examples

    def _example(self, space: str, answer: AnswerRecord, votes: tuple[Vote, ...]) -> TrainingExample | None:
        """Return an answer as an example; ``None`` where terms forbid it or are a plugin's, or nothing was written."""
        generation = answer.generation
        generator = generation.generator if generation else answer.used
        if not self.providers.get(generator, not generator.startswith(PLUGIN)) or not (
            generation or (generator == "extract" and answer.sources)
        ):
            return None
        said = generation.text if generation else " ".join(source.quote for source in answer.sources)
        prompt = generation.prompt if generation else _asked(answer)
        completion = mask(said.strip())
        provenance = Provenance(
            space=space,
            answers=(answer.id,),
            generator=generator,
            model=generation.model if generation else None,
            lora_version=generation.lora_version if generation else None,
            on_policy=generator == "local" and bool(answer.question),
            confidence=round(answer.decision.confidence.value, 6),
            at=answer.created_at,
        )
        is_as_written = generation is not None and completion == generation.text.strip()
        log_probs = generation.log_probs if generation and is_as_written else ()
        turns = tuple(replace(turn, content=mask(turn.content)) for turn in prompt)
        return TrainingExample(turns, completion, votes, provenance, log_probs) if completion else None

    async def _report(self, space: SpaceId, found: Sequence[Brigade]) -> None:
        for brigade in found:
            key = f"brigade:{space}:{brigade.answer_id}:{brigade.thumb}:{brigade.start.isoformat()}"
            await self.notices.tell_moderators(space, key, partial(_warning, brigade))


@dataclass(frozen=True, slots=True)
class Exports:
    """All exports made from one data folder; ``folder`` holds the list of their paths."""

    folder: Path

    def write(self, folder: Path, examples: Sequence[TrainingExample]) -> Mapping[str, int]:
        """Write one export and list it; return the number of lines by file name. Blocks.

        Raises ``BadInput`` when it cannot be written.
        """
        counts = {}
        try:
            self._remember(folder)
            folder.mkdir(parents=True, exist_ok=True)
            for part, chosen in zip(("", ".held"), _split(examples), strict=True):
                for form in FORMS:
                    lines = [as_line(row) for example in chosen if (row := as_row(example, form)) is not None]
                    counts[f"{form}{part}.jsonl"] = len(lines)
                    write_atomically(export_file(folder, form, is_held=bool(part)), "".join(lines).encode())
        except OSError as error:
            raise BadInput("export.not_written", folder=folder, problem=error.strerror or error) from error
        return counts

    async def erase(self, answer_ids: frozenset[int]) -> int:
        """Remove the lines made from those answers from every export; return how many were removed."""
        return await offload(self._erase, answer_ids)

    def _erase(self, answer_ids: frozenset[int]) -> int:
        n_erased = 0
        for folder in self._known():
            for path in sorted(folder.glob("*.jsonl")):
                text = path.read_text(encoding="utf-8")
                kept, n_lines = without_rows(text, lambda row: not answer_ids.isdisjoint(_answers_of(row)))
                if n_lines:
                    write_atomically(path, kept.encode())
                n_erased += n_lines
        return n_erased

    def _known(self) -> Sequence[Path]:
        try:
            return [Path(name) for name in json.loads((self.folder / EXPORTS_FILE).read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return ()

    def _remember(self, folder: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".exports.lock"):
            known = {str(each) for each in self._known()} | {str(folder.resolve())}
            write_atomically(self.folder / EXPORTS_FILE, json.dumps(sorted(known), indent=1).encode())


def export_file(folder: Path, form: Form, *, is_held: bool = False) -> Path:
    """Return the path of an export's training lines of a form, or of its held-out lines."""
    return folder / f"{form}{'.held' if is_held else ''}.jsonl"


def _split(examples: Iterable[TrainingExample]) -> tuple[list[TrainingExample], list[TrainingExample]]:
    """Return training and held-out examples: the newest are held out, unless their prompt is also trained on."""
    ordered = sorted(examples, key=lambda example: (example.provenance.at, example.provenance.answers))
    cut = len(ordered) - int(len(ordered) * HELD_OUT_SHARE)
    seen = {example.prompt for example in ordered[:cut]}
    late = ordered[cut:]
    return (
        ordered[:cut] + [example for example in late if example.prompt in seen],
        [example for example in late if example.prompt not in seen],
    )


def _unasked(answer: AnswerRecord) -> AnswerRecord:
    """Return an answer without its question: a model's words stand after the quotes, without their probabilities."""
    quotes = "\n".join(source.quote for source in answer.sources)
    prompt = (PromptTurn("system", SYSTEM), PromptTurn("user", f"Notes: {quotes}"))
    used = replace(answer, question="", searched=None)
    if answer.generation is None:
        return used
    return replace(used, generation=replace(answer.generation, prompt=prompt, log_probs=()))


def _asked(answer: AnswerRecord) -> tuple[PromptTurn, ...]:
    notes = "\n".join(source.quote for source in answer.sources)
    question = answer.searched or answer.question
    asked = f"Notes: {notes}\nQuestion: {question}" if question else f"Notes: {notes}"
    return PromptTurn("system", SYSTEM), PromptTurn("user", asked)


def _answers_of(row: Mapping[str, object]) -> Sequence[int]:
    provenance = row.get("provenance")
    return provenance.get("answers", ()) if isinstance(provenance, dict) else ()


def _warning(brigade: Brigade, language: Language) -> Reply:
    thumb = "👍" if brigade.thumb == "up" else "👎"
    minutes = max(1, round((brigade.end - brigade.start).total_seconds() / 60))
    where = f" (#{brigade.answer_id})" if brigade.answer_id is not None else ""
    return Reply(
        say_markdown(language, "export.brigade", n=len(brigade.people), thumb=thumb, minutes=minutes, where=where),
        language,
    )
