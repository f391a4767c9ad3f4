"""``aion train scratch``: a decoder of a size, trained on a folder of text alone, and what it writes as it learns."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.train.job import LOSS_PLOT, update_bar
from bot.operator.train.options import batch_printer, print_metrics
from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole, print_line, print_sentence, status_printer
from core.errors import Unavailable
from core.models.heavy_imports import loading_heavy
from core.offload import offload
from core.settings import Settings, read_settings
from core.texts import say
from core.training.batching import TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox

if TYPE_CHECKING:
    from core.nn.decoder import Decoder
    from core.training.scratch.corpus import TokenCorpus
    from core.training.scratch.pretraining import Milestone, Pretrained, PretrainingRecipe
    from core.training.scratch.sizes import ModelSize

LOAD_PLOT = "expert_load.png"

_SAMPLE_TOKENS = 60


@dataclass(frozen=True, slots=True)
class ScratchJob:
    """A model to be trained from scratch on the text in a folder; ``None`` of ``rate`` and ``rows``: the size's own.

    ``tokenizer`` is the folder of a model to borrow it of, ``None`` trains one; ``checkpoints`` of ``None`` saves
    nothing between.
    """

    text: Path
    out: Path
    size: str
    tokenizer: Path | None
    max_steps: int | None
    epochs: float
    rate: float | None
    warmup: float
    decay: float
    rows: int | None
    n_accumulated: int
    smoothing: float
    balancing: Literal["loss", "bias", "none"]
    balance_weight: float
    z_weight: float
    milestone_every: int
    checkpoints: Path | None
    save_every: int
    max_hours: float | None
    seed: int


async def train_from_scratch(job: ScratchJob) -> None:
    """Train the model, print what it writes at each milestone, and write it with plots of loss and expert load.

    A job whose time is over leaves checkpoints and writes no model. Raises ``BadInput`` when there is too little text
    or the tokenizer cannot be borrowed, and as ``core.training.scratch.pretraining.pretrain`` does.
    """
    await offload(_train, job)


def _train(job: ScratchJob) -> None:
    settings, console = read_settings(), TerminalConsole(stderr=True)
    log_to_file(settings)
    with loading_heavy():
        from core.training.scratch.pretraining import pretrain
        from core.training.scratch.sizes import SIZES
        from core.training.scratch.writing import continuation
        from core.training.trainer import TrainingRun, quiet_libraries, run_fingerprint

    size = SIZES[job.size]
    corpus = open_text(job.text, size, job.tokenizer, settings, console)
    recipe, make = _recipe(job, size), model_maker(size, corpus, job.seed, job.balance_weight, job.z_weight)

    def show(milestone: Milestone, model: Decoder) -> None:
        console.print(_described(milestone), style="dim")
        start = corpus.tokenizer.decode(corpus.held[:8])
        print_line(continuation(model, corpus.tokenizer, start, _SAMPLE_TOKENS, job.seed).replace("\n", " ⏎ "))

    identity = run_fingerprint(
        str(asdict(recipe)), recipe.recipe, corpus.data_hash, _hash(make().config.to_json_string())
    )
    with tempfile.TemporaryDirectory() as scratch, update_bar(console) as show_update, quiet_libraries():
        saved = Checkpoints(job.checkpoints, identity) if job.checkpoints else None
        time_box = TimeBox(job.max_hours)
        run = TrainingRun(Path(scratch), saved, time_box, show_update, batch_printer(console))
        trained = pretrain(make, corpus, recipe, run, show)
    if not trained.is_complete:
        print_sentence("learn.time_over", folder=job.checkpoints or "-")
        return
    _write(job, trained, corpus, recipe)


def open_text(
    folder: Path, size: ModelSize, borrowed: Path | None, settings: Settings, console: Console
) -> TokenCorpus:
    """Open a folder's text as tokens, with a tokenizer of the size's vocabulary or one that is ``borrowed``. Blocks.

    Raises as ``core.training.scratch.corpus.open_corpus``.
    """
    from core.training.scratch.corpus import open_corpus
    from core.training.scratch.tokenizer import borrow_tokenizer, train_tokenizer

    known = borrow_tokenizer(borrowed) if borrowed else None

    def tokenizer_of(texts: Iterable[str]) -> Any:
        return known or train_tokenizer(texts, size.vocab, size.context)

    identity = _hash(known.backend_tokenizer.to_str()) if known else f"bpe {size.vocab} {size.context}"
    cache = settings.data_dir / "training" / "corpora"
    return open_corpus(folder, cache, tokenizer_of, identity, size.context, status_printer(console))


def model_maker(
    size: ModelSize, corpus: TokenCorpus, seed: int, balance_weight: float, z_weight: float = 0.0
) -> Callable[[], Decoder]:
    """Return a function that makes the untrained decoder, with the same weights at each call."""
    import torch

    from core.nn.decoder import Decoder

    config = size.config(len(corpus.tokenizer), corpus.tokenizer.eos_token_id, balance_weight, z_weight)

    def make() -> Decoder:
        torch.manual_seed(seed)
        return Decoder(config)

    return make


def _recipe(job: ScratchJob, size: ModelSize) -> PretrainingRecipe:
    from core.training.scratch.pretraining import PretrainingRecipe
    from core.training.trainer import Recipe

    rate = size.rate if job.rate is None else job.rate
    recipe = Recipe(
        max_rate=rate,
        min_rate=rate / 20,
        warmup=job.warmup,
        weight_decay=job.decay,
        batch=TrainingBatch(job.rows or size.rows, job.n_accumulated),
        n_epochs=job.epochs,
        max_steps=job.max_steps,
        max_length=size.context,
        smoothing=job.smoothing,
        seed=job.seed,
        save_every=job.save_every,
    )
    return PretrainingRecipe(recipe, job.balancing, milestone_every=job.milestone_every)


def _write(job: ScratchJob, trained: Pretrained, corpus: TokenCorpus, recipe: PretrainingRecipe) -> None:
    from core.training.plots import draw_expert_load, draw_loss
    from core.training.scratch.writing import write_model

    last = trained.milestones[-1]
    metrics = {
        "parameters": sum(weights.numel() for weights in trained.model.parameters()),
        "active_parameters": trained.model.n_active,
        "tokens": trained.n_tokens,
        "held_out_loss": trained.nats,
        "held_out_bits_per_byte": last.bits_per_byte,
        "largest_expert_load": last.largest_load,
    }
    milestones = [asdict(each) for each in trained.milestones]
    facts = {"metrics": metrics, "milestones": milestones, "data_hash": corpus.data_hash, "recipe": asdict(recipe)}
    try:
        write_model(trained.model, corpus.tokenizer, job.out, facts)
        draw_loss(trained.updates, {}, job.out / LOSS_PLOT)
        draw_expert_load({job.balancing: trained.milestones}, job.out / LOAD_PLOT)
    except OSError as error:
        raise Unavailable("scratch.not_written", folder=job.out, problem=error.strerror or error) from error
    print_metrics(metrics)
    print_sentence("scratch.trained", out=job.out)
    if gguf := _gguf(job.out):
        print_sentence("scratch.gguf", file=gguf)


def _gguf(folder: Path) -> Path | None:
    """Write the model as a GGUF file into its folder; return ``None`` where llama.cpp knows nothing like it."""
    from core.models.decoder_gguf import write_gguf

    try:
        return write_gguf(folder, folder / "model.gguf")
    except ValueError:
        return None
    except OSError as error:
        raise Unavailable("scratch.not_written", folder=folder, problem=error.strerror or error) from error


def _described(milestone: Milestone) -> str:
    values = {"bits": f"{milestone.bits_per_byte:.3f}", "load": f"{milestone.largest_load:.2f}"}
    return say(terminal_language(), "scratch.milestone", step=milestone.step, **values)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
