"""What was looked at is remembered, and holds nothing that nobody else has."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from llm_memo import cached_completion

OTHERS = 257
"""So many may come before it is looked who has the others, where 4,096 are known."""


class Chat:
    """An object as a service makes one for each of its users."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_completion
    def ask(self, text: str) -> str:
        return f"{self.name} {text}"

    @cached_completion
    def tell(self, text: str) -> str:
        return f"{self.name}: {text}"


@cached_completion
def read(chat: Chat) -> str:
    return chat.name


@cached_completion
def whole(value: object) -> str:
    return repr(value)


def everything(chat: Chat) -> None:
    for _ in range(3):
        chat.ask("a"), chat.tell("b"), read(chat), whole(chat), whole([chat])


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize(
    "use",
    [
        lambda chat: chat.ask("a"),
        lambda chat: (chat.ask("a"), chat.tell("b")),
        read,
        whole,
        lambda chat: whole({"inside": [chat]}),
        everything,
    ],
    ids=["method", "two methods", "read", "whole", "inside", "everything"],
)
def test_an_object_lives_no_longer_than_its_users(use: Callable[[Chat], Any]) -> None:
    """Objects that nobody else has are gone when others have come; one that somebody has is known as before."""
    kept = Chat("kept")
    use(kept)
    users: list[weakref.ref[Chat]] = []
    for number in range(20):
        chat = Chat(f"user {number}")
        users.append(weakref.ref(chat))
        use(chat)
        del chat
    for number in range(OTHERS):
        if all(user() is None for user in users):
            break
        use(Chat(f"other {number}"))
        gc.collect()
    assert 0 == sum(user() is not None for user in users)
    misses = Chat.ask.cache_info().misses, read.cache_info().misses, whole.cache_info().misses
    use(kept)
    assert misses == (Chat.ask.cache_info().misses, read.cache_info().misses, whole.cache_info().misses)
