"""Questions as people type them on a phone: typos, no accents, no capitals, slang, keywords only."""

from __future__ import annotations

import random
import re
import unicodedata

_SLANG = {
    "você": "vc", "vocês": "vcs", "porque": "pq", "também": "tb", "quando": "qdo", "quanto": "qto", "não": "n",
    "que": "q", "para": "pra", "está": "tá", "estou": "to", "comigo": "cmg", "hoje": "hj", "mesmo": "msm",
    "qualquer": "qlqr", "depois": "dps", "cadê": "kd", "beleza": "blz", "mensagem": "msg", "apartamento": "apê",
    "you": "u", "are": "r", "please": "pls", "because": "cuz", "what's": "whats", "don't": "dont", "can't": "cant",
    "i'm": "im", "people": "ppl", "thanks": "thx", "your": "ur", "though": "tho", "about": "abt", "tomorrow": "tmrw",
}  # fmt: skip
_PLAIN_WORDS = (
    "a o as os um uma uns umas de do da dos das no na nos nas em e é se eu me meu minha que qual quais como onde "
    "quando quanto por para pra com tem ter posso pode dá ser são foi isso esse essa este esta já ou ao à "
    "the a an of to in on at is are am be do does did can could i my me we you it this that what which who where "
    "when how much many for with and or if there have has should would will from by as was were"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())
_KEYS = {"a": "sq", "e": "wr", "i": "uo", "o": "ip", "n": "mb", "s": "ad", "r": "et", "t": "ry", "c": "xv", "d": "sf"}
_WORD = re.compile(r"[^\W\d_]+")


def roughened(text: str, rng: random.Random) -> str:
    """Return ``text`` as it might have been typed in a hurry; about half of the time as it is."""
    if rng.random() < 0.5:
        return text
    if rng.random() < 0.15:
        words = [word for word in text.split() if word.strip("?,.!:;").casefold() not in _PLAIN]
        if len(words) >= 2:
            text = " ".join(words).rstrip("?.!")
    if rng.random() < 0.6:
        text = text.casefold()
    if rng.random() < 0.4:
        text = text.rstrip(" ?.!")
    if rng.random() < 0.35:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    if rng.random() < 0.3:
        text = _WORD.sub(lambda match: _SLANG.get(match.group().casefold(), match.group()), text)
    n_typos = rng.choice((0, 0, 0, 1, 1, 2))
    for _ in range(n_typos):
        text = _mistyped(text, rng)
    return text


def _mistyped(text: str, rng: random.Random) -> str:
    words = [match for match in _WORD.finditer(text) if len(match.group()) > 3]
    if not words:
        return text
    match = rng.choice(words)
    word = match.group()
    place = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        word = word[:place] + word[place + 1 :]
    elif kind == 1:
        word = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    elif kind == 2:
        word = word[:place] + word[place] + word[place:]
    else:
        word = word[:place] + rng.choice(_KEYS.get(word[place], word[place])) + word[place + 1 :]
    return text[: match.start()] + word + text[match.end() :]
