"""``aion train plan``: what a training takes on free GPUs, and what the runs made so far say about size and data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.terminal.language import speaking
from core.errors import BadInput
from core.offload import offload
from core.settings import read_settings
from core.texts import say
from core.training.cost import CostEstimate, Hardware, Shape, TrainingWork, read_hardware, shape_of, stay
from core.training.run_log import read_runs, recorded_in
from core.training.scaling import Law, Optimum, fit, optimum

CHARS_PER_TOKEN = 3.6
"""English and Portuguese in the vocabularies of today's models, about."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be planned. Of ``data`` examples and their length are counted; else ``n_examples`` are taken."""

    data: Path | None
    n_examples: int
    tokens_each: float
    base: str | None
    epochs: float
    rows: int
    n_accumulated: int
    max_length: int
    rank: int
    hardware: Path | None


async def plan(wish: PlanRequest, as_json: bool) -> None:
    """Print steps, memory, hours, sessions and weeks for every free place."""
    hardware = await offload(read_hardware, wish.hardware)
    model = wish.base or read_settings().local_model
    shape = await offload(shape_of, model, hardware)
    work = await offload(_work, wish)
    stays = [stay(shape, work, place) for place in hardware.places]
    if as_json:
        plain = {"model": model, "n_params": shape.n_params, "n_steps": work.n_steps, "n_tokens": work.n_tokens}
        Console(soft_wrap=True).print_json(json.dumps({**plain, "places": [asdict(each) for each in stays]}))
    else:
        _print_plan(model, shape, work, stays, hardware)


async def law(runs: Path | None, flops: float, plot: Path | None, as_json: bool) -> None:
    """Fit the scaling law to runs, by default those made here; print it and the best model and data for a budget."""
    recorded = await offload(read_runs, runs or recorded_in(read_settings().data_dir))
    fitted = await offload(fit, recorded)
    best = optimum(fitted, flops)
    if plot:
        from core.training.plots import draw_law

        await offload(draw_law, fitted, recorded, best, plot)
    if as_json:
        Console(soft_wrap=True).print_json(json.dumps({"law": asdict(fitted), "optimum": asdict(best)}))
    else:
        _print_law(fitted, best, plot)


def _work(wish: PlanRequest) -> TrainingWork:
    n_examples, tokens_each = (wish.n_examples, wish.tokens_each) if wish.data is None else _counted(wish.data)
    return TrainingWork(n_examples, tokens_each, wish.epochs, wish.rows, wish.n_accumulated, wish.max_length, wish.rank)


def _counted(path: Path) -> tuple[int, float]:
    """Return the examples of a JSONL file and their mean length in tokens, by its characters."""
    lines = [line for line in _text(path).splitlines() if line.strip()]
    if not lines:
        raise BadInput("plan.no_data", path=path)
    return len(lines), sum(map(len, lines)) / len(lines) / CHARS_PER_TOKEN


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadInput("export.no_file", path=path, problem=error.strerror or error) from error


def _print_plan(
    model: str, shape: Shape, work: TrainingWork, stays: Sequence[CostEstimate], hardware: Hardware
) -> None:
    console = Console(highlight=False, soft_wrap=True)
    values = {"model": model, "n_params": f"{shape.n_params / 1e9:.2f}", "n_learned": f"{shape.n_learned(work.rank):,}"}
    work_values = {"n_steps": work.n_steps, "n_tokens": f"{work.n_tokens:,.0f}"}
    console.print(say(speaking(), "plan.heading", **values, **work_values), markup=False)
    columns = ("place", "rows", "memory", "hours", "sessions", "weeks")
    table = Table(*(say(speaking(), f"plan.{column}") for column in columns))
    for each in stays:
        memory = f"{each.memory_gib:.1f} / {each.place.memory_gib:.1f} GiB {'✓' if each.fits else '✗'}"
        spent = (f"{each.hours:.1f}", str(each.n_sessions), f"{each.weeks:.1f}") if each.fits else ("–", "–", "–")
        table.add_row(f"{each.place.name} {each.place.gpu}", str(each.rows), memory, *spent)
    Console(highlight=False, width=None if Console().is_terminal else 100).print(table)
    if not any(each.fits for each in stays):
        console.print(say(speaking(), "plan.nowhere"), markup=False)


def _print_law(law: Law, best: Optimum, plot: Path | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"L(N, D) = {law.e:.3f} + {law.a:.4g} / N^{law.alpha:.3f} + {law.b:.4g} / D^{law.beta:.3f}")
    values = {"flops": f"{best.flops:.2e}", "n_params": f"{best.n_params:.3g}", "n_tokens": f"{best.n_tokens:.3g}"}
    console.print(say(speaking(), "plan.best", **values, loss=f"{best.loss:.3f}"), markup=False)
    if plot:
        console.print(str(plot), markup=False)
