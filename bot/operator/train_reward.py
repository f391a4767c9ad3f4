"""``aion train reward`` and ``ppo``: what people would like, and LoRA weights that bring it about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.train_options import Assignment, batch_teller, tell
from bot.terminal.language import speaking
from bot.terminal.output import progress_bar, teller
from core.errors import BadInput
from core.models.lora import read_manifest, write_manifest
from core.offload import offload
from core.retrieval.embed import open_embedder
from core.settings import Settings, read_settings
from core.texts import say
from core.training.batching import BatchFinder, TrainingBatch
from core.training.checkpoint import TimeBox
from core.training.rows import Rows, read_rows

if TYPE_CHECKING:
    from core.training.ppo.algorithm import ExperienceSource, Ppo, PpoSettings, Step
    from core.training.ppo.experience import Judge, RatedResponse
    from core.training.ppo.policy import Policy
    from core.training.reward import ReplyEncoder
    from core.training.student import Student

KEYS = ("prompt", "response", "reward")
FOLDER = "rewards"
"""Where reward models are, in the data folder."""

PICTURE = "practice.png"


@dataclass(frozen=True, slots=True)
class PpoJob:
    """A run of PPO that is to be made. ``is_online``: on fresh answers that the reward model judges.

    ``at_once`` responses fit the memory.
    """

    of: Assignment
    settings: PpoSettings
    is_online: bool
    max_length: int = 1024
    max_new_tokens: int = 64
    at_once: int = 8
    save_every: int = 5


async def reward(data: Path, held: Path | None, on_base: bool, base: str | None) -> None:
    """Fit a reward model, say how well it judges what is held out, and keep it as a new version."""
    await offload(_reward, data, held, on_base, base)


async def ppo(practice: PpoJob) -> None:
    """Practise, write the weights with a picture, and register them."""
    await offload(_ppo, practice)


def _reward(data: Path, held: Path | None, on_base: bool, base: str | None) -> None:
    from core.training.reward import RewardModels, fit, opinions_in

    settings, console = read_settings(), Console(stderr=True)
    log_to_file(settings)
    rows = _rows(data)
    beside = held or data.with_name(f"{data.stem}.held{data.suffix}")
    judged = opinions_in(_rows(beside).rows) if held or (beside.is_file() and beside.stat().st_size) else []
    reader = _reader(base or settings.local_model if on_base else None, settings, console)
    console.print(say(speaking(), "train.reading"), style="dim")
    model = fit(opinions_in(rows.rows), judged, reader, rows.data_hash)
    version = RewardModels(settings.data_dir / FOLDER).save(model)
    for name, value in model.metrics.items():
        tell(f"{name:24} {value:.4g}")
    tell(say(speaking(), "train.rewarded", version=version))


def _ppo(practice: PpoJob) -> None:
    from core.training.ppo.algorithm import Ppo
    from core.training.ppo.policy import Policy

    settings, console = read_settings(), Console(stderr=True)
    log_to_file(settings)
    rows = _rows(practice.of.data)
    student = practice.of.student(settings, practice.settings.seed, console)
    batching = BatchFinder(TrainingBatch(practice.at_once), batch_teller(console))
    policy = Policy(student)
    console.print(say(speaking(), "train.scoring"), style="dim")
    judge, judge_name = _judge(settings, console, student) if practice.is_online else (None, "")
    source = _source(practice, rows, policy, batching, judge)
    run = Ppo(policy, practice.settings, batching)
    identity = _identity(practice, rows.data_hash, student.base.hash, judge_name)
    with practice.of.saved(identity) as saved, _progress(console, practice.settings.n_steps) as show:
        ending = run.run(source, saved, TimeBox(practice.of.max_hours), practice.save_every, show)
    if ending == "time":
        return practice.of.tell_unfinished()
    if ending == "kl":
        tell(say(speaking(), "train.far", kl=practice.settings.max_kl))
    _keep(practice, student, run, rows.data_hash, settings)


def _keep(practice: PpoJob, student: Student, run: Ppo, data_hash: str, settings: Settings) -> None:
    from core.training.plots import draw_practice

    out = practice.of.out
    student.write(out)
    last = next((step for step in reversed(run.history) if not step.is_too_far), run.history[-1])
    first = run.history[0]
    manifest = replace(
        read_manifest(out),
        method="ppo-online" if practice.is_online else "ppo",
        data_hash=data_hash,
        settings=asdict(practice.settings),
        metrics={"reward_before": first.reward, "reward": last.reward, "kl": last.kl, "steps": float(last.number)},
        parent=practice.of.parent,
        created_at=datetime.now(UTC),
    )
    write_manifest(out, manifest)
    draw_practice(run.history, out / PICTURE)
    practice.of.register(settings, manifest.metrics, out / PICTURE)


def _source(
    practice: PpoJob, rows: Rows, policy: Policy, batching: BatchFinder, judge: Judge | None
) -> ExperienceSource:
    from core.training.ppo.experience import FreshResponses, StoredThumbs
    from core.training.rows import turns_of

    if judge:
        prompts = list(dict.fromkeys(turns_of(row["prompt"]) for row in rows.rows))
        taken = practice.settings.rows
        return FreshResponses(prompts, policy, judge, batching, taken, practice.max_new_tokens)
    rated = _rated(rows.rows, policy.student, practice.max_length)
    source = StoredThumbs(rated, policy, practice.settings.rows, practice.settings.seed, batching)
    counts = {"n": len(rated), "n_rescored": source.n_rescored, "n_long": len(rows.rows) - len(rated)}
    tell(say(speaking(), "train.scored", **counts))
    return source


def _rated(rows: Sequence[Mapping[str, Any]], student: Student, max_length: int) -> list[RatedResponse]:
    """Return stored responses with their rewards; those too long to be read whole are left out."""
    from core.training.ppo.experience import RatedResponse
    from core.training.ppo.policy import SampledResponse
    from core.training.rows import turns_of

    rated = []
    for row in rows:
        prompt = student.prompt_tokens(turns_of(row["prompt"]))
        response = student.response_tokens(str(row["response"]))
        if len(prompt) + len(response) <= max_length:
            written = SampledResponse(tuple(prompt), tuple(response))
            rated.append(RatedResponse(written, float(row["reward"]), tuple(row.get("logprobs") or ())))
    if not rated:
        raise BadInput("learn.too_long", max_length=max_length)
    return rated


def _judge(settings: Settings, console: Console, student: Student) -> tuple[Judge, str]:
    """Return the newest reward model as what judges responses, -1..1, and its name. Raises ``BadInput``."""
    from core.training.base_encoder import BaseModelReplyEncoder
    from core.training.reward import RewardModels, question_of

    newest = RewardModels(settings.data_dir / FOLDER).newest()
    if newest is None:
        raise BadInput("train.no_reward")
    version, model = newest
    on_base = model.reader.startswith("base ")
    reader: ReplyEncoder = BaseModelReplyEncoder(student) if on_base else _reader(None, settings, console)
    if model.reader != reader.id:
        raise BadInput("train.other_reader", theirs=model.reader, ours=reader.id)

    def judge(asked: Sequence[Any]) -> list[float]:
        vectors = reader.vectors([(question_of(prompt), text) for prompt, text in asked])
        return [float(2 * likely - 1) for likely in model.probabilities(vectors)]

    return judge, f"reward model v{version}"


def _reader(base: str | None, settings: Settings, console: Console) -> ReplyEncoder:
    """Return what reads replies: the embedder, or a base model."""
    from core.training.reward import EmbedderReplyEncoder

    if base is None:
        return EmbedderReplyEncoder(open_embedder(settings.embedder, settings.models_dir, teller(console)))
    from core.training.base_encoder import BaseModelReplyEncoder
    from core.training.student import Lora, open_student

    return BaseModelReplyEncoder(open_student(base, settings.models_dir, Lora(), 0, teller(console)))


def _rows(path: Path) -> Rows:
    rows = read_rows(path, KEYS)
    if rows.n_broken:
        tell(say(speaking(), "learn.broken_lines", n=rows.n_broken))
    return rows


def _identity(practice: PpoJob, *rest: str) -> str:
    """Return what must be the same for a killed run to go on."""
    told = [
        asdict(practice.settings),
        practice.of.lora,
        practice.max_length,
        practice.max_new_tokens,
        practice.of.parent,
        rest,
    ]
    return sha256(repr(told).encode()).hexdigest()


@contextmanager
def _progress(console: Console, n_steps: int) -> Iterator[Callable[[Step], None]]:
    with progress_bar(console) as progress:
        bar = progress.add_task("", total=n_steps)

        def show(step: Step) -> None:
            progress.update(bar, description=f"reward {step.reward:+.2f}  kl {step.kl:.3f}", completed=step.number)

        yield show
