"""Training data out of the ratings of communities and people who allow it: SFT, KTO and reward lines in JSONL.

The same database gives the same bytes. What is personal or secret is masked, duplicates are one line, the newest part
is held out, and what a provider wrote stays out unless its terms let models be trained on it. Forgetting somebody
rewrites the exports there are; a line they had a part in goes as a whole, and the next export has it without them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock

from core.chat.notices import Notices
from core.errors import BadInput
from core.offload import offload
from core.privacy.personal_data import mask
from core.privacy.pseudonyms import Pseudonyms
from core.storage.answers import AnswerRecord
from core.storage.training_ratings import RatedAnswer, RatedAnswers, Vote
from core.texts import say
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
from core.types import Language, PromptTurn, Reply, SpaceId

HELD_OUT_SHARE = 0.2
"""The newest part of the examples, which training does not see."""

EXPORTS_FILE = "exports.json"
"""Where the exports are, in the data folder's ``training``."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export holds: lines by file; votes left out as over a cap or as part of a brigade; spaces read."""

    n_lines: Mapping[str, int]
    n_over_cap: int
    n_quarantined: int
    n_spaces: int


@dataclass(frozen=True, slots=True)
class Exporter:
    """Writes training data. ``trains`` and ``may_train`` say which spaces and people allow it.

    ``providers`` maps the name of every provider to whether its terms allow it.
    """

    rated: RatedAnswers
    spaces: Callable[[], Awaitable[Sequence[SpaceId]]]
    trains: Callable[[SpaceId], Awaitable[bool]]
    may_train: Callable[[str], Awaitable[bool]]
    pseudonyms: Pseudonyms
    notices: Notices
    providers: Mapping[str, bool]
    exports: Exports

    async def export(self, folder: Path, space: SpaceId | None = None) -> ExportReport:
        """Write the files of one export into ``folder``, of one space or of all that allow it; tell of brigades.

        Raises ``BadInput`` when the space does not allow it, or nothing that may be learned from was rated.
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
        return ExportReport(n_lines, counts["over_cap"], counts["quarantined"], len(allowed))

    async def _examples(self, space: SpaceId, counts: Counter[str]) -> Sequence[TrainingExample]:
        rated = await self.rated.of(space)
        votes = [vote for each in rated for vote in each.votes]
        found = brigades(votes, await self.rated.first_seen())
        await self._report(space, found)
        sound = [vote for vote in votes if not is_quarantined(vote, found)]
        counted = within_caps(sound)
        counts["quarantined"] += len(votes) - len(sound)
        counts["over_cap"] += len(sound) - len(counted)
        people = {vote.person for vote in counted} | {each.answer.asker for each in rated}
        willing = {person for person in sorted(people) if await self.may_train(person)}
        kept = {(vote.answer_id, vote.person) for vote in counted if vote.person in willing}
        known = self.pseudonyms.of(space)
        return await offload(self._chosen, known, [each for each in rated if each.answer.asker in willing], kept)

    def _chosen(self, space: str, rated: Sequence[RatedAnswer], kept: set[tuple[int, str]]) -> list[TrainingExample]:
        """Return the examples of a space. Blocks."""
        examples = []
        for each in rated:
            votes = tuple(vote for vote in each.votes if (vote.answer_id, vote.person) in kept)
            example = self._example(space, each.answer, votes) if votes else None
            if example is not None:
                examples.append(example)
        return examples

    def _example(self, space: str, answer: AnswerRecord, votes: tuple[Vote, ...]) -> TrainingExample | None:
        """Return an answer as an example; ``None`` for what may not be learned from, or teaches nothing."""
        generation = answer.generation
        generator = generation.generator if generation else answer.used
        if not self.providers.get(generator, True) or not (generation or (generator == "extract" and answer.sources)):
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
            on_policy=generator == "local",
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
    """The exports made from one data folder, wherever they are; ``folder`` holds the list of them."""

    folder: Path

    def write(self, folder: Path, examples: Sequence[TrainingExample]) -> Mapping[str, int]:
        """Write one export, and remember where. Returns the lines of each file. Blocks.

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
                    _replace(export_file(folder, form, is_held=bool(part)), "".join(lines))
        except OSError as error:
            raise BadInput("export.not_written", folder=folder, problem=error.strerror or error) from error
        return counts

    async def erase(self, answer_ids: frozenset[int]) -> int:
        """Take the lines made from those answers out of every export, and return how many there were."""
        return await offload(self._erase, answer_ids)

    def _erase(self, answer_ids: frozenset[int]) -> int:
        n_erased = 0
        for folder in self._known():
            for path in sorted(folder.glob("*.jsonl")):
                text = path.read_text(encoding="utf-8")
                kept, n_lines = without_rows(text, lambda row: not answer_ids.isdisjoint(_answers_of(row)))
                if n_lines:
                    _replace(path, kept)
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
            _replace(self.folder / EXPORTS_FILE, json.dumps(sorted(known), indent=1))


def export_file(folder: Path, form: Form, *, is_held: bool = False) -> Path:
    """Return where an export holds lines of that form: to train on, or held out."""
    return folder / f"{form}{'.held' if is_held else ''}.jsonl"


def _split(examples: Iterable[TrainingExample]) -> tuple[list[TrainingExample], list[TrainingExample]]:
    """Return what to train on and what is held out: the newest, but no prompt that is trained on."""
    ordered = sorted(examples, key=lambda example: (example.provenance.at, example.provenance.answers))
    cut = len(ordered) - int(len(ordered) * HELD_OUT_SHARE)
    seen = {example.prompt for example in ordered[:cut]}
    late = ordered[cut:]
    return (
        ordered[:cut] + [example for example in late if example.prompt in seen],
        [example for example in late if example.prompt not in seen],
    )


def _asked(answer: AnswerRecord) -> tuple[PromptTurn, ...]:
    notes = "\n".join(source.quote for source in answer.sources)
    return PromptTurn("system", SYSTEM), PromptTurn(
        "user", f"Notes: {notes}\nQuestion: {answer.searched or answer.question}"
    )


def _answers_of(row: Mapping[str, object]) -> Sequence[int]:
    provenance = row.get("provenance")
    return provenance.get("answers", ()) if isinstance(provenance, dict) else ()


def _warning(brigade: Brigade, language: Language) -> Reply:
    thumb = "👍" if brigade.thumb == "up" else "👎"
    minutes = max(1, round((brigade.end - brigade.start).total_seconds() / 60))
    where = f" (#{brigade.answer_id})" if brigade.answer_id is not None else ""
    return Reply(
        say(language, "export.brigade", n=len(brigade.people), thumb=thumb, minutes=minutes, where=where), language
    )


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
