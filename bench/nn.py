"""The network of ``aion train scratch`` beside the specification's code and transformers: ``make bench-nn``.

Three tables without text: the expert layer, training of whole models at equal active FLOPs, and the cost of a decoded
token. With ``--text DIR`` two more: what ``tiny`` learns beside Kneser-Ney, with and without balancing, and the scaling
law with its held-out run. Times are of the processor, on one thread, best of several rounds in turns.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, MixtralConfig
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

from bench.arguments import parser_for
from bench.nn_learning import measure_learning, measure_scaling
from bench.table import heading, row
from core.nn.config import DecoderConfig
from core.nn.decoder import Decoder
from core.nn.feed_forward import FeedForward
from core.nn.kv_cache import KvCache
from core.nn.moe import MixtureOfExperts
from core.training.scratch.sizes import SIZES

WIDTH, INNER, N_EXPERTS, N_CHOSEN = 256, 512, 16, 2
N_STEPS = 1_200


class SpecificationMoe(nn.Module):
    """The specification's 2.4, with SwiGLU as its ``Expert``, which it leaves open."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(FeedForward(WIDTH, INNER) for _ in range(N_EXPERTS))
        self.gate = nn.Linear(WIDTH, N_EXPERTS)

    def forward(self, x: Tensor) -> Tensor:
        probabilities = self.gate(x).softmax(-1)
        values, chosen = probabilities.topk(N_CHOSEN, -1)
        out, usage = torch.zeros_like(x), torch.zeros(N_EXPERTS)
        for j in range(N_CHOSEN):
            index, value = chosen[..., j], values[..., j].unsqueeze(-1)
            for e in range(N_EXPERTS):
                mask = index == e
                if mask.any():
                    out[mask] += self.experts[e](x[mask]) * value[mask]
                    usage[e] += mask.sum()
        return out


def mixtral(implementation: str) -> MixtralSparseMoeBlock:
    config = MixtralConfig(
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_local_experts=N_EXPERTS,
        num_experts_per_tok=N_CHOSEN,
    )
    config._experts_implementation = implementation
    block = MixtralSparseMoeBlock(config)
    with torch.no_grad():
        for weights in block.parameters():
            weights.normal_(std=WIDTH**-0.5)
    return block


def best_ms(works: Mapping[str, Callable[[], object]], n_rounds: int) -> dict[str, float]:
    """Return the least milliseconds of processor time of each work, all done in turns."""
    least = dict.fromkeys(works, math.inf)
    for _ in range(n_rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            least[name] = min(least[name], 1e3 * (time.process_time() - start))
    return least


def compare_experts(n_rounds: int) -> None:
    """Print milliseconds of an expert layer, forward and backward."""
    print(f"\n### Expert layer, forward and backward: E = {N_EXPERTS}, k = {N_CHOSEN}, d = {WIDTH}, d_ff = {INNER}\n")
    ours = MixtureOfExperts(WIDTH, INNER, N_EXPERTS, N_CHOSEN)
    blocks: dict[str, Callable[[Tensor], Tensor]] = {"AION": lambda x: ours(x)[0], "specification": SpecificationMoe()}
    blocks |= {name: mixtral(name) for name in ("eager", "grouped_mm", "batched_mm")}
    names = [*blocks, "matrix products alone"]
    print(heading("tokens", *(f"{name}, ms" for name in names), "specification / AION", "Mixtral's fastest / AION"))
    for n_tokens in (128, 1_024, 4_096):
        x = torch.randn(1, n_tokens, WIDTH, requires_grad=True)

        def pass_through(block: Callable[[Tensor], Tensor], x: Tensor = x) -> None:
            torch.autograd.backward(block(x).sum())
            x.grad = None
            for each in (ours, *blocks.values()):
                if isinstance(each, nn.Module):
                    each.zero_grad()

        works: dict[str, Callable[[], object]] = {
            name: partial(pass_through, block)
            for name, block in blocks.items()
            if name != "batched_mm" or n_tokens < 1_024  # it copies an expert's weights for every token
        }
        works[names[-1]] = partial(products_alone, n_tokens)
        ms = best_ms(works, n_rounds)
        fastest = min(ms[name] for name in ("eager", "grouped_mm", "batched_mm") if name in ms)
        shown = (f"{ms[name]:.1f}" if name in ms else "–" for name in names)
        print(
            row(n_tokens, *shown, f"{ms['specification'] / ms['AION']:.2f}", f"{fastest / ms['AION']:.2f}"), flush=True
        )


def products_alone(n_tokens: int) -> None:
    """Do the nine matrix products of each expert's share of the tokens, and nothing else."""
    rows = n_tokens * N_CHOSEN // N_EXPERTS
    x, inner, weights = torch.randn(rows, WIDTH), torch.randn(rows, INNER), torch.randn(WIDTH, INNER)
    for _ in range(N_EXPERTS):
        for left, right in ((x, weights), (x, weights), (inner, weights.T)):
            out = left @ right
            left.T @ out
            out @ right.T


def compare_training(n_rounds: int) -> None:
    """Print tokens/s of training ``tiny`` beside dense models of as many active weights."""
    print("\n### Training of whole models, tokens/s of processor time\n")
    size = SIZES["tiny"]
    ours = Decoder(size.config(size.vocab, 0, 1e-2))
    common: dict[str, Any] = {
        "vocab_size": size.vocab,
        "hidden_size": size.width,
        "num_hidden_layers": size.n_layers,
        "num_attention_heads": size.n_heads,
        "max_position_embeddings": size.context,
        "tie_word_embeddings": True,
        "intermediate_size": size.inner * size.n_chosen,
    }
    dense = LlamaForCausalLM(LlamaConfig(**common, pad_token_id=0, bos_token_id=0, eos_token_id=0))
    ours_dense = Decoder(DecoderConfig(**common, num_local_experts=1, num_experts_per_tok=1))
    models = {"AION tiny, 8 experts": ours, "transformers' Llama, dense": dense, "AION, dense": ours_dense}
    ids = torch.randint(0, size.vocab, (size.rows, size.context + 1))
    ms = best_ms({name: partial(step, model, ids) for name, model in models.items()}, n_rounds)
    print(heading("model", "weights", "active", "tokens/s", "of dense Llama"))
    base = ms["transformers' Llama, dense"]
    for name, model in models.items():
        n = sum(weights.numel() for weights in model.parameters())
        active = model.n_active if isinstance(model, Decoder) else n
        rate = 1e3 * size.rows * size.context / ms[name]
        print(row(name, f"{n:,}", f"{active:,}", f"{rate:,.0f}", f"{base / ms[name]:.2f}"), flush=True)


def step(model: Any, ids: Tensor) -> None:
    out = model(ids[:, :-1], use_cache=False)
    loss = cross_entropy(out.logits.flatten(0, 1), ids[:, 1:].flatten())
    if isinstance(model, Decoder):
        loss = loss + model.router_loss(out.routings)
    torch.autograd.backward(loss)
    model.zero_grad()


def measure_decoding() -> None:
    """Print milliseconds of one decoded token behind growing contexts."""
    print("\n### Cost of one decoded token behind a context, ms of processor time\n")
    size = SIZES["tiny"]
    config = size.config(size.vocab, 0, 1e-2)
    config.max_position_embeddings = 8_192
    model: Any = Decoder(config).train(False)
    print(heading("context", "AION's cache", "without a cache"))
    for n_tokens in (256, 1_024, 2_048, 4_096):
        ids = torch.randint(0, size.vocab, (1, n_tokens + 24))
        with torch.inference_mode():
            cache = KvCache()
            model(ids[:, :n_tokens], past_key_values=cache)
            places = iter(range(n_tokens, n_tokens + 24))

            def decode(cache: KvCache = cache, places: Any = places, ids: Tensor = ids) -> None:
                model(ids[:, [next(places)]], past_key_values=cache)

            cached = best_ms({"": decode}, 20)[""]
            whole = best_ms({"": partial(model, ids[:, :n_tokens], use_cache=False, logits_to_keep=1)}, 1)[""]
        print(row(n_tokens, f"{cached:.2f}", f"{whole:.0f}"), flush=True)


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--text", type=Path, help="a folder of 2 to 5 MB of openly licensed text")
    parser.add_argument("--out", type=Path, help="keep models, runs and pictures here")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=N_STEPS, help="updates of tiny (%(default)s)")
    parser.add_argument("--ladder", nargs=2, metavar=("WIDTHS", "TOKENS"), help="another ladder than the default")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    compare_experts(given.rounds)
    compare_training(given.rounds)
    measure_decoding()
    if given.text:
        with tempfile.TemporaryDirectory() as scratch:
            out = given.out or Path(scratch)
            measure_learning(given.text, out, given.steps)
            measure_scaling(given.text, out, given.ladder)


if __name__ == "__main__":
    main()
