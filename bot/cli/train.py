"""Learning from thumbs: training data, and LoRA weights trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish

train = typer.Typer(
    help="Learn from thumbs: export, sft, kto, reward, ppo; plan the GPU hours.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(train, name="train")

Out = Annotated[Path, typer.Option("--out", envvar="AION_LORA_OUT", help="Folder for the LoRA weights.")]
Base = Annotated[
    str | None,
    typer.Option("--base", envvar="AION_BASE_MODEL", help="Base model: an id or folder. Default: the local model."),
]
Held = Annotated[
    Path | None, typer.Option("--held", help="What is held out. Default: NAME.held.jsonl beside the data.")
]
MaxSteps = Annotated[int | None, typer.Option(min=1, help="Stop after so many updates. Default: all of --epochs.")]
Epochs = Annotated[float, typer.Option(min=0.01, help="How often to go over the data.")]
Warmup = Annotated[float, typer.Option(min=0, max=0.99, help="Share of the updates that warm up.")]
Rank = Annotated[int, typer.Option(min=1, envvar="AION_LORA_RANK", help="Rank of the LoRA weights.")]
Alpha = Annotated[int, typer.Option(min=1, envvar="AION_LORA_ALPHA", help="Their α.")]
Accumulate = Annotated[int, typer.Option(min=1, help="Batches to an update.")]
Checkpoints = Annotated[
    Path | None,
    typer.Option("--checkpoints", help="Save here as it goes; the same command goes on from there when it was killed."),
]
MaxHours = Annotated[float | None, typer.Option(min=0, help="Save and leave after so long (needs --checkpoints).")]
Start = Annotated[str | None, typer.Option("--from", help="Go on from this LoRA version, e.g. v3.")]
Seed = Annotated[int, typer.Option(help="What chance is drawn from.")]


@train.command(epilog="Example:  aion train export --out data/training/today --space discord:1234")
def export(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    space: Annotated[str | None, typer.Option("--space", help="Only this space, e.g. discord:1234.")] = None,
) -> None:
    """Write what communities and people let models learn from: SFT, KTO and reward lines."""
    from bot.operator import train as training

    finish(training.export(out, space))


@train.command(epilog="Example:  aion train cycle")
def cycle() -> None:
    """Export, train, compare and try the version out, as AION does by itself after AION_TRAIN_AFTER_RATINGS thumbs."""
    from bot.operator import train as training

    finish(training.cycle())


@train.command(epilog="Example:  aion train sft --data data/training/today/sft.jsonl --out data/lora --epochs 3")
def sft(
    data: Annotated[Path, typer.Option("--data", envvar="AION_SFT_JSONL", help="JSONL with messages in each line.")],
    out: Out,
    base: Base = None,
    held: Held = None,
    max_steps: MaxSteps = None,
    epochs: Epochs = 1.0,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 2e-4,
    min_rate: Annotated[float, typer.Option(min=0, help="Learning rate at the end.")] = 0.0,
    warmup: Warmup = 0.03,
    rank: Rank = 16,
    alpha: Alpha = 32,
    batch: Annotated[int, typer.Option(min=1, help="Examples at once.")] = 2,
    accumulate: Accumulate = 16,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of an example, at most.")] = 2048,
    smoothing: Annotated[float, typer.Option(min=0, max=1, help="Label smoothing ε.")] = 0.0,
    packing: Annotated[
        bool | None, typer.Option("--packing/--no-packing", help="Several examples in a row. Default: on a GPU.")
    ] = None,
    checkpoints: Checkpoints = None,
    max_hours: MaxHours = None,
    start: Start = None,
    seed: Seed = 0,
) -> None:
    """Train LoRA weights on replies people liked."""
    from bot.operator import train as training
    from bot.operator.train_options import Assignment
    from core.training.batching import TrainingBatch
    from core.training.student import Lora
    from core.training.trainer import Recipe

    recipe = Recipe(
        max_rate=rate,
        min_rate=min_rate,
        warmup=warmup,
        batch=TrainingBatch(batch, accumulate),
        n_epochs=epochs,
        max_steps=max_steps,
        max_length=max_length,
        smoothing=smoothing,
        is_packed=packing,
        seed=seed,
    )
    of = Assignment(data, out, Lora(rank, alpha), base, checkpoints, max_hours, start)
    finish(training.sft(training.TrainingJob(of, recipe, held)))


@train.command(epilog="Example:  aion train kto --data data/training/today/kto.jsonl --out data/lora --epochs 3")
def kto(
    data: Annotated[Path, typer.Option("--data", help="JSONL with prompt, completion and label in each line.")],
    out: Out,
    base: Base = None,
    held: Held = None,
    max_steps: MaxSteps = None,
    epochs: Epochs = 1.0,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 5e-5,
    warmup: Warmup = 0.03,
    rank: Rank = 16,
    alpha: Alpha = 32,
    batch: Annotated[int, typer.Option(min=2, help="Examples at once.")] = 4,
    accumulate: Accumulate = 4,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of an example, at most.")] = 1024,
    checkpoints: Checkpoints = None,
    max_hours: MaxHours = None,
    start: Start = None,
    seed: Seed = 0,
) -> None:
    """Train LoRA weights on replies people liked and disliked."""
    from bot.operator import train as training
    from bot.operator.train_options import Assignment
    from core.training.batching import TrainingBatch
    from core.training.student import Lora
    from core.training.trainer import Recipe

    recipe = Recipe(
        max_rate=rate,
        warmup=warmup,
        batch=TrainingBatch(batch, accumulate),
        n_epochs=epochs,
        max_steps=max_steps,
        max_length=max_length,
        seed=seed,
    )
    of = Assignment(data, out, Lora(rank, alpha), base, checkpoints, max_hours, start)
    finish(training.kto(training.TrainingJob(of, recipe, held)))


@train.command(epilog="Example:  aion train reward --data data/training/today/reward.jsonl")
def reward(
    data: Annotated[Path, typer.Option("--data", help="JSONL with prompt, response and reward in each line.")],
    held: Held = None,
    on_base: Annotated[
        bool, typer.Option("--on-base/--on-embedder", help="Read replies with the base model, not the embedder.")
    ] = False,
    base: Base = None,
) -> None:
    """Fit a model of what people like, and measure it on what is held out."""
    from bot.operator import train_reward

    finish(train_reward.reward(data, held, on_base, base))


@train.command(epilog="Example:  aion train ppo --data data/training/today/reward.jsonl --out data/lora --online")
def ppo(
    data: Annotated[Path, typer.Option("--data", help="JSONL with prompt, response and reward in each line.")],
    out: Out,
    online: Annotated[
        bool,
        typer.Option("--online/--offline", help="Practise on fresh answers that the reward model judges."),
    ] = False,
    base: Base = None,
    rank: Rank = 16,
    alpha: Alpha = 32,
    steps: Annotated[int, typer.Option(min=1, help="Steps; each rates so many --rows.")] = 50,
    rows: Annotated[int, typer.Option(min=2, help="Replies to a step.")] = 32,
    epochs: Annotated[int, typer.Option(min=1, help="Updates to a step.")] = 4,
    clip: Annotated[float, typer.Option(min=0.01, max=1, help="ε: how far a step moves a probability.")] = 0.2,
    kl_weight: Annotated[float, typer.Option(min=0, help="β: how strongly it is held to the base model.")] = 0.05,
    max_kl: Annotated[float, typer.Option(min=0, help="How far from the base it may go, nats a token.")] = 0.5,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 2e-4,
    min_rate: Annotated[float, typer.Option(min=0, help="Learning rate at the end.")] = 2e-5,
    batch: Annotated[int, typer.Option(min=1, help="Replies in memory at once.")] = 8,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of a stored reply and its prompt, at most.")] = 1024,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a fresh answer, at most.")] = 64,
    checkpoints: Checkpoints = None,
    max_hours: MaxHours = None,
    start: Start = None,
    seed: Seed = 0,
) -> None:
    """Move LoRA weights towards what people like, held near the base model (PPO)."""
    from bot.operator import train_reward
    from bot.operator.train_options import Assignment
    from core.training.ppo.algorithm import PpoSettings
    from core.training.student import Lora

    settings = PpoSettings(
        n_steps=steps,
        rows=rows,
        n_epochs=epochs,
        clip=clip,
        kl_weight=kl_weight,
        max_kl=max_kl,
        max_rate=rate,
        min_rate=min(min_rate, rate),
        seed=seed,
    )
    lengths = {"max_length": max_length, "max_new_tokens": max_new_tokens}
    of = Assignment(data, out, Lora(rank, alpha), base, checkpoints, max_hours, start)
    practice = train_reward.PpoJob(of, settings, online, at_once=batch, **lengths)
    finish(train_reward.ppo(practice))


@train.command(
    epilog="Examples:  aion train plan --data sft.jsonl --base mistralai/Mistral-7B-Instruct-v0.3 --epochs 3  ·  "
    "aion train plan --law --flops 1e19 --plot law.png"
)
def plan(
    data: Annotated[Path | None, typer.Option("--data", help="JSONL whose examples are counted.")] = None,
    examples: Annotated[int, typer.Option(min=1, help="Without --data: so many examples.")] = 1000,
    tokens: Annotated[float, typer.Option(min=1, help="Without --data: tokens of each.")] = 400.0,
    base: Base = None,
    epochs: Epochs = 1.0,
    batch: Annotated[int, typer.Option(min=1, help="Examples at once.")] = 2,
    accumulate: Accumulate = 16,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of an example, at most.")] = 2048,
    rank: Rank = 16,
    hardware: Annotated[
        Path | None, typer.Option("--hardware", help="TOML of places and models, in place of AION's own.")
    ] = None,
    law: Annotated[
        bool, typer.Option("--law", help="Fit a scaling law to the runs made here (of sft, with something held out).")
    ] = False,
    runs: Annotated[
        Path | None, typer.Option("--runs", help="… to these instead: JSONL with params, tokens and loss.")
    ] = None,
    flops: Annotated[float, typer.Option(min=1, help="With --law: the budget, in floating-point operations.")] = 1e18,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="With --law: draw it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Reckon steps, memory, hours and sessions on free GPUs; or the best model and data for a budget."""
    from bot.operator import train_plan

    if law or runs:
        finish(train_plan.law(runs, flops, plot, as_json), as_json=as_json)
    else:
        wish = train_plan.PlanRequest(
            data, examples, tokens, base, epochs, batch, accumulate, max_length, rank, hardware
        )
        finish(train_plan.plan(wish, as_json), as_json=as_json)
