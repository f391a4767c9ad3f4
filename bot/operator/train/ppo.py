"""``aion train ppo``: LoRA weights by proximal policy optimization, on stored thumbs or on a reward model's scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.train.options import TrainingOptions, batch_printer
from bot.operator.train.reward import REWARD_MODELS, open_encoder, read_reward_rows
from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole, print_sentence
from bot.terminal.progress import progress_bar
from core.errors import BadInput
from core.models.lora import read_manifest, write_manifest
from core.offload import offload
from core.settings import Settings, read_settings
from core.texts import say
from core.training.batching import BatchFinder, TrainingBatch
from core.training.checkpoint import TimeBox
from core.training.rows import Rows

if TYPE_CHECKING:
    from core.training.ppo.algorithm import ExperienceSource, PpoSettings, Step
    from core.training.ppo.experience import Judge, RatedResponse
    from core.training.ppo.policy import Policy
    from core.training.reward import ReplyEncoder
    from core.training.student import Student

STEPS_PLOT = "practice.png"


@dataclass(frozen=True, slots=True)
class PpoJob:
    """One PPO job. ``is_online``: on fresh responses scored by the newest reward model, else on stored thumbs.

    Lengths are in tokens; ``at_once`` responses are in memory at a time; checkpoints come every ``save_every`` steps.
    """

    options: TrainingOptions
    settings: PpoSettings
    is_online: bool
    max_length: int = 1024
    max_new_tokens: int = 64
    at_once: int = 8
    save_every: int = 5


async def train_ppo(job: PpoJob) -> None:
    """Run PPO, write the weights and a plot of its steps, and register both; stops early at ``max_kl``.

    Raises ``BadInput`` when the data cannot be read or, online, there is no reward model of this encoder.
    """
    await offload(_run, job)


def _run(job: PpoJob) -> None:
    from core.training.ppo.algorithm import Ppo
    from core.training.ppo.policy import Policy

    settings, console = read_settings(), TerminalConsole(stderr=True)
    log_to_file(settings)
    rows = read_reward_rows(job.options.data)
    student = job.options.open_student(settings, job.settings.seed, console)
    batching = BatchFinder(TrainingBatch(job.at_once), batch_printer(console))
    policy = Policy(student)
    console.print(say(terminal_language(), "train.scoring"), style="dim")
    judge, judge_name = _judge(settings, console, student) if job.is_online else (None, "")
    source = _source(job, rows, policy, batching, judge)
    ppo = Ppo(policy, job.settings, batching)
    identity = _identity(job, rows.data_hash, student.base.hash, judge_name)
    with job.options.open_checkpoints(identity) as checkpoints, _step_bar(console, job.settings.n_steps) as show:
        ending = ppo.run(source, checkpoints, TimeBox(job.options.max_hours), job.save_every, show)
    if ending == "time":
        return job.options.print_unfinished()
    if ending == "kl":
        print_sentence("train.far", kl=job.settings.max_kl)
    _register(job, student, ppo.history, rows.data_hash, settings)


def _register(job: PpoJob, student: Student, history: Sequence[Step], data_hash: str, settings: Settings) -> None:
    from core.training.plots import draw_ppo

    out = job.options.out
    student.write(out)
    last = next((step for step in reversed(history) if not step.is_too_far), history[-1])
    manifest = replace(
        read_manifest(out),
        method="ppo-online" if job.is_online else "ppo",
        data_hash=data_hash,
        settings=asdict(job.settings),
        metrics={"reward_before": history[0].reward, "reward": last.reward, "kl": last.kl, "steps": float(last.number)},
        parent=job.options.parent,
        created_at=datetime.now(UTC),
    )
    write_manifest(out, manifest)
    draw_ppo(history, out / STEPS_PLOT)
    job.options.register(settings, manifest.metrics, out / STEPS_PLOT)


def _source(job: PpoJob, rows: Rows, policy: Policy, batching: BatchFinder, judge: Judge | None) -> ExperienceSource:
    from core.training.ppo.experience import FreshResponses, StoredThumbs
    from core.training.rows import turns_of

    if judge:
        prompts = list(dict.fromkeys(turns_of(row["prompt"]) for row in rows.rows))
        return FreshResponses(prompts, policy, judge, batching, job.settings.rows, job.max_new_tokens)
    rated = _rated(rows.rows, policy.student, job.max_length)
    source = StoredThumbs(rated, policy, job.settings.rows, job.settings.seed, batching)
    n_long = len(rows.rows) - len(rated)
    print_sentence("train.scored", n=len(rated), n_rescored=source.n_rescored, n_long=n_long)
    return source


def _rated(rows: Sequence[Mapping[str, Any]], student: Student, max_length: int) -> list[RatedResponse]:
    """Return stored responses with their rewards; rows over ``max_length`` tokens are left out.

    Raises ``BadInput`` when all are too long.
    """
    from core.training.ppo.experience import RatedResponse
    from core.training.ppo.policy import SampledResponse
    from core.training.rows import turns_of

    rated = []
    for row in rows:
        prompt = student.prompt_tokens(turns_of(row["prompt"]))
        response = student.response_tokens(str(row["response"]))
        if len(prompt) + len(response) <= max_length:
            sampled = SampledResponse(tuple(prompt), tuple(response))
            rated.append(RatedResponse(sampled, float(row["reward"]), tuple(row.get("logprobs") or ())))
    if not rated:
        raise BadInput("learn.too_long", max_length=max_length)
    return rated


def _judge(settings: Settings, console: Console, student: Student) -> tuple[Judge, str]:
    """Return the newest reward model as a scoring function to -1..1, and its name.

    Raises ``BadInput`` when there is none, or it was fitted on another encoder.
    """
    from core.training.base_encoder import BaseModelReplyEncoder
    from core.training.reward import RewardModels, question_of

    newest = RewardModels(settings.data_dir / REWARD_MODELS).newest()
    if newest is None:
        raise BadInput("train.no_reward")
    version, model = newest
    on_base = model.reader.startswith("base ")
    encoder: ReplyEncoder = BaseModelReplyEncoder(student) if on_base else open_encoder(None, settings, console)
    if model.reader != encoder.id:
        raise BadInput("train.other_reader", theirs=model.reader, ours=encoder.id)

    def judge(replies: Sequence[Any]) -> list[float]:
        vectors = encoder.vectors([(question_of(prompt), text) for prompt, text in replies])
        return [float(2 * likely - 1) for likely in model.probabilities(vectors)]

    return judge, f"reward model v{version}"


def _identity(job: PpoJob, *rest: str) -> str:
    """Return the hash of everything that a checkpoint must share with the run that resumes from it."""
    options = job.options
    parts = [asdict(job.settings), options.lora, job.max_length, job.max_new_tokens, options.parent, rest]
    return sha256(repr(parts).encode()).hexdigest()


@contextmanager
def _step_bar(console: Console, n_steps: int) -> Iterator[Callable[[Step], None]]:
    """Show a bar with reward, KL and remaining time; yields the callback for each step."""
    with progress_bar(console) as bar:
        task = bar.add_task("", total=n_steps)

        def show(step: Step) -> None:
            bar.update(task, description=f"reward {step.reward:+.2f}  kl {step.kl:.3f}", completed=step.number)

        yield show
