"""What type checkers see of the public surface: checked by mypy and pyright, never run."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import assert_type

from openai import OpenAI

from llm_memo import (
    Cache,
    CachedFunction,
    CacheInfo,
    CachePolicy,
    cache_policy,
    cached_client,
    cached_completion,
    configure,
    requests_info,
)
from llm_memo.entries import Entries


@cached_completion
def plain(text: str, *, model: str = "m") -> int:
    return len(text + model)


@cached_completion(policy="read_only", ttl=timedelta(days=1), ignore=["model"], version=3)
def told(text: str, model: str = "m") -> list[str]:
    return [text, model]


@cached_completion(policy=False, ttl=None, cache_if=lambda answer: bool(answer))
async def later(text: str) -> str:
    return text


@cached_completion
def pieces(text: str) -> Iterator[str]:
    yield text


@cached_completion
async def later_pieces(text: str) -> AsyncIterator[str]:
    yield text


class Helper:
    @cached_completion
    def method(self, text: str) -> int:
        return len(text)

    @cached_completion(policy=CachePolicy.OFF)
    async def later(self, text: str) -> int:
        return len(text)


assert_type(plain("a"), int)
assert_type(plain("a", model="n"), int)
assert_type(told("a"), list[str])
assert_type(pieces("a"), Iterator[str])
assert_type(Helper().method("a"), int)
assert_type(plain.with_options(policy="writeOnly", sample=2)("a"), int)
assert_type(plain.cache_info(), CacheInfo)
assert_type(plain.cache_key("a"), str)
assert_type(plain.is_cached("a"), bool)
assert_type(plain.entries(), Entries)
assert_type(Helper().method.cache_info(), CacheInfo)

plain(3)  # type: ignore[arg-type]
plain("a", temperature=1)  # type: ignore[call-arg]
plain()  # type: ignore[call-arg]
Helper().method(3)  # type: ignore[arg-type]
told.with_options(policy="sometimes")  # type: ignore[arg-type]
cached_completion(polcy="off")  # type: ignore[call-overload]
plain.cache_infos()  # type: ignore[attr-defined]


async def use() -> None:
    assert_type(await later("a"), str)
    assert_type(await Helper().later("a"), int)
    async for piece in later_pieces("a"):
        assert_type(piece, str)


with cache_policy("replay", plain), configure(ttl="7d"):
    pass

assert_type(Cache().entries(plain, where=lambda entry: entry.model == "m"), Entries)


def takes(function: CachedFunction[[str], int]) -> None:
    assert_type(function("a"), int)


assert_type(cached_client(OpenAI(), policy="readOnly", ttl="1h", ignore="metadata", headers=("x-mine",)), OpenAI)
assert_type(requests_info(), CacheInfo)
