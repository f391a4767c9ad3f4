"""``aion train``: one module for each subcommand; ``bot.operator.train``'s module of that name carries it out."""

from __future__ import annotations

from bot.cli.train import export, cycle, sft, kto, reward, ppo, plan, scratch, scale  # noqa: F401  # isort: skip
