"""``aion train reward``: fits a reward model to thumbs and reports its metrics on held-out ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.train.options import held_out_file, print_metrics
from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole, print_sentence, status_printer
from core.offload import offload
from core.retrieval.embed import open_embedder
from core.settings import Settings, read_settings
from core.texts import say
from core.training.rows import Rows, read_rows

if TYPE_CHECKING:
    from core.training.reward import ReplyEncoder

REWARD_MODELS = "rewards"
"""The folder of reward models, in the data folder."""

_KEYS = ("prompt", "response", "reward")


async def fit_reward_model(data: Path, held: Path | None, on_base: bool, base: str | None) -> None:
    """Fit a reward model to ``data``, print its metrics on ``held``, and save it as the newest version.

    ``held`` defaults to the file that an export puts beside the data. With ``on_base`` replies are encoded by the base
    model ``base`` (default: the local model), else by the embedder. Raises ``BadInput`` when a file cannot be read or
    holds too few thumbs of either kind.
    """
    await offload(_fit, data, held, on_base, base)


def _fit(data: Path, held: Path | None, on_base: bool, base: str | None) -> None:
    from core.training.reward import RewardModels, fit, reward_examples

    settings, console = read_settings(), TerminalConsole(stderr=True)
    log_to_file(settings)
    rows = read_reward_rows(data)
    held = held or held_out_file(data)
    held_opinions = reward_examples(read_reward_rows(held).rows) if held else []
    encoder = open_encoder(base or settings.local_model if on_base else None, settings, console)
    console.print(say(terminal_language(), "train.reading"), style="dim")
    model = fit(reward_examples(rows.rows), held_opinions, encoder, rows.data_hash)
    version = RewardModels(settings.data_dir / REWARD_MODELS).save(model)
    print_metrics(model.metrics)
    print_sentence("train.rewarded", version=version)


def read_reward_rows(path: Path) -> Rows:
    """Return the rows with ``prompt``, ``response`` and ``reward``; print how many lines are broken.

    Raises ``BadInput`` when the file cannot be read.
    """
    rows = read_rows(path, _KEYS)
    if rows.n_broken:
        print_sentence("learn.broken_lines", n=rows.n_broken)
    return rows


def open_encoder(base: str | None, settings: Settings, console: Console) -> ReplyEncoder:
    """Return the encoder of replies: the base model ``base``, or the embedder for ``None``."""
    from core.training.reward import EmbedderReplyEncoder

    if base is None:
        return EmbedderReplyEncoder(open_embedder(settings.embedder, settings.models_dir, status_printer(console)))
    from core.training.base_encoder import BaseModelReplyEncoder
    from core.training.student import LoraShape, open_student

    return BaseModelReplyEncoder(open_student(base, settings.models_dir, LoraShape(), 0, status_printer(console)))
