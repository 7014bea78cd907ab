"""What is tried of one SDK or framework."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CANARY = "sk-canary-7f3a91"
"""The key of every client; it must be nowhere on disk."""

COLUMNS = {
    "in": "made inside of the function: the second call sends nothing",
    "global": "a global of the function: the second call sends nothing, also when it was made anew",
    "edit": "another setting of it is another question",
    "argument": "an argument of the function",
    "self": "an attribute of ``self``",
    "stream": "what it streams comes again, item by item, as a stream of its class",
    "values": "what it returns comes back equal and of its class, in another process too",
    "cut": "an answer that was cut off is not kept",
    "tokens": "the tokens of the answer are counted",
    "used": "having been used makes no other question of it",
    "key": "its API key is nowhere on disk",
}
"""The columns of the table, and what each says."""


@dataclass(frozen=True)
class Case:
    """One SDK or framework.

    Args:
        name: The row of the table.
        module: What must be importable.
        make: Makes a client, model or agent that asks the server at a URL; more settings as keywords.
        ask: Asks it a text and returns what it returns.
        stream: Asks it a text and returns its stream.
        edits: Settings each of which is another question.
        way: The shortest way to use it with the cache, as the page shows it.
        group: Its file in ``requires/``.
        raises: The error that it raises for an answer that was cut off; "" where it returns it.
        says: How the one warning ends that the cache gives for its streams; "" where there is none.
        unnamed: Whether its answers do not say which model it was.
        reasons: Column → why it does not hold.
    """

    name: str
    module: str
    make: Callable[..., Any]
    ask: Callable[[Any, str], Any]
    stream: Callable[[Any, str], Any] | None = None
    edits: tuple[Mapping[str, Any], ...] = ()
    way: str = ""
    group: str = "sdks"
    raises: str = ""
    says: str = ""
    unnamed: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


LOOP = asyncio.new_event_loop()
"""Where what is asynchronous runs; a client's connections cannot go on in another."""

OTHER = {"url": "/other"}
"""An edit: the same server, at another address."""

UNTOLD = "Its results do not say how the model's answer ended: judge the text with `cache_if`."
UNTRACKED = "It hands token counts on only after `dspy.configure(track_usage=True)`; or use `completion_usage`."
TEXT_ALONE = "It returns the text alone, without how it ended and what it cost."
AWAITED = "Not tried here: its streams are asynchronous generators, which are recorded as any other is."
AS_GENERATOR = "It comes as a generator of its chunks, the first time too, and that is said: only LiteLLM makes one."
MADE_ANEW = "It makes the class of an answer anew in each call: what comes back has an equal class, not the same."
PARTIAL = "Its partial answers read a stream of the SDK's, so they are returned and not kept, and that is said."
CALLBACK = "It streams to a callback: on a hit there is nothing to call it with, so collect the chunks in the function."
NO_STREAM = "It has no stream that a function would return."
REMEMBERS = (
    "Its runs stay in its memory, which `run(reset=False)` sends: make the agent in the function, or leave its memory "
    'out with `ignore=("AGENT.memory",)`.'
)
READ_IN = "Its `StreamResponse` reads a connection when asked to: read it in the function, and return what it said."
