"""The ``aion train`` group, and the options that several of its subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app

group = typer.Typer(
    help="Learn from thumbs: export, sft, kto, reward, ppo; from text alone: scratch, scale; plan the GPU hours.",
    epilog="Examples:  aion train export --out data/training/today  ·  aion train cycle",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(group, name="train")

Out = Annotated[Path, typer.Option("--out", envvar="AION_LORA_OUT", help="Folder for the LoRA weights.")]
Base = Annotated[
    str | None,
    typer.Option("--base", envvar="AION_BASE_MODEL", help="Base model: an id or folder. Default: the local model."),
]
Text = Annotated[Path, typer.Option("--text", help="Folder of .txt, .md and .rst files.")]
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
