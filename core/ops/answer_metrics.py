"""Counters and histograms of answers and ratings, for Prometheus. No label names a space or a person.

Every label has few values: platforms, steps of the pipeline, and who writes (``Answer.used``), which the operator sets.
"""

from __future__ import annotations

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Histogram

from core.generation.prompting.prompt import estimate_tokens
from core.storage.answers import NewAnswer
from core.types import SpaceId, Thumb

PLATFORMS = ("discord", "telegram", "terminal")

CONFIDENCES = tuple(n / 10 for n in range(1, 11))

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the buckets: of confidences, and of durations."""


class AnswerMetrics:
    """What was answered since the process began. ``providers``: names of the external APIs, whose use is a fallback."""

    def __init__(self, providers: Collection[str]) -> None:
        self.registry = CollectorRegistry()
        self._providers = frozenset(providers)
        self._answers = Counter(
            "aion_answers", "Answers recorded, by what wrote them.", ["used", "platform"], registry=self.registry
        )
        self._fallback = Counter(
            "aion_fallback", "Answers written by an external API.", ["used", "platform"], registry=self.registry
        )
        self._confidence = Histogram(
            "aion_confidence",
            "Probability that the passages hold the answer.",
            buckets=CONFIDENCES,
            registry=self.registry,
        )
        self._steps = Histogram(
            "aion_step_seconds", "Time of each step.", ["step"], buckets=SECONDS, registry=self.registry
        )
        self._tokens = Counter("aion_completion_tokens", "Tokens written, by whom.", ["used"], registry=self.registry)
        self._ratings = Counter("aion_ratings", "Thumbs, and withdrawals of them.", ["thumb"], registry=self.registry)
        for platform in PLATFORMS:  # a rate of a counter that begins with its first event misses that event
            self._answers.labels("local", platform)
        for thumb in ("up", "down", "withdrawn"):
            self._ratings.labels(thumb)

    def answered(self, answer: NewAnswer) -> None:
        """Count an answer."""
        platform = platform_of(answer.space)
        self._answers.labels(answer.used, platform).inc()
        if answer.used in self._providers:
            self._fallback.labels(answer.used, platform).inc()
        if answer.passages:
            self._confidence.observe(answer.decision.confidence.value)
        for step, ms in answer.latency_ms.items():
            self._steps.labels(step).observe(ms / 1000)
        if answer.generation is not None:
            n_tokens = len(answer.generation.log_probs) or estimate_tokens(answer.generation.text)
            self._tokens.labels(answer.used).inc(n_tokens)

    def rated(self, thumb: Thumb | None) -> None:
        """Count a thumb; ``None`` is one that was withdrawn."""
        self._ratings.labels(thumb or "withdrawn").inc()


def platform_of(space: SpaceId) -> str:
    """Return the platform of a space, ``other`` for one that is none of ``PLATFORMS``."""
    platform = space.partition(":")[0]
    return platform if platform in PLATFORMS else "other"
