"""Readable made-up English: what the model says, how it is counted and how sure the model is."""

import re
from random import Random
from typing import Any
from zlib import crc32

_OPENINGS = (
    "You asked about “{}”.",
    "On “{}”, here is a short answer.",
    "There is more than one way to look at “{}”.",
    "“{}” is a fair question.",
    "Let us take “{}” one step at a time.",
    "Much has been said about “{}” already.",
)
_SUBJECTS = (
    "A careful reader", "The short answer", "Every good example", "An honest estimate",
    "The usual advice", "A small experiment", "The rest of the story", "A plain summary",
)  # fmt: skip
_VERBS = (
    "begins with", "depends on", "comes back to", "makes room for",
    "is built on", "points towards", "gains from", "leans on",
)  # fmt: skip
_OBJECTS = (
    "one clear idea", "plain and patient words", "details that nobody wrote down", "a question asked twice",
    "what the evidence already shows", "a little order", "the simplest case that works", "a second look",
)  # fmt: skip
_ENDINGS = (
    "and little else", "as a rule", "before anything clever", "sooner or later",
    "more often than not", "whatever the weather", "in the end", "from the very first day",
)  # fmt: skip
_CLOSINGS = (
    "Try it once, and keep what works.",
    "The details can wait until tomorrow.",
    "That is all there is to it.",
    "Start small and see how far it goes.",
)
_QUOTE_LENGTH = 60


def compose(rng: Random, topic: str) -> str:
    """A paragraph of about fifty words, picked by `rng`, that quotes the start of `topic`."""
    quote = " ".join(topic[: 10 * _QUOTE_LENGTH].split()) or "nothing at all"
    if len(quote) > _QUOTE_LENGTH:
        quote = quote[:_QUOTE_LENGTH].rsplit(" ", 1)[0] + "…"
    opening = rng.choice(_OPENINGS).format(quote)
    return " ".join([opening, *sentences(rng, 3), rng.choice(_CLOSINGS)])


def sentences(rng: Random, count: int) -> list[str]:
    """Up to eight sentences that repeat nothing."""
    parts = [rng.sample(words, count) for words in (_SUBJECTS, _VERBS, _OBJECTS, _ENDINGS)]
    return [f"{subject} {verb} {what}, {how}." for subject, verb, what, how in zip(*parts, strict=True)]


def phrase(rng: Random) -> str:
    """A few words without a verb."""
    return rng.choice(_OBJECTS)


def pieces(text: str) -> list[str]:
    """The tokens of `text`, which joined give it back: each a word with the white space before it."""
    return re.findall(r"\s*\S+|\s+", text)


def tokens(text: str) -> int:
    """How many tokens `text` has: one a word, however long."""
    return len(text.split()) + text[-1:].isspace()


def scores(words: list[str], alternatives: int) -> list[dict[str, Any]]:
    """The log probability of each word, and of as many `alternatives`, the word itself first."""
    return [{**_score(word, 0), "top_logprobs": [_score(word, rank) for rank in range(alternatives)]} for word in words]


def _score(word: str, rank: int) -> dict[str, Any]:
    token = word if rank == 0 else f" {_ENDINGS[(crc32(word.encode()) + rank) % len(_ENDINGS)].split()[0]}"
    logprob = -(crc32(word.encode()) % 500) / 1000 - rank
    return {"token": token, "bytes": list(token.encode()), "logprob": logprob}
