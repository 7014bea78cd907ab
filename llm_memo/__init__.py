"""llm_memo makes any function that calls a language model free and instant the second time."""

from llm_memo.answers.usage import completion_usage
from llm_memo.cache import Cache, clear_cache
from llm_memo.decorator import cached_completion
from llm_memo.entries import Entry
from llm_memo.errors import (
    CacheMiss,
    CorruptEntry,
    InvalidOption,
    MemoError,
    MemoWarning,
    NotStored,
    SelfChanging,
    StaleAnswer,
    StoreError,
    UnkeyableArgument,
    Untracked,
    UntrustedEntry,
)
from llm_memo.function import CachedFunction
from llm_memo.policies import CachePolicy
from llm_memo.requests import everywhere as _everywhere
from llm_memo.requests.client import cached_client, requests_info
from llm_memo.settings import cache_policy, configure
from llm_memo.stats import CacheInfo

__version__ = "0.1.0"

_everywhere.register()


def load_ipython_extension(ipython: object) -> None:
    """``%load_ext llm_memo``: gives IPython the magic ``%llm_memo``."""
    from llm_memo.notebook.magic import load

    load(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """``%unload_ext llm_memo``."""
    from llm_memo.notebook.magic import unload

    unload(ipython)


__all__ = [
    "Cache",
    "CacheInfo",
    "CacheMiss",
    "CachePolicy",
    "CachedFunction",
    "CorruptEntry",
    "Entry",
    "InvalidOption",
    "MemoError",
    "MemoWarning",
    "NotStored",
    "SelfChanging",
    "StaleAnswer",
    "StoreError",
    "UnkeyableArgument",
    "Untracked",
    "UntrustedEntry",
    "cache_policy",
    "cached_client",
    "cached_completion",
    "clear_cache",
    "completion_usage",
    "configure",
    "requests_info",
]
