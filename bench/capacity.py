"""What 1 to 100,000 communities need and cost, and from which size each next step pays.

Run: python bench/capacity.py [--seconds 20] [--set NAME=VALUE ...] [--plot FILE]
Unit costs are those of bench/capacity.toml, each with its source; processor time, memory and rows of an answer are
measured in the run, on a real ``aion run`` that is asked over the loopback (``--seconds 0`` leaves that out). The last
table holds the model against what this machine did.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.arguments import add_models, link_models, parser_for
from bench.capacity_load import MeasuredCore, measured_core
from bench.capacity_model import DAY_S, CapacityModel, SiteNeeds, UnitCosts, free_per_day, read_costs
from bench.table import heading, row
from core.generation.providers.catalogue import read_providers

SIZES = (1, 3, 10, 30, 100, 300, 500, 1_000, 3_000, 10_000, 30_000, 100_000)
BUSY = (0.15, 0.3, 0.45)
"""Shares of one core that are asked for: on two shared cores more would measure the queue, not the model."""


def main() -> None:
    """Measure, and print every table."""
    arguments = parser_for(__doc__)
    add_models(arguments)
    arguments.add_argument("--seconds", type=float, default=20, help="of each rate of questions (%(default)s)")
    arguments.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another unit cost")
    arguments.add_argument("--plot", type=Path, help="draw it into this file")
    given = arguments.parse_args()
    costs, measured = read_costs(), None
    if given.seconds:
        with tempfile.TemporaryDirectory() as folder:
            link_models(Path(folder), given.models)
            measured = asyncio.run(measured_core(Path(folder), given.seconds, BUSY))
        costs = costs.with_values(
            {
                "core.cpu_s_per_question": measured.cpu_s_per_question,
                "core.resident_mb": measured.resident_mb,
                "answer.row_kb": measured.row_kb,
            }
        )
    costs = costs.with_values({name: float(value) for name, _, value in (each.partition("=") for each in given.set)})
    model = open_model(costs)
    needs = [model.needs(n) for n in SIZES]
    print_needs(needs, open_model(costs, discord_only=True))
    print_steps(model)
    if measured:
        print_check(measured, costs)
    if given.plot:
        draw(model, given.plot)


def open_model(costs: UnitCosts, *, discord_only: bool = False) -> CapacityModel:
    """Return the model with one key of each free plan, of those that Discord permits with ``discord_only``."""
    tokens = costs["answer.prompt_tokens"], costs["answer.reply_tokens"]
    providers = read_providers()
    free = [each for each in providers if not each.paid and not (discord_only and each.may_train)]
    paid = next(model.usd_per_million for each in providers if each.paid for model in each.models)
    return CapacityModel(costs, sum(free_per_day(each, *tokens) for each in free), paid)


def print_needs(needs: Sequence[SiteNeeds], discord: CapacityModel) -> None:
    """Print a line for each size."""
    print(
        heading(
            "guilds", "questions a day", "busiest a second", "shards / gateways", "cores", "replicas, GB",
            "database, GB",
            "free", "free on Discord", "GPUs for the rest", "API $", "GPU $", "all $ a month",
        )
    )  # fmt: skip
    for need in needs:
        of_discord = discord.needs(need.n_guilds).free_share
        print(
            row(
                f"{need.n_guilds:,}", f"{need.questions_per_day:,.0f}", f"{need.peak_per_s:,.2f}",
                f"{need.shards} / {need.gateways}", f"{need.cores:,}",
                f"{need.replicas:,}, {need.memory_mb / 1000:,.1f}",
                f"{need.database}, {need.database_mb / 1000:,.2f}", f"{need.free_share:.1%}", f"{of_discord:.1%}",
                f"{need.gpus:,}", f"{need.paid_usd:,.0f}", f"{need.gpu_usd:,.0f}", f"{need.usd:,.0f}",
            )
        )  # fmt: skip
    print(f"\nFree plans that do not train: {discord.free:,.0f} answers a day with one key of each.\n")


def print_steps(model: CapacityModel) -> None:
    """Print from which size each next step pays."""
    print(heading("next step", "from guilds"))
    for step, size in sorted(model.steps().items(), key=lambda each: each[1] or 1 << 30):
        print(row(step, "never at these prices" if size is None else f"{size:,}"))


def print_check(measured: MeasuredCore, costs: UnitCosts) -> None:
    """Print what the model says of each rate that was asked, beside what it took."""
    each, mb, kb = measured.cpu_s_per_question, measured.resident_mb, measured.row_kb
    print(f"\nOne process: {each:.3f} s of processor time an answer, {mb:.0f} MB, {kb:.1f} kB of rows an answer.\n")
    columns = ("asked a second", "as of guilds", "answered", "failed", "busy cores: model", "measured")
    print(heading(*columns, "p50 ms", "p95 ms"))
    per_guild = costs["guild.questions_per_day"] / DAY_S * costs["guild.peak"]
    for point in measured.points:
        busy = point.per_s * costs["core.cpu_s_per_question"]
        cells = (f"{point.per_s:.2f}", f"{point.per_s / per_guild:,.0f}", point.n_answered, point.n_failed)
        print(row(*cells, f"{busy:.2f}", f"{point.busy_cores:.2f}", f"{point.p50_ms:.0f}", f"{point.p95_ms:.0f}"))


def draw(model: CapacityModel, file: Path) -> None:
    """Draw needs and cost by size, both axes logarithmic, with the steps as lines."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    sizes = np.unique(np.geomspace(1, SIZES[-1], 200).round().astype(int))
    needs = [model.needs(int(size)) for size in sizes]
    lines = {
        "cores": [need.cores for need in needs],
        "shards": [need.shards for need in needs],
        "GPUs for what is not free": [need.gpus or np.nan for need in needs],
        "database, GB": [need.database_mb / 1000 for need in needs],
        "US dollars a month": [need.usd for need in needs],
    }
    for name, values in lines.items():
        axes.plot(sizes, values, label=name)
    for size in sorted({size for size in model.steps().values() if size}):
        axes.axvline(size, color="grey", linewidth=0.6, linestyle=":")
        axes.annotate(f"{size:,}", (size, 0.01), fontsize=7, rotation=90, va="bottom", ha="right")
    axes.set(xscale="log", yscale="log", xlabel="guilds", title="What so many communities need")
    axes.set_ylim(bottom=0.01)
    axes.legend(loc="upper left")
    figure.savefig(file, dpi=150)


if __name__ == "__main__":
    main()
