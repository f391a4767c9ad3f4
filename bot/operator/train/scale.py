"""``aion train scale``: a ladder of models trained on a folder of text, and the scaling law of their losses."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.train.plan import print_fitted_law
from bot.operator.train.scratch import open_text
from bot.terminal.output import TerminalConsole, print_sentence
from bot.terminal.progress import progress_bar
from core.models.heavy_imports import loading_heavy
from core.offload import offload
from core.settings import read_settings
from core.training.run_log import append_run, read_runs
from core.training.scaling import ScalingRun

if TYPE_CHECKING:
    from core.training.scratch.corpus import TokenCorpus
    from core.training.scratch.ladder import Rung, ScalingStudy

LAW_PLOT = "law.png"


@dataclass(frozen=True, slots=True)
class LadderRequest:
    """A ladder of every width on every amount of tokens of the text in a folder, and a budget to spend in FLOPs.

    Runs and plot are kept in ``out``: the same ladder, broken off, goes on behind its last whole run.
    """

    text: Path
    out: Path
    widths: tuple[int, ...]
    tokens: tuple[int, ...]
    flops: float
    seed: int


async def measure_scaling(request: LadderRequest, as_json: bool) -> None:
    """Train the ladder, print the law of its runs, its prediction of the largest, and the best use of the budget.

    Raises ``BadInput`` when there is too little text or the ladder has too few runs.
    """
    study = await offload(_climb, request)
    if as_json:
        TerminalConsole(soft_wrap=True).print_json(json.dumps(_as_plain(study)))
    else:
        _print(study, request.out / LAW_PLOT)


def _climb(request: LadderRequest) -> ScalingStudy:
    settings, console = read_settings(), TerminalConsole(stderr=True)
    log_to_file(settings)
    with loading_heavy():
        from core.training.plots import draw_law
        from core.training.scratch.ladder import LADDER, rungs, study

    corpus = open_text(request.text, LADDER, None, settings, console)
    ladder = rungs(request.widths, request.tokens)
    identity = hashlib.sha256(repr((corpus.data_hash, ladder, request.seed)).encode()).hexdigest()
    runs = _made(ladder, corpus, request.out / f"runs-{identity[:12]}.jsonl", request.seed, console)
    found = study(runs, request.flops, request.seed)
    draw_law(found.law, runs, found.best, request.out / LAW_PLOT)
    return found


def _made(ladder: Sequence[Rung], corpus: TokenCorpus, log: Path, seed: int, console: Console) -> list[ScalingRun]:
    """Return the runs of a ladder, training those that its log does not have yet."""
    from core.training.scratch.ladder import climb
    from core.training.trainer import quiet_libraries

    runs = read_runs(log)[: len(ladder)] if log.is_file() else []
    with tempfile.TemporaryDirectory() as scratch, quiet_libraries(), progress_bar(console) as bar:
        task = bar.add_task("", total=len(ladder), completed=len(runs))
        for rung in ladder[len(runs) :]:
            bar.update(task, description=f"{rung.width} × {rung.n_tokens:,}")
            run = climb(rung, corpus, seed, Path(scratch))
            append_run(log, run, f"{rung.width}x{rung.n_tokens}")
            runs.append(run)
            bar.advance(task)
    return runs


def _as_plain(study: ScalingStudy) -> dict[str, object]:
    """Return a study as JSON values."""
    return {
        "law": asdict(study.law),
        "by_projection": asdict(study.by_projection),
        "intervals": {name: study.interval(attrgetter(name)) for name in ("e", "alpha", "beta")},
        "runs": [asdict(run) for run in study.runs],
        "held_out": asdict(study.held_out),
        "predicted": study.predicted,
        "error": study.error,
        "optimum": asdict(study.best),
    }


def _print(study: ScalingStudy, plot: Path) -> None:
    print_fitted_law(study.law, study.best, plot)
    spread = {name: "{:.3f} … {:.3f}".format(*study.interval(attrgetter(name))) for name in ("alpha", "beta")}
    print_sentence("scale.intervals", **spread)
    held = study.held_out
    sizes = {"n_params": f"{held.n_params:,.0f}", "n_tokens": f"{held.n_tokens:,.0f}", "loss": f"{held.loss:.3f}"}
    print_sentence("scale.held_out", **sizes, predicted=f"{study.predicted:.3f}", error=f"{study.error:+.1%}")
