"""``aion train plan``: cost of a training on free GPUs, and the scaling law fitted to earlier runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole
from core.errors import BadInput
from core.offload import offload
from core.settings import read_settings
from core.texts import say
from core.training.cost import CostEstimate, Hardware, Shape, TrainingWork, estimate_cost, read_hardware, shape_of
from core.training.run_log import read_runs, runs_file
from core.training.scaling import Law, Optimum, fit, optimum

CHARS_PER_TOKEN = 3.6
"""Characters per token, approximately, of English and Portuguese in current models' vocabularies."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A training whose cost is asked for.

    With ``data`` its examples and their length are counted, else ``n_examples`` of ``tokens_each`` are assumed.
    ``base`` of ``None`` is the local model, ``hardware`` of ``None`` the shipped table.
    """

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


async def print_plan(request: PlanRequest, as_json: bool) -> None:
    """Print steps, memory, hours, sessions and weeks on every GPU of the hardware table, as a table or JSON."""
    hardware = await offload(read_hardware, request.hardware)
    model = request.base or read_settings().local_model
    shape = await offload(shape_of, model, hardware)
    work = await offload(_work, request)
    estimates = [estimate_cost(shape, work, place) for place in hardware.places]
    if as_json:
        plain = {"model": model, "n_params": shape.n_params, "n_steps": work.n_steps, "n_tokens": work.n_tokens}
        TerminalConsole(soft_wrap=True).print_json(
            json.dumps({**plain, "places": [asdict(each) for each in estimates]})
        )
    else:
        _print_plan(model, shape, work, estimates, hardware)


async def print_law(runs: Path | None, flops: float, plot: Path | None, as_json: bool) -> None:
    """Fit Chinchilla's law to ``runs`` (default: those made here); print it and the optimal N and D for ``flops``.

    ``plot`` is the file to draw it to, ``None`` for none. Raises ``BadInput`` when there are too few runs.
    """
    recorded = await offload(read_runs, runs or runs_file(read_settings().data_dir))
    fitted = await offload(fit, recorded)
    best = optimum(fitted, flops)
    if plot:
        from core.training.plots import draw_law

        await offload(draw_law, fitted, recorded, best, plot)
    if as_json:
        TerminalConsole(soft_wrap=True).print_json(json.dumps({"law": asdict(fitted), "optimum": asdict(best)}))
    else:
        print_fitted_law(fitted, best, plot)


def _work(request: PlanRequest) -> TrainingWork:
    n_examples, tokens_each = _counted(request.data) if request.data else (request.n_examples, request.tokens_each)
    return TrainingWork(
        n_examples,
        tokens_each,
        request.epochs,
        request.rows,
        request.n_accumulated,
        request.max_length,
        request.rank,
    )


def _counted(path: Path) -> tuple[int, float]:
    """Return the number of examples in a JSONL file and their mean length in tokens, estimated from characters."""
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
    model: str, shape: Shape, work: TrainingWork, estimates: Sequence[CostEstimate], hardware: Hardware
) -> None:
    console = TerminalConsole(soft_wrap=True)
    values = {
        "model": model,
        "n_params": f"{shape.n_params / 1e9:.2f}",
        "n_learned": f"{shape.n_lora_params(work.rank):,}",
    }
    work_values = {"n_steps": work.n_steps, "n_tokens": f"{work.n_tokens:,.0f}"}
    console.print(say(terminal_language(), "plan.heading", **values, **work_values))
    columns = ("place", "rows", "memory", "hours", "sessions", "weeks")
    table = Table(*(say(terminal_language(), f"plan.{column}") for column in columns))
    for each in estimates:
        memory = f"{each.memory_gib:.1f} / {each.place.memory_gib:.1f} GiB {'✓' if each.fits else '✗'}"
        spent = (f"{each.hours:.1f}", str(each.n_sessions), f"{each.weeks:.1f}") if each.fits else ("–", "–", "–")
        table.add_row(f"{each.place.name} {each.place.gpu}", str(each.rows), memory, *spent)
    TerminalConsole(width=None if TerminalConsole().is_terminal else 100).print(table)
    if not any(each.fits for each in estimates):
        console.print(say(terminal_language(), "plan.nowhere"))


def print_fitted_law(law: Law, best: Optimum, plot: Path | None) -> None:
    """Print a law, the best use of its budget, and the file it is drawn to, where there is one."""
    console = TerminalConsole(soft_wrap=True)
    console.print(f"L(N, D) = {law.e:.3f} + {law.a:.4g} / N^{law.alpha:.3f} + {law.b:.4g} / D^{law.beta:.3f}")
    values = {"flops": f"{best.flops:.2e}", "n_params": f"{best.n_params:.3g}", "n_tokens": f"{best.n_tokens:.3g}"}
    console.print(say(terminal_language(), "plan.best", **values, loss=f"{best.loss:.3f}"))
    if plot:
        console.print(str(plot))
