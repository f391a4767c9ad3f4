"""What so many communities need: gateways, cores, database, GPUs, and what it costs a month.

Unit costs times sizes (``bench/capacity.toml``, each with its source); the free plans are those of the shipped table of
providers. Does not model bursts within a minute, regions, traffic, or Telegram, whose one connection takes them all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path

from core.generation.providers.catalogue import ModelLimits, Price, Provider, ProviderModel

FIGURES = Path(__file__).with_name("capacity.toml")
DAY_S, MONTH_DAYS = 86_400, 30
MOST_GUILDS = 1 << 20


@dataclass(frozen=True)
class UnitCosts:
    """Unit costs by ``table.name``, as in ``bench/capacity.toml``."""

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def with_values(self, values: Mapping[str, float]) -> UnitCosts:
        """Return these with some put in place of others. Raises ``KeyError`` for one that there is not."""
        if unknown := values.keys() - self.values.keys():
            raise KeyError(f"no unit cost is called {', '.join(sorted(unknown))}")
        return UnitCosts({**self.values, **values})


def read_costs(file: Path = FIGURES) -> UnitCosts:
    """Return the unit costs of a file."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    named = {f"{table}.{name}": each for table, costs in tables.items() for name, each in costs.items()}
    return UnitCosts({name: float(each["value"]) for name, each in named.items()})


def free_per_day(provider: Provider, prompt_tokens: float, reply_tokens: float) -> float:
    """Return how many answers a day a free plan writes, one key, asked evenly; a month's credit is spread over it."""
    tokens = prompt_tokens + (reply_tokens if provider.counted == "all" else 0)

    def most(model: ProviderModel) -> float:
        credit = model.limits.usd_per_month or provider.limits.usd_per_month
        usd = usd_per_answer(model.usd_per_million, prompt_tokens, reply_tokens)
        return min(_per_day(model.limits, tokens), credit / MONTH_DAYS / usd if credit and usd else inf)

    return min(sum(map(most, provider.models)), _per_day(provider.limits, tokens))


def _per_day(limits: ModelLimits, tokens: float) -> float:
    most = [inf]
    if limits.requests_per_day:
        most.append(limits.requests_per_day)
    if limits.requests_per_minute:
        most.append(limits.requests_per_minute * DAY_S / 60)
    if limits.tokens_per_day:
        most.append(limits.tokens_per_day / tokens)
    if limits.tokens_per_minute:
        most.append(limits.tokens_per_minute * DAY_S / 60 / tokens)
    return min(most)


def usd_per_answer(price: Price, prompt_tokens: float, reply_tokens: float) -> float:
    """Return what an answer costs at a price for a million tokens."""
    return (price.prompt * prompt_tokens + price.completion * reply_tokens) / 1e6


@dataclass(frozen=True)
class SiteNeeds:
    """What ``n_guilds`` communities need. Questions are those of a mean day and of the busiest minute."""

    n_guilds: int
    questions_per_day: float
    peak_per_s: float
    shards: int
    gateways: int
    core_cores: float
    gateway_cores: float
    replicas: int
    memory_mb: float
    database: str
    database_mb: float
    gpus: int
    free_share: float
    paid_usd: float
    gpu_usd: float
    machines_usd: float
    database_usd: float

    @property
    def cores(self) -> int:
        """Return whole cores of everything that is no database and no GPU."""
        return max(1, ceil(self.core_cores + self.gateway_cores))

    @property
    def model_usd(self) -> float:
        """Return a month of what the free plans do not write, by whichever is cheaper."""
        return min(self.paid_usd, self.gpu_usd)

    @property
    def usd(self) -> float:
        """Return a month of all of it."""
        return self.machines_usd + self.database_usd + self.model_usd


@dataclass(frozen=True)
class CapacityModel:
    """Needs by number of communities. ``free``: answers a day of free plans; ``paid``: the price of all others."""

    costs: UnitCosts
    free: float
    paid: Price

    def needs(self, n_guilds: int) -> SiteNeeds:
        """Return what ``n_guilds`` communities need."""
        cost = self.costs
        per_day = n_guilds * cost["guild.questions_per_day"]
        written = per_day * cost["answer.written"]
        peak_per_s = per_day / DAY_S * cost["guild.peak"]
        shards = ceil(n_guilds / cost["gateway.guilds_per_shard"])
        core_cores = peak_per_s * cost["core.cpu_s_per_question"] / cost["core.busy_share"]
        heard_per_s = n_guilds * cost["guild.messages_per_day"] / DAY_S * cost["guild.peak"]
        gateway_cores = heard_per_s * cost["gateway.cpu_ms_per_message"] / 1000 / cost["core.busy_share"]
        passages = n_guilds * cost["guild.passages"] * cost["database.bytes_per_passage"]
        answers = per_day * cost["guild.kept_days"] * cost["answer.row_kb"] * 1000
        database_mb = (passages + answers) / 1e6
        beyond = max(0.0, written - self.free)
        tokens = cost["answer.prompt_tokens"], cost["answer.reply_tokens"]
        gpu_s = tokens[0] / cost["gpu.prompt_tokens_per_s"] + tokens[1] / cost["gpu.reply_tokens_per_s"]
        peak_beyond = beyond / DAY_S * cost["guild.peak"]
        gpus = ceil(peak_beyond * gpu_s / cost["core.busy_share"])
        cores = max(1, ceil(core_cores + gateway_cores))
        replicas = ceil(core_cores / cost["core.cores_per_replica"])
        is_shared = replicas > 1 or database_mb > cost["database.disk_mb"]
        return SiteNeeds(
            n_guilds=n_guilds,
            questions_per_day=per_day,
            peak_per_s=peak_per_s,
            shards=shards,
            gateways=ceil(shards / cost["gateway.shards_per_process"]),
            core_cores=core_cores,
            gateway_cores=gateway_cores,
            replicas=replicas,
            memory_mb=replicas * cost["core.resident_mb"],
            database="PostgreSQL" if is_shared else "SQLite",
            database_mb=database_mb,
            gpus=gpus,
            free_share=min(1.0, self.free / written),
            paid_usd=beyond * MONTH_DAYS * usd_per_answer(self.paid, *tokens),
            gpu_usd=gpus * cost["usd_per_month.gpu"],
            machines_usd=cores * cost["usd_per_month.core"],
            database_usd=self._database_usd(database_mb) if is_shared else 0.0,
        )

    def _database_usd(self, mb: float) -> float:
        """Return a month of a managed database; a file on the machine's own disk costs nothing."""
        beyond_gb = max(0.0, mb - self.costs["database.included_mb"]) / 1000
        return self.costs["usd_per_month.database"] + beyond_gb * self.costs["usd_per_month.database_gb"]

    def first(self, holds: Callable[[SiteNeeds], bool]) -> int | None:
        """Return the least number of communities from which ``holds`` is true; ``None`` where it is not by 2^20.

        ``holds`` must stay true once it is.
        """
        if not holds(self.needs(MOST_GUILDS)):
            return None
        low, high = 0, MOST_GUILDS
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(self.needs(middle)) else (middle, high)
        return high

    def steps(self) -> Mapping[str, int | None]:
        """Return from how many communities each next step pays, or is needed."""
        most_mb, most_replicas = self.costs["database.free_mb"], self.costs["core.most_replicas"]
        return {
            "a database that outgrows Supabase's free plan": self.first(lambda need: need.database_mb > most_mb),
            "PostgreSQL: more than one replica, or more than a small machine's disk": self.first(
                lambda need: need.database == "PostgreSQL"
            ),
            "free plans no longer write everything: a paid API or a GPU": self.first(lambda need: need.free_share < 1),
            "one core is no longer enough: a second core or machine": self.first(lambda need: need.cores > 1),
            "Discord asks for a second shard": self.first(lambda need: need.shards > 1),
            "a second replica of the core": self.first(lambda need: need.replicas > 1),
            "a GPU of one's own is cheaper than a paid API": self.first(lambda need: need.gpu_usd < need.paid_usd),
            "a second gateway process": self.first(lambda need: need.gateways > 1),
            "more replicas than the autoscaler may start": self.first(lambda need: need.replicas > most_replicas),
        }
